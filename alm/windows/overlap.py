# cython: boundscheck=False, wraparound=False
"""Near-duplicate windows of a row -> those that stay: SEMANTICS.md, "Filtering overlaps"."""

from __future__ import annotations

from typing import Any

from alm.rows.numbers import Doubles, all_floats
from alm.rows.row import Number, add_up

NEAR = 1e-5
"""Seconds; times farther apart than this are not the same when rounded to a microsecond."""


SLACK = 1e-9


def summary(starts: list[Number], ends: list[Number], chosen: list[int]) -> dict[str, Any]:
    """The fields that the second stage adds to a row, ``filtered_windows`` aside.

    Durations are in seconds, spans are written as ``[end, start]``, as in the reference.

    Args:
        starts: when each window starts, in window order (seconds).
        ends: when each ends.
        chosen: the numbers of those whose spans stay, in the order of their spans.
    """
    durations, spans = [], []
    for k in range(len(starts)):
        durations.append(ends[k] - starts[k])
        spans.append([ends[k], starts[k]])
    return {
        "total_dur_window": add_up(durations) if durations else 0.0,
        "total_dur_list_window": durations,
        "total_dur_list_window_timestamps": spans,
        "filtered": [spans[k] for k in chosen],
        "filtered_dur": add_up([durations[k] for k in chosen]) if chosen else 0.0,
        "filtered_dur_list": [durations[k] for k in chosen],
    }


def greedy(
    starts: list[Number], ends: list[Number], threshold: float, target: Number
) -> tuple[list[int], list[int]]:
    """Which of some windows stay by the reference's choice.

    Args:
        starts: when each window starts, in window order (seconds).
        ends: when each ends.
        threshold: the smallest ratio of shared time to the shorter duration at which two windows
            are near-duplicates, 0 to 1.
        target: of two near-duplicates the one whose duration is nearer to this stays, seconds.

    Returns:
        The numbers of the windows whose spans stay, in the order of their spans, and of the windows
        that stay, in window order: all of a span that stays.
    """
    order = in_order(starts, ends)
    gone = _near_duplicates([starts[k] for k in order], [ends[k] for k in order], threshold, target)
    spans = [order[place] for place in range(len(order)) if not gone[place]]
    return spans, _windows_that_stay(starts, ends, order, gone)


def in_order(starts: list[Number], ends: list[Number]) -> list[int]:
    """The numbers of some spans, sorted by start, end, and number."""
    for k in range(1, len(starts)):
        if starts[k] < starts[k - 1] or (starts[k] == starts[k - 1] and ends[k] < ends[k - 1]):
            spans = zip(starts, ends, range(len(starts)), strict=True)
            return [number for _, _, number in sorted(spans)]
    return list(range(len(starts)))


def _near_duplicates(
    starts: list[Number], ends: list[Number], threshold: float, target: Number
) -> bytearray:
    """Which of some spans, sorted by start and end, go: a 1 for each of them."""
    gone = bytearray(len(starts))
    if all_floats(starts) and all_floats(ends) and float(target) == target:
        starts_column, ends_column = Doubles(starts), Doubles(ends)
        target_double = float(target)
        _mark(starts_column.at, ends_column.at, gone, threshold, target_double)
    else:
        _mark(starts, ends, gone, threshold, target)
    return gone


def _mark(
    starts: list[Number],
    ends: list[Number],
    gone: bytearray,
    threshold: float,
    target: Number,
) -> None:
    count = len(gone)
    if not count:
        return
    shortest = ends[0] - starts[0]
    for i in range(1, count):
        if ends[i] - starts[i] < shortest:
            shortest = ends[i] - starts[i]
    # Sharing less, no two windows reach the threshold, to many times what rounding can do.
    least = threshold * shortest * (1 - SLACK)
    for i in range(count):
        if gone[i]:
            continue
        end_i = ends[i]
        duration_i = end_i - starts[i]
        off_i = abs(duration_i - target)
        for j in range(i + 1, count):
            start_j = starts[j]
            if start_j >= end_i or end_i - start_j < least:
                break
            if gone[j]:
                continue
            # No min() and max() in the innermost loop: interpreted, calls take half of the time.
            end_j = ends[j]
            duration_j = end_j - start_j
            shared = (end_j if end_j < end_i else end_i) - start_j
            shorter = duration_j if duration_j < duration_i else duration_i
            ratio = 0.0
            if shared > 0 and shorter != 0:
                ratio = shared / shorter
            if ratio < threshold:
                continue
            off_j = abs(duration_j - target)
            if off_i < off_j or (off_i == off_j and duration_i >= duration_j):
                gone[j] = 1
            else:
                gone[i] = 1
                break


def _windows_that_stay(
    starts: list[Number], ends: list[Number], order: list[int], gone: bytearray
) -> list[int]:
    """The windows whose spans stay, or are the same as one that stays to the microsecond."""
    chosen = bytearray(len(order))
    for place in range(len(order)):
        if gone[place]:
            continue
        one = order[place]
        chosen[one] = 1
        for step in (-1, 1):  # spans that are the same start next to it: most are never rounded
            near = place + step
            while 0 <= near < len(order) and abs(starts[order[near]] - starts[one]) < NEAR:
                other = order[near]
                if (
                    not chosen[other]
                    and round(starts[other], 6) == round(starts[one], 6)
                    and round(ends[other], 6) == round(ends[one], 6)
                ):
                    chosen[other] = 1
                near += step
    return [window for window in range(len(order)) if chosen[window]]
