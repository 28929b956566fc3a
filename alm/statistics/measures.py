"""What the statistics count of a row, measured: seconds of speech, bandwidths and oddities.

Pure; knows windows, not how they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from alm.rows.numbers import Doubles, all_floats
from alm.rows.row import Number, Segment
from alm.windows.candidates import Windows

BANDWIDTH_BIN = 100
"""Hz."""

HIGHEST_HERTZ = 1e9
"""Beyond this, in either direction, one bin holds all."""


class Disorder:
    """How many segments of a row are odd in time.

    ``out_of_order`` start before the one listed before them. In the order of time, ``overlapping``
    start before an earlier one has ended, ``nested`` also end no later than that.
    """

    def __init__(self) -> None:
        self.out_of_order = 0
        self.overlapping = 0
        self.nested = 0
        self.zero_duration = 0
        self.negative_duration = 0


class Lasting(NamedTuple):
    """How long some windows last, seconds: ``covered`` has each second once."""

    together: Number
    covered: Number


class Heard:
    """Speech in the windows of a row, in seconds.

    ``in_candidates`` and ``in_kept`` are the speech in at least one window of that kind.
    """

    def __init__(self) -> None:
        self.in_candidates: Number = 0
        self.in_kept: Number = 0


def by_bandwidth(
    bandwidths: list[Number], durations: list[Number], enough: Number
) -> tuple[dict[int, Number], Number]:
    """Seconds by the lower edge of the bandwidth's bin of 100 Hz; the seconds with ``enough``.

    Args:
        bandwidths: one a segment, Hz.
        durations: one a segment, seconds.
        enough: Hz.
    """
    bins: dict[int, Number] = {}
    edge = 0
    last: Number | None = None
    passing: Number = 0
    for k in range(len(bandwidths)):
        bandwidth = bandwidths[k]
        if bandwidth >= enough:
            passing += durations[k]
        if bandwidth != last:  # in most rows all are the same
            last = bandwidth
            edge = _bin_edge(bandwidth)
        bins[edge] = bins.get(edge, 0) + durations[k]
    return bins, passing


@lru_cache(10_000)
def _bin_edge(bandwidth: Number) -> int:
    return int(believed(bandwidth) // BANDWIDTH_BIN) * BANDWIDTH_BIN


def believed(hertz: Number) -> Number:
    """A rate or bandwidth; one beyond all that can be true is as much as can be counted."""
    return max(-HIGHEST_HERTZ, min(hertz, HIGHEST_HERTZ))


def disorder(starts: list[Number], ends: list[Number]) -> Disorder:
    """How many segments, given by their times in seconds, are odd."""
    odd = Disorder()
    if not starts:
        return odd
    if _is_strictly_ascending(starts, odd):
        _look_at_order(starts, ends, odd)
    else:
        spans = sorted(zip(starts, ends, strict=True), key=_by_start_and_latest_end)
        _look_at_order([start for start, _ in spans], [end for _, end in spans], odd)
    return odd


def out_of_order(starts: list[Number], count: int) -> bool:
    """Whether one of the first ``count`` segments starts before the one listed before it."""
    for k in range(1, count):
        if starts[k] < starts[k - 1]:
            return True
    return False


def _is_strictly_ascending(starts: list[Number], odd: Disorder) -> bool:
    ascending = True
    for k in range(1, len(starts)):
        if starts[k] <= starts[k - 1]:
            ascending = False
            odd.out_of_order += starts[k] < starts[k - 1]
    return ascending


def _by_start_and_latest_end(span: tuple[Number, Number]) -> tuple[Number, Number]:
    return span[0], -span[1]


def _look_at_order(starts: list[Number], ends: list[Number], odd: Disorder) -> None:
    """Count what is odd of segments in the order of time."""
    reached = ends[0]
    for k in range(len(starts)):
        start, end = starts[k], ends[k]
        odd.zero_duration += end == start
        odd.negative_duration += end < start
        if k > 0:
            odd.overlapping += start < reached
            odd.nested += end <= reached
        if end > reached:
            reached = end


def words_outside(segments: list[Segment], starts: list[Number], ends: list[Number]) -> int:
    """How many segments have a first word that starts before, or a last that ends after, them.

    Words in between are not looked at, to keep this cheap; malformed ones are ignored.
    """
    outside = 0
    for k in range(len(segments)):
        words = segments[k].get("words")
        if words:
            try:
                outside += words[0]["start"] < starts[k] or words[-1]["end"] > ends[k]
            except (TypeError, KeyError):
                continue
    return outside


def heard(starts: list[Number], ends: list[Number], windows: Windows, kept: Sequence[int]) -> Heard:
    """The speech in some windows.

    Args:
        starts: when each segment of the row and then each cut copy starts, seconds.
        ends: when each ends.
        windows: the candidate windows.
        kept: the numbers of those that stay, ascending.
    """
    found = Heard()
    nothing, no_seconds = 0, 0.0
    if starts and all_floats(starts) and all_floats(ends):
        begun, ended = Doubles(starts), Doubles(ends)
        _hear(begun.at, ended.at, len(starts), no_seconds, windows, list(kept), found)
    else:
        _hear(starts, ends, len(starts), nothing, windows, list(kept), found)
    return found


def lasting(starts: list[Number], ends: list[Number], chosen: list[int]) -> Lasting:
    """How long some spans last.

    Args:
        starts: when each span starts, seconds.
        ends: when each ends, not before.
        chosen: the numbers of some of them, in the order of start and end.
    """
    together: Number = 0
    total: Number = 0
    reached: Number | None = None
    for k in chosen:
        start, end = starts[k], ends[k]
        together += end - start
        if reached is None or start > reached:
            total += end - start
            reached = end
        elif end > reached:
            total += end - reached
            reached = end
    return Lasting(together, total)


def _hear(
    starts: list[Number],
    ends: list[Number],
    count: int,
    zero: Number,
    windows: Windows,
    kept: list[int],
    found: Heard,
) -> None:
    firsts, stops, cuts = windows.firsts, windows.stops, windows.cuts
    every = list(range(len(firsts)))
    found.in_candidates = _covered_speech(starts, ends, count, zero, every, firsts, stops, cuts)
    found.in_kept = _covered_speech(starts, ends, count, zero, kept, firsts, stops, cuts)


def _covered_speech(
    starts: list[Number],
    ends: list[Number],
    count: int,
    zero: Number,
    chosen: list[int],
    firsts: list[int],
    stops: list[int],
    cuts: list[int],
) -> Number:
    """Seconds of the segments that lie in at least one of some windows, wholly or cut."""
    inside = bytearray(count)
    cut_short: dict[int, Number] = {}
    reached = 0  # windows come in the order of their start, so most of one is inside already
    for k in chosen:
        stop, cut = stops[k], cuts[k]
        for segment in range(max(firsts[k], reached), stop):
            inside[segment] = 1
        reached = max(reached, stop)
        if cut >= 0:
            lasts = ends[cut] - starts[cut]
            if lasts > cut_short.get(stop, 0):
                cut_short[stop] = lasts
    whole, parts = zero, zero
    for segment in range(count):
        if inside[segment]:
            whole += ends[segment] - starts[segment]
    for segment, lasts in cut_short.items():
        if not inside[segment]:
            parts += lasts
    return whole + parts
