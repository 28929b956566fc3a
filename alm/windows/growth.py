# cython: boundscheck=False, wraparound=False
"""Grow a window from every segment of a row: SEMANTICS.md, "Building windows".

Each start grows its window anew, and most of one start's steps are those of the start before it:
that is cheap when compiled, and as plain as the rule itself.
"""

from __future__ import annotations

from alm.params import WindowParams
from alm.rows.numbers import Doubles, Integers
from alm.rows.row import SPEAKER, Number, Segment
from alm.rows.timeline import Timeline
from alm.windows.candidates import Losses, Windows
from alm.windows.cuts import Cuts

NO_SPEAKER = "no-speaker"
"""The label by which diarizers mark speech that they could attribute to nobody."""

SPEAKERS_LISTED = 5

NOBODY = -1
UNLABELLED = -2


class Growth:
    """What growing needs of a row, and what it finds.

    ``low_bandwidth``, ``few_speakers``, ``unlabelled`` and ``before_low_bandwidth`` are the starts
    that were lost for that reason; those that missed the duration are ``losses``. ``lonely`` has,
    for each start lost to ``min_speakers``, how many speakers its window had.
    """

    def __init__(self, segments: list[Segment], columns: Timeline, params: WindowParams) -> None:
        count = len(segments)
        self.segments = segments
        self.starts = columns.starts
        self.ends = columns.ends
        self.speakers = number_speakers(columns.speakers)
        self.low = bytearray(count)
        self.cuts = Cuts(segments, params.dropped_segment_fields)
        self.truncation = params.truncation
        self.min_speakers = min(params.min_speakers, count + 1)
        self.max_speakers = min(params.max_speakers, count + 1)
        self.windows = windows = Windows([], [], [], [], [], [], [])
        self.losses = losses = Losses([], [], [], [], [])
        # The same lists under names that are quick to find, since every start appends to some.
        self._firsts, self._stops, self._cuts = windows.firsts, windows.stops, windows.cuts
        self._begins, self._reached = windows.starts, windows.ends
        self._talkers, self._talk = windows.speakers, windows.talk
        self._lost_firsts, self._lost_stops = losses.firsts, losses.stops
        self._lost_cuts, self._seen, self._lasted = losses.cuts, losses.seen, losses.durations
        self.low_bandwidth: list[int] = []
        self.few_speakers: list[int] = []
        self.unlabelled: list[int] = []
        self.before_low_bandwidth: list[int] = []
        self.lonely: list[int] = []
        self.truncation_events = 0
        self._look_at_bandwidths(columns.bandwidths, params.min_bandwidth)

    def _look_at_bandwidths(self, bandwidths: list[Number], min_bandwidth: float) -> None:
        for i in range(len(bandwidths)):
            if bandwidths[i] < min_bandwidth:
                self.low[i] = 1
                self.low_bandwidth.append(i)

    def _lose(self, first: int, stop: int, cut: int, duration: Number) -> None:
        """Note a window that missed the duration, and what its growing looked at last."""
        last = min(stop, len(self.segments) - 1)
        if self.speakers[last] == UNLABELLED or SPEAKER not in self.segments[last]:
            self.unlabelled.append(first)
        elif self.low[last]:
            self.before_low_bandwidth.append(first)
        self._lost_firsts.append(first)
        self._lost_stops.append(stop)
        self._lost_cuts.append(cut)
        self._seen.append(last)
        self._lasted.append(duration)

    def _keep(
        self, first: int, stop: int, cut: int, end: Number, talking: int, talk: list[Number]
    ) -> None:
        """Note a candidate window."""
        self._firsts.append(first)
        self._stops.append(stop)
        self._cuts.append(cut)
        self._begins.append(self.starts[first])
        self._reached.append(end)
        self._talkers.append(talking)
        self._talk.append(talk)


def number_speakers(speakers: list[str | None]) -> list[int]:
    """Speakers as integers from 0, in the order in which they first speak."""
    known = {NO_SPEAKER: UNLABELLED}
    numbers = []
    for speaker in speakers:
        number = NOBODY
        if speaker:
            number = known.get(speaker, NOBODY)
            if number == NOBODY:
                number = known[speaker] = len(known) - 1
        numbers.append(number)
    return numbers


def grow(segments: list[Segment], columns: Timeline, params: WindowParams) -> Growth:
    """Grow a window from every segment.

    Args:
        segments: those of a row.
        columns: their columns.
        params: see :class:`alm.params.WindowParams`.

    Raises:
        RowError: the words of a segment that is cut are malformed.
    """
    growth = Growth(segments, columns, params)
    shortest, longest = params.shortest, params.longest
    if columns.floats and float(shortest) == shortest and float(longest) == longest:
        starts, ends = columns.start_doubles, columns.end_doubles
        room = Doubles(columns.starts)
        shortest_double, longest_double = float(shortest), float(longest)
        _grow(growth, starts.at, ends.at, room.at, shortest_double, longest_double)
    else:
        _grow(growth, columns.starts, columns.ends, columns.starts.copy(), shortest, longest)
    return growth


def _grow(
    growth: Growth,
    starts: list[Number],
    ends: list[Number],
    seconds: list[Number],
    shortest: Number,
    longest: Number,
) -> None:
    """Fill in what :class:`Growth` finds; ``seconds`` is room for a sum a speaker."""
    count = len(growth.segments)
    low, truncation = growth.low, growth.truncation
    min_speakers, max_speakers = growth.min_speakers, growth.max_speakers
    speaker_numbers = Integers(growth.speakers)
    # Two columns more of the same length, to be filled here.
    windows_heard_in, room_for_heard = Integers(growth.speakers), Integers(growth.speakers)
    speakers, heard_in, heard = speaker_numbers.at, windows_heard_in.at, room_for_heard.at
    for i in range(count):
        heard_in[i] = -1
    cuts = growth.cuts
    for i in range(count):
        if low[i]:
            continue
        start = starts[i]
        talking = 0
        stop = i
        while stop < count:
            speaker = speakers[stop]
            if low[stop] or speaker == UNLABELLED or ends[stop] - start > longest:
                break
            if speaker >= 0:
                if heard_in[speaker] != i:
                    if talking == max_speakers:
                        break
                    heard_in[speaker] = i
                    seconds[speaker] = 0
                    heard[talking] = speaker
                    talking += 1
                seconds[speaker] += ends[stop] - starts[stop]
            stop += 1

        last_end = growth.ends[stop - 1 if stop > i else i]
        end = ends[stop - 1 if stop > i else i]
        cut = -1
        if stop < count and truncation and not low[stop] and ends[stop] - start > longest:
            limit = start + longest
            if starts[stop] < limit:
                growth.truncation_events += 1
                copy = cuts.cut(stop, limit)
                speaker = speakers[stop]
                is_new = speaker >= 0 and heard_in[speaker] != i
                if speaker != UNLABELLED and not (is_new and talking == max_speakers):
                    cut = count + copy
                    last_end = end = cuts.ends[copy]
                    if is_new:
                        heard_in[speaker] = i
                        seconds[speaker] = 0
                        heard[talking] = speaker
                        talking += 1
                    if speaker >= 0:
                        seconds[speaker] += end - starts[stop]

        duration = end - start
        if not shortest <= duration <= longest or stop - i + (cut >= 0) < 2:
            growth._lose(i, stop, cut, duration)
        elif talking < min_speakers:
            growth.few_speakers.append(i)
            growth.lonely.append(talking)
        else:
            talk = _largest(seconds, heard, talking)
            growth._keep(i, stop, cut, last_end, talking, talk)


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
    talk: list[Number] = [0.0, 0.0, 0.0, 0.0, 0.0]
    for k in range(min(talking, SPEAKERS_LISTED)):
        talk[k] = seconds[heard[k]]
    return talk
