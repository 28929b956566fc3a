"""Distributions of ``stats.json`` -> the few bars of a chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import cycle

from alm.report.charts import Bin, Column

MOST_BINS = 60
"""In one histogram; more are noise."""

MOST_COLUMNS = 16
"""In one chart of named columns, whose names need room."""

Counts = Mapping[str, float]
"""Amounts by bin, as in ``stats.json``."""


def ranges(
    counts: Counts, width: float, first: float, last: float, enough: float | None = None
) -> list[Bin]:
    """Bins from ``first`` to ``last``, joined into wider ones where they would be more than 60.

    What lies outside counts in the nearest bin, so that one wild value does not squeeze the rest.

    Args:
        counts: the amounts by the lower edges of their bins.
        width: of these bins.
        first: where the lowest bin may start.
        last: where the highest one may end.
        enough: bins that end at this value or below are not enough.
    """
    edges = {edge: min(max(float(edge), first), last - width) for edge in counts}
    if not edges:
        return []
    start, stop = min(edges.values()), max(edges.values()) + width
    wide = width * _step((stop - start) / width, MOST_BINS)
    joined: defaultdict[tuple[float, bool], float] = defaultdict(float)
    for edge, amount in counts.items():
        passes = enough is None or edges[edge] + width > enough
        joined[edges[edge] // wide * wide, passes] += amount
    return [
        Bin(low, low + wide, amount, passes) for (low, passes), amount in sorted(joined.items())
    ]


def whole_numbers(counts: Counts, first: int, last: int) -> list[Column]:
    """A column for each number from ``first`` to ``last``, or for ranges if there are many.

    Zero, which means "none", always gets its own column.
    """
    amounts = {int(number): amount for number, amount in counts.items()}
    if not amounts:
        return []
    first, last = min(first, *amounts), max(last, *amounts)
    step = _step(last - first + 1, MOST_COLUMNS)
    joined: defaultdict[int, float] = defaultdict(float)
    for number, amount in amounts.items():
        joined[_start(number, step)] += amount
    starts = sorted({_start(number, step) for number in range(first, last + 1)})
    return [
        Column(
            str(start) if start == 0 or step == 1 else f"{start}–{_end(start, step)}", joined[start]
        )
        for start in starts
    ]


def _start(number: int, step: int) -> int:
    """The first number of a range 1 to ``step`` and so on, or 0."""
    return (number - 1) // step * step + 1 if number > 0 else 0


def _end(start: int, step: int) -> int:
    return start + step - 1


def _step(bins: float, most: int) -> int:
    """How many bins to join into one, out of 1, 2, 5, 10, 20 and so on."""
    step, factors = 1, cycle((2, 2.5, 2))
    while bins > most * step:
        step = round(step * next(factors))
    return step
