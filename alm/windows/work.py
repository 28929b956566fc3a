"""How much work growing the windows of a row is, known before it is done.

Growing tries each start anew: in ordinary recordings a start looks at some dozens of segments, but
where thousands of them start at the same time, each looks at all others.
"""

from __future__ import annotations

from bisect import bisect_left

from alm.errors import RowError
from alm.params import WindowParams
from alm.rows.row import Number
from alm.rows.timeline import Timeline
from alm.text import count
from alm.windows.growth import NO_SPEAKER

MOST_STEPS = 200_000_000
"""Segments that all starts of a row together may look at: about a second of work, when compiled.
A recording of 8 hours in segments of a word each takes a tenth of it."""


MOST_PAIRS = 8_000_000_000
"""Of windows that overlap, each looked at by each selection: some seconds of work, when compiled. A
recording of a day in segments of a second has 6 billion with ``window_ends: any``."""


def check_work(columns: Timeline, params: WindowParams) -> None:
    """Refuse a row whose windows would take too long to grow.

    Raises:
        RowError: ``too_large``.
    """
    segments = len(columns.starts)
    if segments * (segments + 1) // 2 <= MOST_STEPS:
        return
    steps = steps_to_grow(columns, params)
    if steps > MOST_STEPS:
        raise RowError(
            "too_large",
            f"its {count(segments)} segments overlap so much that growing windows from them takes "
            f"{count(steps)} steps; a row may take {count(MOST_STEPS)}. Join neighbouring segments "
            "of one speaker, or split the recording",
        )


def check_pairs(starts: list[Number], ends: list[Number]) -> None:
    """Refuse a row with windows from which it would take too long to choose.

    Args:
        starts: when each candidate window starts, seconds.
        ends: when each ends, after its start.

    Raises:
        RowError: ``too_large``.
    """
    if len(starts) * (len(starts) - 1) // 2 <= MOST_PAIRS:
        return
    pairs = pairs_that_overlap(starts, ends)
    if pairs > MOST_PAIRS:
        raise RowError(
            "too_large",
            f"its {count(len(starts))} candidate windows overlap so much that choosing among them "
            f"takes {count(pairs)} comparisons; a row may take {count(MOST_PAIRS)}. Set "
            "window_ends = longest, join neighbouring segments of one speaker, or split the "
            "recording",
        )


def pairs_that_overlap(starts: list[Number], ends: list[Number]) -> int:
    """How many pairs of windows overlap, without looking at each of them."""
    ascending = sorted(starts)
    begun = sum(bisect_left(ascending, end) for end in ends)  # each window and all before it, too
    return begun - len(starts) * (len(starts) + 1) // 2


def steps_to_grow(columns: Timeline, params: WindowParams) -> int:
    """How many segments all starts together look at, each start's first and last included."""
    starts, ends, speakers = columns.starts, columns.ends, columns.speakers
    total = len(starts)
    steps = 0
    barrier = crowded = total  # where windows from here end, by bandwidth or label, and by speakers
    heard: dict[str, int] = {}
    # The segments from here on that end later than all before them, the nearest one last, and
    # their ends with the sign changed, which ascend.
    later: list[int] = []
    negated: list[int | float] = []
    for i in range(total - 1, -1, -1):
        speaker = speakers[i]
        if speaker == NO_SPEAKER or columns.bandwidths[i] < params.min_bandwidth:
            barrier = i
        if speaker:
            heard[speaker] = heard.get(speaker, 0) + 1
        while len(heard) > params.max_speakers:
            crowded -= 1
            if one := speakers[crowded]:
                heard[one] -= 1
                if not heard[one]:
                    del heard[one]
        while later and ends[later[-1]] <= ends[i]:
            later.pop()
            negated.pop()
        later.append(i)
        negated.append(-ends[i])
        place = bisect_left(negated, -(starts[i] + params.longest)) - 1
        too_far = later[place] if place >= 0 else total
        steps += min(barrier, crowded, too_far) - i + 1
    return steps
