"""The page of manifests: which of them give little, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from alm.report.html import exact, table, tag
from alm.report.page import notice, page, section
from alm.statistics.outcome import LOSSES, PARTS_OF_LOST_WIN, Stats, nothing_kept
from alm.text import count, counted, duration, percent, shortened

MOST_ROWS = 500
"""At either end of the table: it is embedded in the report, and a browser has to sort it."""


class Manifest(NamedTuple):
    """What the table says about one manifest; durations in seconds."""

    path: str
    rows: int
    quarantined: int
    audio: float
    kept: float
    speech: float
    windows: int
    loss: str
    lost: float

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Manifest:
        """From a row of ``stats.tsv``."""
        lost = {
            loss: float(row[f"dur_{loss}"])
            for loss in LOSSES
            if f"dur_{loss}" in row and loss not in PARTS_OF_LOST_WIN
        }
        loss = max(lost, key=lambda loss: lost[loss])
        return cls(
            path=row["manifest_filepath"],
            rows=int(row["entries"]) + int(row["quarantined"]),
            quarantined=int(row["quarantined"]),
            audio=float(row["recording_dur"]),
            kept=float(row["kept_dur"]),
            speech=float(row["total_dur"]),
            windows=int(row["filtered_windows"]),
            loss=loss,
            lost=lost[loss],
        )

    @property
    def gain(self) -> float:
        """The share of the audio that kept windows cover; 0 without audio."""
        return self.kept / self.audio if self.audio > 0 else 0.0


COLUMNS = (
    ("Manifest", False),
    ("Rows", True),
    ("Quarantined", True),
    ("Audio", True),
    ("Windows", True),
    ("Yield", True),
    ("Largest loss", False),
    ("Speech lost to it", True),
)


def manifests(stats: Stats, rows: Iterable[Mapping[str, str]]) -> str:
    """The page ``manifests.html``.

    Args:
        stats: the run.
        rows: of ``stats.tsv``.
    """
    found = sorted(map(Manifest.of, rows), key=lambda manifest: manifest.gain)
    nothing = nothing_kept(stats)
    shown, about = found, "The poorest come first; a click on a title sorts by it."
    if len(found) > 2 * MOST_ROWS:
        shown = found[:MOST_ROWS] + found[-MOST_ROWS:]
        about += (
            f" Of {count(len(found))} manifests these are the {MOST_ROWS} with the lowest yield "
            f"and the {MOST_ROWS} with the highest; stats.tsv has all."
        )
    return page(
        f"What came of {counted(len(found), 'manifest')}",
        "Where to look first when the yield is low.",
        *([notice(f"{nothing}.")] if nothing else []),
        section(
            "Which manifests give little?",
            tag("div", table(COLUMNS, map(_cells, shown), sortable=True), class_="panel"),
            about=about,
        ),
    )


def _cells(manifest: Manifest) -> tuple[object, ...]:
    share = manifest.lost / manifest.speech if manifest.speech > 0 else 0.0
    return (
        shortened(manifest.path, 160),
        exact(manifest.rows, count(manifest.rows)),
        exact(manifest.quarantined, count(manifest.quarantined)),
        exact(manifest.audio, duration(manifest.audio)),
        exact(manifest.windows, count(manifest.windows)),
        exact(manifest.gain, percent(manifest.gain)),
        LOSSES[manifest.loss] if manifest.lost else "—",
        exact(share, percent(share)),
    )
