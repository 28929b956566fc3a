# cython: boundscheck=False, wraparound=False
"""Grow a window from every segment of a row: SEMANTICS.md, "Building windows".

Each start grows its window anew, and most of one start's steps are those of the start before it:
that is cheap when compiled, and as plain as the rule itself.
"""

from __future__ import annotations

from alm.errors import RowError
from alm.params import WindowParams
from alm.rows.numbers import Integers
from alm.rows.row import SPEAKER, Number, Segment
from alm.rows.timeline import Timeline
from alm.text import counted
from alm.windows.candidates import Losses, Windows
from alm.windows.cuts import Cuts

NO_SPEAKER = "no-speaker"
"""The label by which diarizers mark speech that they could attribute to nobody."""

MOST_CANDIDATES = 2_000_000
"""With ``window_ends: any``, of a row: some 200 MB. A recording of 24 hours in segments of a second
has about as many at the default target and tolerance."""

NOBODY = -1
UNLABELLED = -2


class Growth:
    """What growing needs of a row, and what it finds.

    ``low_bandwidth``, ``few_speakers``, ``unlabelled`` and ``before_low_bandwidth`` are the starts
    that were lost for that reason; those that missed the duration are ``losses``, and those of
    them that ended at a gap ``beyond_gap``. ``lonely`` has, for each start lost to
    ``min_speakers``, how many speakers its window had.
    """

    def __init__(
        self,
        segments: list[Segment],
        places: list[int],
        columns: Timeline,
        params: WindowParams,
    ) -> None:
        count = len(segments)
        self.segments = segments
        self.starts = columns.starts
        self.ends = columns.ends
        self.speakers = number_speakers(columns.speakers)
        self.low = bytearray(count)
        self.cuts = Cuts(segments, places, params.dropped_segment_fields)
        self.truncation = params.truncation
        self.ends_anywhere = params.window_ends == "any"
        self.has_max_gap = params.max_gap is not None
        self.min_speakers = min(params.min_speakers, count + 1)
        self.max_speakers = min(params.max_speakers, count + 1)
        self.windows = windows = Windows([], [], [], [], [])
        self.losses = losses = Losses([], [], [], [], [])
        # The same lists under names that are quick to find, since every start appends to some.
        self._firsts, self._stops, self._cuts = windows.firsts, windows.stops, windows.cuts
        self._begins, self._reached = windows.starts, windows.ends
        self._lost_firsts, self._lost_stops = losses.firsts, losses.stops
        self._lost_cuts, self._seen, self._lasted = losses.cuts, losses.seen, losses.durations
        self.low_bandwidth: list[int] = []
        self.few_speakers: list[int] = []
        self.unlabelled: list[int] = []
        self.before_low_bandwidth: list[int] = []
        self.beyond_gap: list[int] = []
        self.lonely: list[int] = []
        self.truncation_events = 0
        self._look_at_bandwidths(columns.bandwidths, params.min_bandwidth)

    def _look_at_bandwidths(self, bandwidths: list[Number], min_bandwidth: float) -> None:
        for i in range(len(bandwidths)):
            if bandwidths[i] < min_bandwidth:
                self.low[i] = 1
                self.low_bandwidth.append(i)

    def _lose(self, first: int, stop: int, cut: int, duration: Number, at_gap: bool) -> None:
        """Note a window that missed the duration, and what its growing looked at last."""
        last = min(stop, len(self.segments) - 1)
        if at_gap:
            self.beyond_gap.append(first)
        elif self.speakers[last] == UNLABELLED or SPEAKER not in self.segments[last]:
            self.unlabelled.append(first)
        elif self.low[last]:
            self.before_low_bandwidth.append(first)
        self._lost_firsts.append(first)
        self._lost_stops.append(stop)
        self._lost_cuts.append(cut)
        self._seen.append(last)
        self._lasted.append(duration)

    def _keep(self, first: int, stop: int, cut: int, end: Number) -> None:
        """Note a candidate window.

        Raises:
            RowError: there are too many.
        """
        if self.ends_anywhere and len(self._firsts) >= MOST_CANDIDATES:
            raise _too_many()
        self._firsts.append(first)
        self._stops.append(stop)
        self._cuts.append(cut)
        self._begins.append(self.starts[first])
        self._reached.append(end)


def _too_many() -> RowError:
    return RowError(
        "too_large",
        f"window_ends = any finds more than {counted(MOST_CANDIDATES, 'candidate window')} in it. "
        "Set window_ends = longest or a smaller tolerance, join neighbouring segments of one "
        "speaker, or split the recording",
    )


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


def grow(
    segments: list[Segment], places: list[int], columns: Timeline, params: WindowParams
) -> Growth:
    """Grow a window from every segment.

    Args:
        segments: those of a row.
        places: where in the row each of them came, for messages.
        columns: their columns.
        params: see :class:`alm.params.WindowParams`.

    Raises:
        RowError: the words of a segment that is cut are malformed, or there are too many windows.
    """
    growth = Growth(segments, places, columns, params)
    shortest, longest = params.shortest, params.longest
    max_gap = 0.0 if params.max_gap is None else params.max_gap
    if (
        columns.floats
        and float(shortest) == shortest
        and float(longest) == longest
        and float(max_gap) == max_gap
    ):
        starts, ends = columns.start_doubles, columns.end_doubles
        shortest_double, longest_double = float(shortest), float(longest)
        max_gap_double = float(max_gap)
        _grow(growth, starts.at, ends.at, shortest_double, longest_double, max_gap_double)
    else:
        _grow(growth, columns.starts, columns.ends, shortest, longest, max_gap)
    return growth


def _grow(
    growth: Growth,
    starts: list[Number],
    ends: list[Number],
    shortest: Number,
    longest: Number,
    max_gap: Number,
) -> None:
    """Fill in what :class:`Growth` finds."""
    count = len(growth.segments)
    low, truncation = growth.low, growth.truncation
    ends_anywhere, has_max_gap = growth.ends_anywhere, growth.has_max_gap
    min_speakers, max_speakers = growth.min_speakers, growth.max_speakers
    speaker_numbers = Integers(growth.speakers)
    windows_heard_in = Integers(growth.speakers)  # a column more of the same length
    speakers, heard_in = speaker_numbers.at, windows_heard_in.at
    for i in range(count):
        heard_in[i] = -1
    cuts = growth.cuts
    for i in range(count):
        if low[i]:
            continue
        start = starts[i]
        reach = ends[i]
        talking = 0
        stop = i
        at_gap = False
        kept = False
        while stop < count:
            if has_max_gap and stop > i and starts[stop] - reach > max_gap:
                at_gap = True
                break
            speaker = speakers[stop]
            if low[stop] or speaker == UNLABELLED or ends[stop] - start > longest:
                break
            if speaker >= 0 and heard_in[speaker] != i:
                if talking == max_speakers:
                    break
                heard_in[speaker] = i
                talking += 1
            if ends[stop] > reach:
                reach = ends[stop]
            stop += 1
            if (
                ends_anywhere
                and stop - i > 1
                and talking >= min_speakers
                and ends[stop - 1] - start >= shortest
            ):
                growth._keep(i, stop, -1, growth.ends[stop - 1])
                kept = True

        last_end = growth.ends[stop - 1 if stop > i else i]
        end = ends[stop - 1 if stop > i else i]
        cut = -1
        may_cut = truncation and not at_gap and stop < count and not low[stop]
        if may_cut and ends[stop] - start > longest:
            limit = start + longest
            if starts[stop] < limit:
                growth.truncation_events += 1
                copy = cuts.cut(stop, limit)
                speaker = speakers[stop]
                is_new = speaker >= 0 and heard_in[speaker] != i
                if speaker != UNLABELLED and not (is_new and talking == max_speakers):
                    cut = count + copy
                    last_end = end = cuts.ends[copy]
                    talking += is_new

        if kept and cut < 0:
            continue  # its last step was kept as it was made
        duration = end - start
        if not shortest <= duration <= longest or stop - i + (cut >= 0) < 2:
            if not kept:
                growth._lose(i, stop, cut, duration, at_gap)
        elif talking >= min_speakers:
            growth._keep(i, stop, cut, last_end)
        elif not kept:
            growth.few_speakers.append(i)
            growth.lonely.append(talking)
