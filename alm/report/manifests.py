"""The page of manifests: which of them give little, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from alm.statistics.outcome import LOSSES, PARTS_OF_LOST_WIN, Stats, nothing_kept
from alm.statistics.shares import share

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
        return share(self.kept, self.audio)

    @property
    def share_lost(self) -> float:
        """The share of the speech that the largest loss took; 0 without speech."""
        return share(self.lost, self.speech)


def manifests(stats: Stats, rows: Iterable[Mapping[str, str]]) -> dict[str, object]:
    """The values of the page.

    Args:
        stats: the run.
        rows: of ``stats.tsv``. Of very many, only those at both ends of the table are shown.
    """
    found = sorted(map(Manifest.of, rows), key=lambda manifest: manifest.gain)
    all_fit = len(found) <= 2 * MOST_ROWS
    return {
        "nothing_kept": nothing_kept(stats),
        "number": len(found),
        "left_out": 0 if all_fit else len(found) - 2 * MOST_ROWS,
        "most_rows": MOST_ROWS,
        "manifests": found if all_fit else found[:MOST_ROWS] + found[-MOST_ROWS:],
        "names_of_losses": LOSSES,
    }
