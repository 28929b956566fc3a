# cython: boundscheck=False, wraparound=False
"""The best set of windows no two of which are in conflict: SELECTION.md, ``total``, ``coverage``.

Windows in the order of their spans are nodes, and a set without conflict is a path: if neighbours
are not in conflict, no two are. So the best set is a longest path, exactly. From the last window to
the first: the best path that begins with a window goes on with one that overlaps it, and these are
looked at one by one, or with any later one, and of these the best is known.

Sums are of whole microseconds. Doubles hold them exactly up to 2**53; where they could be larger,
or a time is no double, Python's own numbers are used.
"""

from __future__ import annotations

from alm.rows.numbers import Doubles, Integers, all_floats, microseconds
from alm.rows.row import Number
from alm.windows.overlap import in_order

_EXACT = 2**53


class Paths:
    """Windows of a row as a graph, for one choice or more.

    Args:
        starts: when each window starts, in window order (seconds).
        ends: when each ends, after its start.
        target: seconds; see :meth:`best`.
    """

    def __init__(self, starts: list[Number], ends: list[Number], target: Number) -> None:
        self.order = order = _first_of_each_span(starts, ends, in_order(starts, ends))
        if len(order) < len(starts) or order != list(range(len(order))):
            starts, ends = [starts[k] for k in order], [ends[k] for k in order]
        self.starts = starts
        self.ends = ends
        self.target = target
        self.following = Integers([-1] * len(order))
        if not (all_floats(starts) and all_floats(ends)):
            doubles = list(map(float, starts)), list(map(float, ends))
            if doubles == (starts, ends):  # whole numbers that a double holds as well
                starts, ends = doubles
        self.exact = (
            all_floats(starts)
            and all_floats(ends)
            and _most_microseconds(starts, ends, float(target)) < _EXACT
        )
        # Room for three sums of each path.
        self.start_doubles = Doubles(starts if self.exact else [])
        self.end_doubles = Doubles(ends if self.exact else [])
        self.gains = Doubles(starts if self.exact else [])
        self.seconds = Doubles(starts if self.exact else [])
        self.thirds = Doubles(starts if self.exact else [])

    def best(self, threshold: float, covering: bool) -> list[int]:
        """The set of windows with the largest sum of durations, or that covers most.

        Args:
            threshold: the smallest ratio of shared time to the shorter duration at which two
                windows are in conflict, 0 to 1.
            covering: count each second once, whatever number of windows it is in; between equals,
                fewer repeated seconds are better. Between equals in that, durations near the
                target are.

        Returns:
            Their numbers, in the order of their spans. Between sets that are equal in all of that
            the first one, windows numbered in the order of start, end and number.
        """
        nothing, no_seconds = 0, 0.0
        count = len(self.order)
        if self.exact:
            target_double = float(self.target)
            best = _best_paths(
                self.start_doubles.at, self.end_doubles.at, self.gains.at, self.seconds.at,
                self.thirds.at, self.following, count, threshold, target_double, no_seconds,
                covering,
            )  # fmt: skip
        else:
            starts, ends, target = self.starts, self.ends, self.target
            best = _best_paths(
                starts, ends, starts.copy(), starts.copy(), starts.copy(), self.following, count,
                threshold, target, nothing, covering,
            )  # fmt: skip
        return _path(self.order, self.following, best)


def _first_of_each_span(starts: list[Number], ends: list[Number], order: list[int]) -> list[int]:
    """Of windows with one span only the first can stay: they are in conflict, and equally good."""
    firsts = order[:1]
    for place in range(1, len(order)):
        before, k = order[place - 1], order[place]
        if starts[k] != starts[before] or ends[k] != ends[before]:
            firsts.append(k)
    return firsts


def _most_microseconds(starts: list[float], ends: list[float], target: float) -> float:
    """What no sum of durations, or of distances from the target, is larger than."""
    longest = 0.0
    for k in range(len(starts)):
        duration = ends[k] - starts[k]
        if duration > longest:
            longest = duration
    return (longest + target) * 1e6 * (len(starts) + 1)


def _best_paths(
    starts: list[Number],
    ends: list[Number],
    gains: list[Number],
    seconds: list[Number],
    thirds: list[Number],
    following: Integers,
    count: int,
    threshold: float,
    target: Number,
    nothing: Number,
    covering: bool,
) -> int:
    """For each window, the best path that begins with it: its three sums, and what comes next.

    Returns:
        The window with which the best path of all begins, -1 without windows.
    """
    after = following.at
    beginnings = Integers([-1] * (count + 1))
    best_from = beginnings.at  # of the paths that begin with this window or a later one, the best
    for i in range(count - 1, -1, -1):
        start_i, end_i = starts[i], ends[i]
        duration_i = end_i - start_i
        later, beyond = i + 1, count  # which start when this one has ended?
        while later < beyond:
            middle = (later + beyond) // 2
            if starts[middle] < end_i:
                later = middle + 1
            else:
                beyond = middle
        chosen = best_from[later]
        gain = gains[chosen] if chosen >= 0 else nothing
        second = seconds[chosen] if chosen >= 0 else nothing
        third = thirds[chosen] if chosen >= 0 else nothing
        # At 0 % all that overlap are in conflict, and so are those that start together, always.
        j = later - 1 if threshold > 0 else i
        while j > i and starts[j] > start_i:
            if gains[j] >= gain:
                start_j, end_j = starts[j], ends[j]
                duration_j = end_j - start_j
                shared = (end_j if end_j < end_i else end_i) - start_j
                shorter = duration_j if duration_j < duration_i else duration_i
                if shorter <= 0 or shared / shorter < threshold:
                    gain_j = gains[j]
                    if covering:
                        gain_j -= microseconds(end_i - start_j)
                    if gain_j > gain or (
                        gain_j == gain
                        and (seconds[j] > second or (seconds[j] == second and thirds[j] >= third))
                    ):
                        chosen = j
                        gain, second, third = gain_j, seconds[j], thirds[j]
            j -= 1
        lasting = microseconds(duration_i)
        missing = microseconds(abs(float(duration_i) - target))
        gains[i] = gain + lasting
        seconds[i] = second - (lasting if covering else missing)
        thirds[i] = third - missing if covering else third
        after[i] = chosen
        best = best_from[i + 1]
        if best < 0 or not _is_better(gains, seconds, thirds, best, i):
            best = i
        best_from[i] = best
    return best_from[0]


def _is_better(
    gains: list[Number], seconds: list[Number], thirds: list[Number], one: int, other: int
) -> bool:
    if gains[one] != gains[other]:
        return gains[one] > gains[other]
    if seconds[one] != seconds[other]:
        return seconds[one] > seconds[other]
    return thirds[one] > thirds[other]


def _path(order: list[int], following: Integers, first: int) -> list[int]:
    after = following.at
    path = []
    while first >= 0:
        path.append(order[first])
        first = after[first]
    return path
