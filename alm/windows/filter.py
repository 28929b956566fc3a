"""The windows of one row -> those that stay, and what is said of them.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Filtering overlaps") and
of SELECTION.md ("Filters on candidates", "Selection").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from alm.errors import ParameterError, RowError
from alm.params import OverlapParams
from alm.rows.plain import plain, plain_row
from alm.rows.row import Number, Row, Segment, not_a_number
from alm.rows.timeline import columns_of, is_time
from alm.windows.arrange import says_nothing
from alm.windows.candidates import SILENT, Spans, Windows
from alm.windows.growth import number_speakers
from alm.windows.overlap import greedy, summary
from alm.windows.profile import Intervals, Profiles, joined, profiles, within
from alm.windows.selection import Paths

SELECTIONS = ("greedy", "total", "coverage")
FILTERS = ("min_turns", "max_speaker_share", "min_speech_share")


class Choices:
    """Which of some windows stay by each of the :data:`SELECTIONS`, found when it is asked for.

    Args:
        starts: when each window starts, in window order (seconds).
        ends: when each ends.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Raises:
        ParameterError: ``target_duration`` is None.
    """

    def __init__(self, starts: list[Number], ends: list[Number], params: OverlapParams) -> None:
        if params.target_duration is None:
            raise ParameterError(
                "target_duration = None means the window's own target: call resolved(window_params)"
            )
        self.starts = starts
        self.ends = ends
        self._threshold = params.overlap_percentage / 100
        self._target = params.target_duration
        self._paths: Paths | None = None
        self._found: dict[str, tuple[list[int], list[int]]] = {}

    def by(self, selection: str) -> tuple[list[int], list[int]]:
        """What one selection chooses.

        Returns:
            The numbers of the windows whose spans stay, in the order of their spans, and of the
            windows that stay, in window order.
        """
        if selection not in self._found:
            self._found[selection] = self._find(selection)
        return self._found[selection]

    def _find(self, selection: str) -> tuple[list[int], list[int]]:
        if selection == "greedy":
            return greedy(self.starts, self.ends, self._threshold, self._target)
        if self._paths is None:
            self._paths = Paths(self.starts, self.ends, self._target)
        chosen = self._paths.best(self._threshold, selection == "coverage")
        return chosen, sorted(chosen)


class Decision(NamedTuple):
    """What the second stage decides of a row.

    ``summary`` has the fields that it adds, ``filtered_windows`` aside, and ``kept`` are the
    numbers of the windows that stay, in window order. ``choices`` are among the candidates that no
    filter took; ``taken`` counts the others by the first filter that they failed.
    """

    summary: Row
    kept: list[int]
    choices: Choices
    taken: dict[str, int]


def decide(windows: Windows, spans: Spans, params: OverlapParams) -> Decision:
    """Which windows of a row stay.

    Args:
        windows: all candidates.
        spans: the segments and cut copies of the row; only filters look at them.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Raises:
        ParameterError: ``target_duration`` is None.
    """
    starts, ends = windows.starts, windows.ends
    if not params.filters:
        choices = Choices(starts, ends, params)
        chosen, kept = choices.by(params.selection)
        return Decision(summary(starts, ends, chosen), kept, choices, {})
    passed, taken = _filtered(windows, spans, params)
    choices = Choices([starts[k] for k in passed], [ends[k] for k in passed], params)
    chosen, kept = ([passed[k] for k in numbers] for numbers in choices.by(params.selection))
    return Decision(summary(starts, ends, chosen), kept, choices, taken)


def _filtered(
    windows: Windows, spans: Spans, params: OverlapParams
) -> tuple[list[int], dict[str, int]]:
    """The candidates that pass all filters, and how many each filter was the first to refuse."""
    found = profiles(windows, spans, Spans([], [], []))
    turns, share, speech = params.min_turns, params.max_speaker_share, params.min_speech_share
    passed = []
    taken = dict.fromkeys(FILTERS, 0)
    for k in range(len(windows.starts)):
        if turns is not None and found.turns[k] < turns:
            taken["min_turns"] += 1
        elif share is not None and found.main_share[k] > share:
            taken["max_speaker_share"] += 1
        elif speech is not None and not (
            found.speech[k] >= speech * (windows.ends[k] - windows.starts[k])
        ):
            taken["min_speech_share"] += 1
        else:
            passed.append(k)
    return passed, taken


def untranscribed(row: Row) -> Intervals | None:
    """What the ``overlap_segments`` of a row cover (seconds); None where they are malformed."""
    listed: Any = row.get("overlap_segments")
    if listed is None:
        return [], []
    if not isinstance(listed, list):
        return None
    starts, ends = [], []
    for each in listed:
        if not isinstance(each, dict):
            return None
        start, end = each.get("start"), each.get("end")
        if not (is_time(start) and is_time(end)):
            return None
        starts.append(float(start))
        ends.append(float(end))
    return joined(starts, ends)


def describe(
    windows: Windows, found: Profiles, not_transcribed: Intervals | None
) -> list[dict[str, Any]]:
    """The ``profile`` of each of some windows, durations in seconds.

    Args:
        windows: of one row.
        found: what can be heard in them.
        not_transcribed: see :func:`untranscribed`.
    """
    covered: Sequence[Number | None] = [None] * len(windows.starts)
    if not_transcribed is not None:
        covered = within(not_transcribed, windows.starts, windows.ends)
    described = []
    for k in range(len(windows.starts)):
        start, end = windows.starts[k], windows.ends[k]
        described.append(
            {
                "start": start,
                "end": end,
                "duration": end - start,
                "turns": found.turns[k],
                "speakers": found.speakers[k],
                "main_speaker_share": found.main_share[k],
                "speech": found.speech[k],
                "silence": silence(start, end, found.speech[k]),
                "longest_gap": found.gaps[k],
                "overlap": found.overlap[k],
                "unlabelled": found.unlabelled[k],
                "untranscribed": covered[k],
            }
        )
    return described


def silence(start: Number, end: Number, speech: Number) -> Number:
    """Seconds of a window in which none of its segments runs."""
    return max(0, end - start - speech)


def filter_overlaps(entry: Row, params: OverlapParams) -> Row:
    """The second stage on one row: SEMANTICS.md, "Filtering overlaps", and SELECTION.md.

    Args:
        entry: a row as :func:`alm.build_windows` returns it.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Returns:
        A new row: the fields of ``entry`` and the second stage's. ``manifest_filepath`` stays
        what ``entry`` says, or None.

    Raises:
        ParameterError: ``target_duration`` is None.
        RowError: the windows lack the start or end of a segment, as ``drop_fields`` may have it,
            or are not as :func:`alm.build_windows` returns them; filters and ``window_profile``
            need its speaker, too, and the profile the segments of the row; or a selection that
            needs windows that last gets one that does not.
    """
    if type(entry) is not dict:
        entry = plain_row(entry)
    windows = entry.get("windows") or []
    columns, spans = _columns(windows, with_speakers=params.filters or params.window_profile)
    swift = _swift_path(entry) if windows else None
    if params.selection != "greedy":
        _check_durations(columns)
    row = _row_spans(entry) if windows and params.window_profile else Spans([], [], [])
    summary, kept, _, _ = decide(columns, spans, params)
    filtered = [windows[k] for k in kept]
    if params.window_profile:
        staying = columns.only(kept)
        described = describe(staying, profiles(staying, spans, row), untranscribed(entry))
        filtered = [
            {**window, "profile": profile}
            for window, profile in zip(filtered, described, strict=True)
        ]
    result = {
        **entry,
        **summary,
        "filtered_windows": filtered,
        "manifest_filepath": entry.get("manifest_filepath"),
        "swift_filepath": swift,
    }
    if not params.keep_windows:
        result.pop("windows", None)
    return result


def _columns(windows: list[Row], *, with_speakers: bool) -> tuple[Windows, Spans]:
    """Windows that are spelled out, as columns, and their segments, one window's after another's.

    Raises:
        RowError: a field that is needed is missing, or they are not as they should be.
    """
    firsts: list[int] = []
    stops: list[int] = []
    segments: list[Segment] = []
    try:
        starts = [_time(window["segments"][0], "start") for window in windows]
        ends = [_time(window["segments"][-1], "end") for window in windows]
        if not with_speakers:
            return Windows([], [], [], starts, ends), Spans([], [], [])
        for window in windows:
            firsts.append(len(segments))
            segments += [_with_times(segment) for segment in window["segments"]]
            stops.append(len(segments))
            if any(window.get("speaker_durations", ())) and not any(
                "speaker" in segment for segment in window["segments"]
            ):
                raise KeyError("speaker")
    except KeyError as error:
        raise RowError(
            "missing_field",
            f"a window's segment has no {error}: filter the overlaps before dropping that field "
            "(drop_fields)",
        ) from error
    except (AttributeError, IndexError, TypeError) as error:
        raise _malformed(error) from error
    found = columns_of(segments)
    spans = Spans(found.starts, found.ends, number_speakers(found.speakers))
    return Windows(firsts, stops, [-1] * len(firsts), starts, ends), spans


def _swift_path(entry: Row) -> object:
    try:
        return entry.get("stats", {}).get("swift_path")
    except AttributeError as error:
        raise _malformed(error) from error


def _malformed(error: Exception) -> RowError:
    return RowError(
        "wrong_type", f"the windows and stats are not as build_windows returns them: {error}"
    )


def _time(segment: Segment, name: str) -> Number:
    value = plain(segment[name])
    if not is_time(value):
        raise not_a_number(segment, name, "a window's segment")
    return value


def _with_times(segment: Segment) -> Segment:
    times = {name: _time(segment, name) for name in ("start", "end")}
    return {**times, "speaker": plain(segment.get("speaker"))}


def _check_durations(windows: Windows) -> None:
    for k in range(len(windows.starts)):
        if not windows.ends[k] > windows.starts[k]:
            raise RowError("out_of_range", f"windows[{k}] does not end after its start")


def _row_spans(entry: Row) -> Spans:
    if "segments" not in entry:
        raise RowError(
            "missing_field",
            "window_profile needs the segments of the row: keep them (drop_fields_top_level) until "
            "the overlaps are filtered",
        )
    segments = entry["segments"]
    columns = columns_of(segments)
    speakers = [SILENT if says_nothing(segment) else 0 for segment in segments]
    return Spans(columns.starts, columns.ends, speakers)
