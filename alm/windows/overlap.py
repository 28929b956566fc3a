"""Near-duplicate windows of one row -> the windows that stay.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Filtering overlaps").
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub
from typing import NamedTuple

from alm import compiled
from alm.errors import ParameterError, RowError
from alm.params import OverlapParams
from alm.rows.row import Number, Row, add_up

Span = tuple[Number, Number]
"""When a window starts and ends, in seconds."""

_NEAR = 1e-5
"""Seconds; times farther apart than this are not the same when rounded to a microsecond."""


class Filtered(NamedTuple):
    """What the second stage decides: the spans that stay, sorted, and the windows' indexes."""

    spans: list[Span]
    windows: list[int]


def decide(
    starts: list[Number], ends: list[Number], params: OverlapParams
) -> tuple[Row, list[int]]:
    """The second stage on the windows of one row.

    Args:
        starts: when each window starts, in window order (seconds).
        ends: when each ends.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Returns:
        The fields of :func:`summarize`, and the indexes of the windows that stay.

    Raises:
        ParameterError: ``target_duration`` is None.
    """
    if compiled.kernel and params.target_duration is not None:
        decided: tuple[Row, list[int]] | None = compiled.kernel.decide(
            starts, ends, params.overlap_percentage / 100, params.target_duration
        )
        if decided:
            return decided
    spans = list(zip(starts, ends, strict=True))
    filtered = filter_spans(spans, params)
    return summarize(spans, filtered), filtered.windows


def filter_spans(spans: Sequence[Span], params: OverlapParams) -> Filtered:
    """Decide which windows stay.

    Args:
        spans: one a window, in window order.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Raises:
        ParameterError: ``target_duration`` is None.
    """
    target = params.target_duration
    if target is None:
        raise ParameterError(
            "target_duration = None means the window's own target: call resolved(window_params)"
        )
    if not spans:
        return Filtered([], [])
    threshold = params.overlap_percentage / 100
    ordered = sorted(spans)
    order: Sequence[int] = range(len(spans))
    if ordered != spans:
        order = sorted(order, key=spans.__getitem__)
    starts, ends = zip(*ordered, strict=True)
    durations = list(map(sub, ends, starts))
    off_target = [abs(duration - target) for duration in durations]
    gone = [False] * len(ordered)
    for i, (start_i, end_i) in enumerate(ordered):
        if gone[i]:
            continue
        duration_i, off_i = durations[i], off_target[i]
        for j in range(i + 1, len(ordered)):
            start_j = starts[j]
            if start_j >= end_i:
                break
            if gone[j]:
                continue
            # No min() and max() in the innermost loop: calls would take half of the time.
            end_j, duration_j = ends[j], durations[j]
            latest_start = max(start_i, start_j)
            shared = (min(end_i, end_j)) - latest_start
            shorter = min(duration_i, duration_j)
            if (shared / shorter if shorter and shared > 0 else 0) < threshold:
                continue
            off_j = off_target[j]
            if off_i < off_j or (off_i == off_j and duration_i >= duration_j):
                gone[j] = True
            else:
                gone[i] = True
                break
    staying = [i for i in range(len(ordered)) if not gone[i]]
    windows = {order[k] for i in staying for k in _of_one_span(ordered, i)}
    return Filtered([ordered[i] for i in staying], sorted(windows))


def _of_one_span(ordered: Sequence[Span], i: int) -> list[int]:
    """Which of the sorted spans are the same as number ``i``, itself included, to the microsecond.

    They start next to it, so most spans are never rounded.
    """
    start = ordered[i][0]
    first = i
    while first > 0 and start - ordered[first - 1][0] < _NEAR:
        first -= 1
    stop = i + 1
    while stop < len(ordered) and ordered[stop][0] - start < _NEAR:
        stop += 1
    if stop - first == 1:
        return [i]
    rounded = _rounded(ordered[i])
    return [k for k in range(first, stop) if _rounded(ordered[k]) == rounded]


def _rounded(span: Span) -> Span:
    return round(span[0], 6), round(span[1], 6)


def summarize(spans: Sequence[Span], filtered: Filtered) -> Row:
    """The fields that the second stage adds to a row, ``filtered_windows`` aside.

    Durations in seconds; spans as ``[end, start]``, as in the reference.
    """
    if not spans:
        return {
            "total_dur_window": 0.0,
            "total_dur_list_window": [],
            "total_dur_list_window_timestamps": [],
            "filtered": [],
            "filtered_dur": 0.0,
            "filtered_dur_list": [],
        }
    durations = [end - start for start, end in spans]
    kept_durations = [end - start for start, end in filtered.spans]
    return {
        "total_dur_window": add_up(durations),
        "total_dur_list_window": durations,
        "total_dur_list_window_timestamps": [[end, start] for start, end in spans],
        "filtered": [[end, start] for start, end in filtered.spans],
        "filtered_dur": add_up(kept_durations),
        "filtered_dur_list": kept_durations,
    }


def filter_overlaps(entry: Row, params: OverlapParams) -> Row:
    """The second stage on one row: SEMANTICS.md, "Filtering overlaps".

    Args:
        entry: a row as :func:`alm.build_windows` returns it.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Returns:
        A new row: the fields of ``entry`` and the second stage's. ``manifest_filepath`` stays
        what ``entry`` says, None where it says nothing.

    Raises:
        ParameterError: ``target_duration`` is None.
        RowError: the windows lack the start or end of a segment, as ``drop_fields`` may have it.
    """
    windows = entry.get("windows") or []
    try:
        starts = [window["segments"][0]["start"] for window in windows]
        ends = [window["segments"][-1]["end"] for window in windows]
    except KeyError as error:
        raise RowError(
            "missing_field",
            f"a window's segment has no {error}: filter the overlaps before dropping that field",
        ) from error
    summary, kept = decide(starts, ends, params)
    result = {
        **entry,
        **summary,
        "filtered_windows": [windows[k] for k in kept],
        "manifest_filepath": entry.get("manifest_filepath"),
        "swift_filepath": entry.get("stats", {}).get("swift_path") if windows else None,
    }
    if not params.keep_windows:
        result.pop("windows", None)
    return result
