"""What other parameters would keep of a row, without writing it: for what-if and sweeps.

A row is parsed once for all settings, and its windows are built once for all settings that differ
in nothing that the row has.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from alm.errors import RowError
from alm.params import OverlapParams, WindowParams
from alm.records.budget import AROUND, MOST_BYTES, PROFILE, check_copies
from alm.records.record import COMPUTED, finish, make_record
from alm.rows import codec
from alm.rows.row import Number, Row, add_up
from alm.rows.timeline import Timeline, timeline
from alm.statistics.measures import lasting
from alm.windows.build import find_windows
from alm.windows.candidates import Candidates
from alm.windows.cuts import MOST_COPY_BYTES, without, without_each
from alm.windows.filter import Choices, decide, silence
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
    """What a setting keeps of a row: numbers of windows, and seconds, as :data:`MEASURES` say."""

    candidates: int
    windows: int
    kept: Number
    covered: Number
    silence: Number
    overlap: Number


def try_settings(row: Row, settings: Sequence[Setting], size: int) -> list[Trial | None]:
    """What each setting keeps of a row; None where it refuses the row.

    Args:
        row: parsed.
        settings: what to try.
        size: what :func:`written_size` says.

    Raises:
        RowError: the row is not sound, whatever the setting.
    """
    columns = timeline(row)
    facts = _Facts(row, columns)
    built: dict[tuple[object, ...], _Built | None] = {}
    tried: dict[tuple[object, ...], Trial | None] = {}
    found = []
    for window, overlap in settings:
        alike = facts.alike(window)
        if alike not in built:
            built[alike] = _build(row, window, size)
        same = (alike, overlap)
        if same not in tried:
            own = built[alike]
            tried[same] = None if own is None else own.trial(overlap)
        found.append(tried[same])
    return found


def written_size(row: Row, params: WindowParams) -> int:
    """Bytes of what is written of a row beside its windows, each segment once.

    Raises:
        RowError: it is nested too deeply to be written.
    """
    segments: Any = row.get("segments")
    if type(segments) is not list or any(type(each) is not dict for each in segments):
        return 0  # which is refused for that
    texts, _ = codec.dumps_joined(without_each(segments, params.dropped_segment_fields))
    fields = without(without(row, params.dropped_row_fields), COMPUTED)
    return len(texts) + len(codec.dumps(fields))


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


def _build(row: Row, params: WindowParams, size: int) -> _Built | None:
    try:
        found = find_windows(row, params)
        if len(found.copies) * size > MOST_COPY_BYTES:
            check_copies(found.copies)
    except RowError:
        return None
    return _Built(row, found, params, size)


class _Built:
    """The candidate windows of a row, to choose from by one setting after the other."""

    def __init__(self, row: Row, found: Candidates, params: WindowParams, size: int) -> None:
        self._row = row
        self._found = found
        self._params = params
        spelled = 2 * len(found.windows.firsts)
        if params.loss_details:
            spelled += 3 * len(found.losses.firsts)
        self._may_be_too_large = spelled * (size + AROUND + PROFILE) + size > MOST_BYTES
        self._choices: dict[tuple[Number, Number | None], Choices] = {}
        self._heard: dict[tuple[int, ...], Trial] = {}

    def trial(self, params: OverlapParams) -> Trial | None:
        """What a setting of the second stage keeps; None where its output would be too large."""
        windows, spans = self._found.windows, self._found.spans
        if not windows.starts:
            return Trial(0, 0, 0, 0, 0, 0)
        if self._may_be_too_large and self._is_too_large(params):
            return None
        if params.filters:
            _, kept, choices, _ = decide(windows, spans, params)
            chosen, _ = choices.by(params.selection)
        else:
            alike = params.overlap_percentage, params.target_duration  # all that choices look at
            if alike not in self._choices:
                self._choices[alike] = Choices(windows.starts, windows.ends, params)
            choices = self._choices[alike]
            chosen, kept = choices.by(params.selection)
        same = tuple(kept)
        if same not in self._heard:
            _, seconds = lasting(choices.starts, choices.ends, chosen)
            self._heard[same] = _hear(self._found, kept, seconds)
        return self._heard[same]

    def _is_too_large(self, params: OverlapParams) -> bool:
        try:
            finish(make_record(self._row, self._found, b"null", self._params), params)
        except RowError:
            return True
        return False


def _hear(found: Candidates, kept: list[int], seconds: Number) -> Trial:
    chosen = found.windows.only(kept)
    heard = profiles(chosen, found.spans, found.spans.first(len(found.segments)))
    starts, ends = chosen.starts, chosen.ends
    return Trial(
        candidates=len(found.windows.starts),
        windows=len(kept),
        kept=add_up([end - start for start, end in zip(starts, ends, strict=True)]),
        covered=seconds,
        silence=add_up(list(map(silence, starts, ends, heard.speech))),
        overlap=add_up(heard.overlap),
    )
