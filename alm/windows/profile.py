# cython: boundscheck=False, wraparound=False
"""Who speaks in a window and for how long, and what else can be heard: SELECTION.md, "Filters"."""

from __future__ import annotations

from alm.rows.numbers import Doubles, Integers, all_floats
from alm.rows.row import Number
from alm.windows.candidates import SILENT, Spans, Windows

SPEAKERS_LISTED = 5

Intervals = tuple[list[Number], list[Number]]
"""Starts and ends of intervals that are ascending and apart, in seconds."""


class Profiles:
    """What can be heard in some windows, one value a window, durations in seconds.

    ``turns`` are runs of segments of one speaker, ``speakers`` how many there are,
    ``main_share`` the share of who speaks most in what all of them speak. Of a window's span
    ``speech`` is how long one of its segments runs, ``gaps`` the longest stretch without one,
    ``overlap`` how long two of its speakers or more speak at once, ``unlabelled`` how long another
    segment of the row runs, but none of the window's.
    """

    def __init__(self) -> None:
        self.turns: list[int] = []
        self.speakers: list[int] = []
        self.main_share: list[Number] = []
        self.speech: list[Number] = []
        self.gaps: list[Number] = []
        self.overlap: list[Number] = []
        self.unlabelled: list[Number] = []


def joined(starts: list[Number], ends: list[Number]) -> Intervals:
    """What is covered by some intervals, empty ones left out."""
    pairs = sorted(zip(starts, ends, strict=True))
    begun, ended = [start for start, _ in pairs], [end for _, end in pairs]
    count = _join(begun, ended, len(begun))
    return begun[:count], ended[:count]


def _join(begun: list[Number], ended: list[Number], count: int) -> int:
    """Join intervals, ascending by their starts, in place: how many there are then."""
    joined = 0
    for k in range(count):
        if ended[k] <= begun[k]:
            continue
        if joined > 0 and begun[k] <= ended[joined - 1]:
            if ended[k] > ended[joined - 1]:
                ended[joined - 1] = ended[k]
        else:
            begun[joined], ended[joined] = begun[k], ended[k]
            joined += 1
    return joined


def within(intervals: Intervals, starts: list[Number], ends: list[Number]) -> list[Number]:
    """How much of each of some spans lies in one of the intervals, in seconds."""
    begun, ended = intervals
    found: list[Number] = []
    for k in range(len(starts)):
        low, high = starts[k], ends[k]
        found.append(_inside(begun, ended, len(begun), low, high))
    return found


def talk(windows: Windows, spans: Spans) -> list[list[Number]]:
    """How long the five who speak most speak in each window, descending, padded with 0.0.

    Seconds, of whole segments; speakers with equal sums in the order in which they first speak.
    """
    found: list[list[Number]] = []
    begins, reached = spans.starts, spans.ends
    if all_floats(begins) and all_floats(reached):
        starts, ends, room = Doubles(begins), Doubles(reached), Doubles(begins)
        _talk(found, windows, spans, starts.at, ends.at, room.at)
    else:
        _talk(found, windows, spans, begins, reached, begins.copy())
    return found


def profiles(windows: Windows, spans: Spans, row: Spans) -> Profiles:
    """What can be heard in some windows.

    Args:
        windows: of one row.
        spans: the segments that they refer to.
        row: all segments of the row; without any, nothing is unlabelled.
    """
    found = Profiles()
    begins, reached = spans.starts, spans.ends
    row_begins, row_ends, row_speakers = row.starts, row.ends, row.speakers
    silent = SILENT in row_speakers
    if silent or not _are_ascending(row_begins):
        audible = [k for k in range(len(row_begins)) if row_speakers[k] != SILENT]
        pairs = sorted([(row_begins[k], row_ends[k]) for k in audible])
        row_begins, row_ends = [start for start, _ in pairs], [end for _, end in pairs]
    nothing, no_seconds = 0, 0.0
    if (
        all_floats(begins)
        and all_floats(reached)
        and all_floats(row_begins)
        and all_floats(row_ends)
    ):
        starts, ends, room = Doubles(begins), Doubles(reached), Doubles(begins)
        lows, highs = Doubles(begins), Doubles(begins)
        runs_begin, runs_end = Doubles(row_begins), Doubles(row_ends)
        _look(
            found, windows, spans, starts.at, ends.at, room.at, lows.at, highs.at,
            runs_begin.at, runs_end.at, len(row_begins), no_seconds,
        )  # fmt: skip
    else:
        _look(
            found, windows, spans, begins, reached, begins.copy(), begins.copy(), begins.copy(),
            row_begins.copy(), row_ends.copy(), len(row_begins), nothing,
        )  # fmt: skip
    return found


def _are_ascending(values: list[Number]) -> bool:
    ascending = True
    for k in range(1, len(values)):
        ascending = ascending and values[k] >= values[k - 1]
    return ascending


def _talk(
    found: list[list[Number]],
    windows: Windows,
    spans: Spans,
    starts: list[Number],
    ends: list[Number],
    seconds: list[Number],
) -> None:
    speaker_numbers, rooms = Integers(spans.speakers), Integers(spans.speakers)
    marks = Integers([-1] * len(spans.speakers))
    speakers, heard, heard_in = speaker_numbers.at, rooms.at, marks.at
    firsts, stops, cuts = windows.firsts, windows.stops, windows.cuts
    for k in range(len(firsts)):
        first, stop, cut = firsts[k], stops[k], cuts[k]
        talking = _sum_up(starts, ends, seconds, speakers, heard, heard_in, k, first, stop, cut)
        found.append(_largest(seconds, heard, talking))


def _sum_up(
    starts: list[Number],
    ends: list[Number],
    seconds: list[Number],
    speakers: list[int],
    heard: list[int],
    heard_in: list[int],
    window: int,
    first: int,
    stop: int,
    cut: int,
) -> int:
    """How many speak in a window: they are ``heard``, as they come, each for its ``seconds``.

    ``heard_in`` is room for the last window that each speaker was heard in.
    """
    talking = 0
    for place in range(first, stop + (cut >= 0)):
        segment = place if place < stop else cut
        speaker = speakers[segment]
        if speaker >= 0:
            if heard_in[speaker] != window:
                heard_in[speaker] = window
                seconds[speaker] = 0
                heard[talking] = speaker
                talking += 1
            seconds[speaker] += ends[segment] - starts[segment]
    return talking


def _largest(seconds: list[Number], heard: list[int], talking: int) -> list[Number]:
    """The five largest sums of seconds, descending, padded with 0.0."""
    for k in range(1, talking):
        speaker = heard[k]
        place = min(k, SPEAKERS_LISTED)
        while place > 0 and seconds[heard[place - 1]] < seconds[speaker]:
            if place < SPEAKERS_LISTED:
                heard[place] = heard[place - 1]
            place -= 1
        if place < SPEAKERS_LISTED:
            heard[place] = speaker
    sums: list[Number] = [0.0, 0.0, 0.0, 0.0, 0.0]
    for k in range(min(talking, SPEAKERS_LISTED)):
        sums[k] = seconds[heard[k]]
    return sums


def _look(
    found: Profiles,
    windows: Windows,
    spans: Spans,
    starts: list[Number],
    ends: list[Number],
    seconds: list[Number],
    lows: list[Number],
    highs: list[Number],
    runs_begin: list[Number],
    runs_end: list[Number],
    runs: int,
    zero: Number,
) -> None:
    """Fill in what was found.

    ``lows`` and ``highs`` are room for the segments of a window; ``runs_begin`` and ``runs_end``
    are when those of the row start and end, ascending, and may be changed.
    """
    runs = _join(runs_begin, runs_end, runs)
    speaker_numbers, rooms = Integers(spans.speakers), Integers(spans.speakers)
    marks, inside = Integers([-1] * len(spans.speakers)), Integers(spans.speakers)
    speakers, heard, heard_in = speaker_numbers.at, rooms.at, marks.at
    voices = inside.at
    firsts, stops, cuts = windows.firsts, windows.stops, windows.cuts
    for k in range(len(firsts)):
        first, stop, cut = firsts[k], stops[k], cuts[k]
        talking = _sum_up(starts, ends, seconds, speakers, heard, heard_in, k, first, stop, cut)
        total = zero
        most = zero
        for n in range(talking):
            lasting = seconds[heard[n]]
            total += lasting
            if n == 0 or lasting > most:
                most = lasting
        found.speakers.append(talking)
        found.main_share.append(most / total if total != 0 else 0.0)

        begin, end = starts[first], ends[cut if cut >= 0 else stop - 1]
        turns = 0
        last_speaker = -1
        count = 0
        ascending = True
        for place in range(first, stop + (cut >= 0)):
            segment = place if place < stop else cut
            speaker = speakers[segment]
            if speaker >= 0 and speaker != last_speaker:
                turns += 1
                last_speaker = speaker
            low, high = starts[segment], ends[segment]
            if low < begin:
                low = begin
            if high > end:
                high = end
            if high <= low:
                continue
            if count > 0 and (
                low < lows[count - 1] or (low == lows[count - 1] and high < highs[count - 1])
            ):
                ascending = False
            lows[count], highs[count], voices[count] = low, high, speaker
            count += 1
        found.turns.append(turns)
        if not ascending:
            ordered = sorted([(lows[n], highs[n], voices[n]) for n in range(count)])
            for n in range(count):
                lows[n], highs[n], voices[n] = ordered[n]

        speech, gap, overlap, unlabelled = zero, zero, zero, zero
        reach, reach_of_two = begin, begin
        loudest = -1  # the speaker whose segments reach farthest, and how far those of others do
        reach_of_loudest, reach_of_others = begin, begin
        for n in range(count):
            low, high, speaker = lows[n], highs[n], voices[n]
            if high > reach:
                if low > reach:
                    if low - reach > gap:
                        gap = low - reach
                    unlabelled += _inside(runs_begin, runs_end, runs, reach, low)
                speech += high - (low if low > reach else reach)
                reach = high
            if speaker < 0:
                continue
            both = reach_of_others if speaker == loudest else reach_of_loudest
            if high < both:
                both = high
            if both > low and both > reach_of_two:
                overlap += both - (low if low > reach_of_two else reach_of_two)
                reach_of_two = both
            if speaker == loudest:
                if high > reach_of_loudest:
                    reach_of_loudest = high
            elif high > reach_of_loudest:
                loudest, reach_of_others, reach_of_loudest = speaker, reach_of_loudest, high
            elif high > reach_of_others:
                reach_of_others = high
        if end > reach:
            if end - reach > gap:
                gap = end - reach
            unlabelled += _inside(runs_begin, runs_end, runs, reach, end)
        found.speech.append(speech)
        found.gaps.append(gap)
        found.overlap.append(overlap)
        found.unlabelled.append(unlabelled)


def _inside(
    begun: list[Number], ended: list[Number], count: int, low: Number, high: Number
) -> Number:
    """How much of the span from ``low`` to ``high`` lies in one of ``count`` intervals."""
    covered = low - low
    place, beyond = 0, count  # which intervals end after low?
    while place < beyond:
        middle = (place + beyond) // 2
        if ended[middle] <= low:
            place = middle + 1
        else:
            beyond = middle
    while place < count and begun[place] < high:
        first = begun[place] if begun[place] > low else low
        last = ended[place] if ended[place] < high else high
        covered += last - first
        place += 1
    return covered
