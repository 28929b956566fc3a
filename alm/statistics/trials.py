"""What other parameters would keep of a row, without writing it: for what-if and sweeps.

A row is parsed once for all settings, and its windows are built once for all settings that differ
in nothing that the row has.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from alm.errors import RowError
from alm.params import OverlapParams, WindowParams
from alm.rows.row import Number, Row
from alm.rows.timeline import Timeline, timeline
from alm.statistics.measures import covered
from alm.windows.build import find_windows
from alm.windows.candidates import Candidates
from alm.windows.filter import decide, silence
from alm.windows.growth import NO_SPEAKER
from alm.windows.profile import profiles

MEASURES = ("kept", "covered", "silence", "overlap")
"""Of the kept windows of a row: their seconds one by one, the audio in them, each second once, and
the seconds of them in which none of their segments runs, and in which two speakers speak."""


class Setting(NamedTuple):
    """Parameters of both stages, ``target_duration`` resolved."""

    window: WindowParams
    overlap: OverlapParams


class Trial(NamedTuple):
    """What a setting keeps of a row: numbers of windows, and seconds, as :data:`MEASURES` say.

    ``kept``, ``silence`` and ``overlap`` have a value a window that stays.
    """

    candidates: int
    kept: list[Number]
    covered: Number
    silence: list[Number]
    overlap: list[Number]

    @property
    def windows(self) -> int:
        return len(self.kept)


def try_settings(row: Row, settings: Sequence[Setting]) -> list[Trial | None]:
    """What each setting keeps of a row; None where it refuses the row.

    Args:
        row: parsed.
        settings: what to try.

    Raises:
        RowError: the row is not sound, whatever the setting.
    """
    columns = timeline(row)
    facts = _Facts(row, columns)
    built: dict[tuple[object, ...], Candidates | None] = {}
    tried: dict[tuple[object, ...], Trial | None] = {}
    found = []
    for window, overlap in settings:
        alike = facts.alike(window)
        if alike not in built:
            built[alike] = _built(row, window)
        same = (alike, overlap)
        if same not in tried:
            candidates = built[alike]
            tried[same] = None if candidates is None else _try(candidates, overlap)
        found.append(tried[same])
    return found


class _Facts:
    """What tells, of a row, which parameters of the first stage find the same windows in it."""

    def __init__(self, row: Row, columns: Timeline) -> None:
        self._rate: Number = row["audio_sample_rate"]
        self._bandwidths = sorted(set(columns.bandwidths))
        spans = list(zip(columns.starts, columns.ends, strict=True))
        self._is_sorted = spans == sorted(spans)
        self._has_no_speaker = NO_SPEAKER in columns.speakers

    def alike(self, params: WindowParams) -> tuple[object, ...]:
        """Equal for parameters that find the same windows."""
        if self._rate < params.min_sample_rate:
            return ()
        return (
            params.target_window_duration,
            params.tolerance,
            bisect_left(self._bandwidths, params.min_bandwidth),
            params.min_speakers,
            params.max_speakers,
            params.truncation,
            params.sort_segments and not self._is_sorted,
            self._has_no_speaker and params.no_speaker,
            params.max_gap,
            params.window_ends,
        )


def _built(row: Row, params: WindowParams) -> Candidates | None:
    try:
        return find_windows(row, params)
    except RowError:
        return None


def _try(found: Candidates, params: OverlapParams) -> Trial:
    windows, spans = found.windows, found.spans
    if not windows.starts:
        return Trial(0, [], 0, [], [])
    _, kept, choices, _ = decide(windows, spans, params)
    spans_kept, _ = choices.by(params.selection)
    chosen = windows.only(kept)
    heard = profiles(chosen, spans, spans)
    starts, ends = chosen.starts, chosen.ends
    return Trial(
        candidates=len(windows.starts),
        kept=[end - start for start, end in zip(starts, ends, strict=True)],
        covered=covered(choices.starts, choices.ends, spans_kept),
        silence=list(map(silence, starts, ends, heard.speech)),
        overlap=heard.overlap,
    )
