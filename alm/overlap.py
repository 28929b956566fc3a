"""Near-duplicate windows of one row -> the windows that stay.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Filtering overlaps").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alm.errors import ParameterError, RowError
from alm.params import OverlapParams
from alm.rows import Number, Row
from alm.windows import add_up


class Span(NamedTuple):
    """When a window starts and ends, in seconds."""

    start: Number
    end: Number


class Filtered(NamedTuple):
    """What the second stage decides: the spans that stay, sorted, and the windows' indexes."""

    spans: list[Span]
    windows: list[int]


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
    threshold = params.overlap_percentage / 100
    ordered = sorted(spans)
    durations = [end - start for start, end in ordered]
    removed = [False] * len(ordered)
    for i, (start_i, end_i) in enumerate(ordered):
        if removed[i]:
            continue
        duration_i = durations[i]
        for j in range(i + 1, len(ordered)):
            start_j, end_j = ordered[j]
            if start_j >= end_i:
                break
            if removed[j]:
                continue
            duration_j = durations[j]
            shorter = min(duration_i, duration_j)
            shared = max(0, min(end_i, end_j) - max(start_i, start_j))
            if (shared / shorter if shorter else 0) < threshold:
                continue
            off_i, off_j = abs(duration_i - target), abs(duration_j - target)
            if off_i < off_j or (off_i == off_j and duration_i >= duration_j):
                removed[j] = True
            else:
                removed[i] = True
                break
    staying = [span for span, gone in zip(ordered, removed, strict=True) if not gone]
    kept = {_rounded(span) for span in staying}
    return Filtered(staying, [k for k, span in enumerate(spans) if _rounded(span) in kept])


def _rounded(span: Span) -> tuple[Number, Number]:
    return round(span.end, 6), round(span.start, 6)


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
    durations = [span.end - span.start for span in spans]
    kept_durations = [span.end - span.start for span in filtered.spans]
    return {
        "total_dur_window": add_up(durations),
        "total_dur_list_window": durations,
        "total_dur_list_window_timestamps": [[span.end, span.start] for span in spans],
        "filtered": [[span.end, span.start] for span in filtered.spans],
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
        spans = [Span(w["segments"][0]["start"], w["segments"][-1]["end"]) for w in windows]
    except KeyError as error:
        raise RowError(
            "missing_field",
            f"a window's segment has no {error}: filter the overlaps before dropping that field",
        ) from error
    filtered = filter_spans(spans, params)
    result = {
        **entry,
        **summarize(spans, filtered),
        "filtered_windows": [windows[k] for k in filtered.windows],
        "manifest_filepath": entry.get("manifest_filepath"),
        "swift_filepath": entry.get("stats", {}).get("swift_path") if windows else None,
    }
    if not params.keep_windows:
        result.pop("windows", None)
    return result
