"""Figures -> charts. They hold bins and totals, never rows; ``static/draw.js`` draws them.

A chart has bars, along an axis of numbers or each under its name, and limits that are marked.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from alm.text import counted, duration, number, time_unit

Chart: TypeAlias = dict[str, Any]
"""What the script draws: the titles of both axes, the ``domain`` of the horizontal one (null where
bars have names), bars with what is said of them, and limits."""

Bars: TypeAlias = list[dict[str, Any]]
"""What a template draws of :class:`Bar`: lengths in percent."""


FEWEST_BINS = 8
"""That a chart has room for: a single one does not fill it."""


class Bar(NamedTuple):
    """A bar of :func:`bars`: a name, a length, its text, and an amount to compare it with."""

    name: str
    value: float
    words: str
    behind: float = 0.0


class Column(NamedTuple):
    """A column of :func:`columns`; not ``enough`` are those that a configured limit refuses."""

    name: str
    amount: float
    enough: bool = True


class Bin(NamedTuple):
    """A bar of :func:`histogram`, over values from ``low`` up to ``high``."""

    low: float
    high: float
    amount: float
    enough: bool = True


class Limit(NamedTuple):
    """A configured value, marked in a histogram."""

    at: float
    name: str


def bars(rows: Sequence[Bar]) -> Bars:
    """Named amounts as horizontal bars, in the order given; a page needs no script for them."""
    longest = max((max(row.value, row.behind) for row in rows), default=0) or 1
    if not all(math.isfinite(row.value) for row in rows):
        raise ValueError("a bar has no length")
    return [
        {
            "name": row.name,
            "words": row.words,
            "value": row.value,
            "front": round(100 * row.value / longest, 2),
            "behind": round(100 * max(row.behind, row.value) / longest, 2),
        }
        for row in rows
    ]


def columns(rows: Sequence[Column], description: str, title: str, amount: str) -> Chart:
    """How often, or how much of, each named value occurred, in the order given.

    Args:
        rows: the columns.
        description: of the chart, for those who cannot see it.
        title: of the horizontal axis, with its unit.
        amount: what is counted; seconds are shown in a fitting unit, "of" what is counted.
    """
    amounts, y_title = _amounts([row.amount for row in rows], amount)
    shown = [
        {"name": row.name, "amount": value, "base": 0, "words": words, "enough": row.enough}
        for row, (value, words) in zip(rows, amounts, strict=True)
    ]
    return _chart(shown, description, title, y_title)


def histogram(
    bins: Sequence[Bin],
    description: str,
    title: str,
    amount: str,
    limits: Sequence[Limit] = (),
    domain: tuple[float, float] | None = None,
) -> Chart:
    """How often, or how much of, each range of values occurred.

    Args:
        bins: the bars; where two have the same range they are stacked.
        description: of the chart, for those who cannot see it.
        title: of the horizontal axis, with its unit.
        amount: as for :func:`columns`.
        limits: configured values to mark.
        domain: of the horizontal axis, if not that of bins and limits.
    """
    amounts, y_title = _amounts([bin_.amount for bin_ in bins], amount)
    stacked: defaultdict[float, float] = defaultdict(float)
    shown = []
    for bin_, (value, words) in zip(bins, amounts, strict=True):
        shown.append(
            {
                "name": f"{number(bin_.low)} to {number(bin_.high)}",
                "low": bin_.low,
                "high": bin_.high,
                "amount": value,
                "base": stacked[bin_.low],
                "words": words,
                "enough": bin_.enough,
            }
        )
        stacked[bin_.low] += value
    domain = domain or _around(bins, limits)
    return _chart(shown, description, title, y_title, limits, domain)


def _around(bins: Sequence[Bin], limits: Sequence[Limit]) -> tuple[float, float]:
    """What a chart shows of its axis: all bins and limits, and at least the room of a few bins."""
    edges = [edge for bin_ in bins for edge in bin_[:2]] + [limit.at for limit in limits]
    low, high = min(edges), max(edges)
    widest = max((bin_.high - bin_.low for bin_ in bins), default=1.0)
    spare = max(0.04 * (high - low), (FEWEST_BINS * widest - (high - low)) / 2)
    return (low - spare if low < 0 else max(0.0, low - spare)), high + spare


def _chart(
    shown: Bars,
    description: str,
    title: str,
    y_title: str,
    limits: Sequence[Limit] = (),
    domain: tuple[float, float] | None = None,
) -> Chart:
    return {
        "description": description,
        "x": title,
        "y": y_title,
        "whole": not y_title.endswith("speech"),
        "domain": domain,
        "bars": shown,
        "limits": [limit._asdict() for limit in limits],
    }


def _amounts(values: Sequence[float], amount: str) -> tuple[list[tuple[float, str]], str]:
    """The heights of bars with the same in words, and the title of their axis."""
    if not amount.startswith("of "):
        noun = amount.removesuffix("s")
        return [(value, counted(round(value), noun)) for value in values], amount
    length, unit = time_unit(max(values, default=0))
    return [(value / length, f"{duration(value)} {amount}") for value in values], f"{unit} {amount}"
