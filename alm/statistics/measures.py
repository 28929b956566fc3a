"""What :mod:`alm.statistics.survey` counts, measured: seconds of speech and oddities of one row.

Pure. Each function has a compiled twin of its name in ``_measures.pyx``, for ordinary rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress, islice, repeat
from operator import ge, gt, le, lt, sub
from typing import NamedTuple

from alm import compiled
from alm.records.record import Record
from alm.rows.row import Number, Segment, add_up

BANDWIDTH_BIN = 100
"""Hz."""

HIGHEST_HERTZ = 1e9
"""Beyond this, one bin holds all; up to here every integer equals its double."""

_INSIDE = b"\x01"
_Piece = tuple[int, int, int]
"""The first segment of a window, the one after its last, and the cut one or -1."""


class Disorder(NamedTuple):
    """How many segments of a row are odd in time.

    ``out_of_order`` start before the one listed before them. In the order of time, ``overlapping``
    start before an earlier one has ended, ``nested`` also end no later than that.
    """

    out_of_order: int
    overlapping: int
    nested: int
    zero_duration: int
    negative_duration: int


class Heard(NamedTuple):
    """Speech in the windows of a row, in seconds.

    ``in_candidates`` and ``in_kept`` are the speech in at least one window of that kind,
    ``covered`` is what the kept windows cover, ``speech`` what each of these has, ``silences``
    the longest silence in each.
    """

    in_candidates: Number
    in_kept: Number
    covered: Number
    speech: list[Number]
    silences: list[Number]


def by_bandwidth(
    bandwidths: Sequence[Number], durations: Sequence[Number], enough: Number
) -> tuple[list[int], Number]:
    """The lower edge of each bandwidth's bin of 100 Hz, and how many seconds have ``enough``.

    Args:
        bandwidths: one a segment, Hz.
        durations: one a segment, seconds.
        enough: Hz.
    """
    if compiled.measures:
        measured: tuple[list[int], Number] | None = compiled.measures.by_bandwidth(
            bandwidths, durations, enough, BANDWIDTH_BIN, HIGHEST_HERTZ
        )
        if measured:
            return measured
    believed = [max(-HIGHEST_HERTZ, min(bandwidth, HIGHEST_HERTZ)) for bandwidth in bandwidths]
    bins = [int(bandwidth // BANDWIDTH_BIN) * BANDWIDTH_BIN for bandwidth in believed]
    return bins, add_up(list(compress(durations, map(ge, bandwidths, repeat(enough)))))


def disorder(
    starts: Sequence[Number], ends: Sequence[Number], durations: Sequence[Number]
) -> Disorder:
    """How many segments, given by their times in seconds, are odd."""
    if compiled.measures and (odd := compiled.measures.disorder(starts, ends)):
        return Disorder(*odd)
    out_of_order = overlapping = nested = zero = negative = 0
    if not all(map(lt, starts, islice(starts, 1, None))):
        out_of_order = sum(map(gt, starts, islice(starts, 1, None)))
        in_time = sorted(zip(starts, ends, strict=True), key=lambda times: (times[0], -times[1]))
        starts, ends = zip(*in_time, strict=True)
    shortest = min(durations, default=1)
    if shortest <= 0 or not all(map(le, ends, islice(starts, 1, None))):
        reached = ends[0]
        for start, end in zip(islice(starts, 1, None), islice(ends, 1, None), strict=True):
            if start < reached:
                overlapping += 1
            if end > reached:
                reached = end
            else:
                nested += 1
    if shortest <= 0:
        zero = sum(duration == 0 for duration in durations)
        negative = sum(duration < 0 for duration in durations)
    return Disorder(out_of_order, overlapping, nested, zero, negative)


def words_outside(
    segments: Sequence[Segment], starts: Sequence[Number], ends: Sequence[Number]
) -> int:
    """How many segments have a first word that starts before, or a last that ends after, them.

    Words in between are not looked at, to keep this cheap; malformed ones are no matter here.
    """
    if compiled.measures:
        outside: int | None = compiled.measures.words_outside(segments, starts, ends)
        if outside is not None:
            return outside
    words = [segment.get("words") for segment in segments]
    if not any(words):
        return 0
    try:
        return sum(
            [
                spoken[0]["start"] < start or spoken[-1]["end"] > end
                for spoken, start, end in zip(words, starts, ends, strict=True)
                if spoken
            ]
        )
    except (TypeError, KeyError):
        if len(segments) == 1:
            return 0
        one_by_one = zip(segments, starts, ends, strict=True)
        return sum(words_outside([segment], [start], [end]) for segment, start, end in one_by_one)


def heard(record: Record, kept: Sequence[int]) -> Heard:
    """The speech in the windows of a record, of which ``kept`` stay."""
    windows, starts, ends = record.windows, record.starts, record.ends
    if compiled.measures:
        measured = compiled.measures.heard(
            starts, ends, windows.firsts, windows.stops, windows.cuts, kept
        )
        if measured:
            return Heard(*measured)
    durations = list(map(sub, ends, starts))
    gaps = list(map(sub, islice(starts, 1, None), ends))  # before each segment but the first
    pieces = list(zip(windows.firsts, windows.stops, windows.cuts, strict=True))
    kept_pieces = [pieces[k] for k in kept]
    spoken = [_speech(record, piece, durations, gaps) for piece in kept_pieces]
    return Heard(
        _covered_speech(durations, pieces),
        _covered_speech(durations, kept_pieces),
        _union((windows.starts[k], windows.ends[k]) for k in kept)[0] if kept else 0,
        [speech for speech, _ in spoken],
        [silence for _, silence in spoken],
    )


def _speech(
    record: Record, piece: _Piece, durations: list[Number], gaps: list[Number]
) -> tuple[Number, Number]:
    """Seconds of a window in which somebody speaks, and the longest gap between its segments.

    ``durations`` are those of all segments, ``gaps`` what lies before each but the first.
    """
    first, stop, cut = piece
    spoken = durations[first:stop]
    between = gaps[first : stop - 1]
    if cut >= 0:  # a copy starts where its segment does
        spoken.append(durations[cut])
        between.append(gaps[stop - 1])
    if min(between, default=0) >= 0 and min(spoken) >= 0:
        return add_up(spoken), max(between, default=0)
    intervals = list(zip(record.starts[first:stop], record.ends[first:stop], strict=True))
    if cut >= 0:
        intervals.append((record.starts[cut], record.ends[cut]))
    return _union(intervals)


def _union(intervals: Iterable[tuple[Number, Number]]) -> tuple[Number, Number]:
    """Seconds covered by at least one interval, and the longest gap between them."""
    gap: Number = 0
    (first, reached), *rest = sorted(intervals)
    covered = reached - first
    for start, end in rest:
        if start > reached:
            if start - reached > gap:
                gap = start - reached
            covered += end - start
            reached = end
        elif end > reached:
            covered += end - reached
            reached = end
    return covered, gap


def _covered_speech(durations: Sequence[Number], pieces: Sequence[_Piece]) -> Number:
    """Seconds of the segments that lie in at least one of some windows, wholly or cut."""
    inside = bytearray(len(durations))
    cut_short: dict[int, Number] = {}
    reached = 0  # windows come in the order of their start, so most of one is inside already
    for first, stop, cut in pieces:
        if stop > reached:
            begin = max(first, reached)
            inside[begin:stop] = _INSIDE * (stop - begin)
            reached = stop
        if cut >= 0 and durations[cut] > cut_short.get(stop, 0):
            cut_short[stop] = durations[cut]
    whole = add_up(list(compress(durations, inside)))
    return whole + add_up([part for k, part in cut_short.items() if not inside[k]])
