"""Figures -> Vega-Lite charts. They hold bins and totals, never rows.

A chart is the specification that Vega-Lite reads, see https://vega.github.io/vega-lite/docs/.
Colours are CSS variables of the page, so that the browser turns them light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from alm.text import counted, duration, number, time_unit

Chart: TypeAlias = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""

Bars: TypeAlias = list[dict[str, Any]]
"""What a template draws of :class:`Bar`: lengths in percent."""

VEGA_LITE = "6.4"
"""The version that draws the charts, one of those that vl-convert carries."""

ACCENT, FAINT, WARM = "var(--accent)", "var(--faint)", "var(--warm)"
TEXT, MUTED, LINE = "var(--text)", "var(--muted)", "var(--line)"

PLOT_HEIGHT = 190
"""Pixels."""

STYLE: Chart = {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "padding": {"left": 0, "right": 8, "top": 4, "bottom": 6},
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": 12,
        "titleColor": MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
}


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


def library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script. It takes a second or two to make."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE))


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
    values = [
        {
            "x": row.name,
            "amount": value,
            "words": words,
            "label": f"{title} {row.name}: {words}",
            "color": ACCENT if row.enough else FAINT,
        }
        for row, (value, words) in zip(rows, amounts, strict=True)
    ]
    layer: Chart = {
        "mark": {
            "type": "bar",
            "cornerRadiusEnd": 2,
            "width": {"expr": "min(72, 0.8 * bandwidth('x'))"},
        },
        "encoding": {
            "x": {**_nominal("x", title), "sort": None, "axis": {"labelAngle": 0}},
            "y": _vertical(y_title),
            "color": {**_nominal("color"), "scale": None},
            "tooltip": [_nominal("x", title), _nominal("words", "amount")],
            "description": _nominal("label"),
        },
    }
    return _drawn(values, [layer], PLOT_HEIGHT, description)


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
    values = [
        {
            "low": bin_.low,
            "high": bin_.high,
            "range": f"{number(bin_.low)} to {number(bin_.high)}",
            "amount": value,
            "words": words,
            "label": f"{title}, {number(bin_.low)} to {number(bin_.high)}: {words}",
            "color": ACCENT if bin_.enough else FAINT,
        }
        for bin_, (value, words) in zip(bins, amounts, strict=True)
    ]
    if domain is None:
        edges = [edge for bin_ in bins for edge in bin_[:2]] + [limit.at for limit in limits]
        spare = 0.04 * (max(edges) - min(edges))
        domain = (min(edges) - spare, max(edges) + spare)
    bar: Chart = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "low",
                "type": "quantitative",
                "bin": "binned",
                "title": title,
                "scale": {"domain": list(domain), "nice": False},
                "axis": {"tickCount": 8, "labelFlush": False},
            },
            "x2": {"field": "high"},
            "y": _vertical(y_title),
            "color": {**_nominal("color"), "scale": None},
            "tooltip": [_nominal("range", title), _nominal("words", "amount")],
            "description": _nominal("label"),
        },
    }
    layers = [bar]
    if limits:
        marks = [{**limit._asdict(), "align": _align(limit.at, *domain)} for limit in limits]
        at = {"field": "at", "type": "quantitative"}
        rule = {
            "data": {"values": marks},
            "mark": {"type": "rule", "color": WARM, "strokeDash": [4, 3]},
            "encoding": {
                "x": at,
                "tooltip": [_nominal("name", " ")],
                "description": _nominal("name"),
            },
        }
        name = {
            "data": {"values": marks},
            "mark": {
                "type": "text",
                "color": WARM,
                "fontSize": 12,
                "baseline": "bottom",
                "dy": -4,
                "align": {"expr": "datum.align"},
            },
            "encoding": {"x": at, "y": {"value": 0}, "text": _nominal("name")},
        }
        layers += [rule, name]
    return _drawn(values, layers, PLOT_HEIGHT, description)


def _align(value: float, low: float, high: float) -> str:
    """How to place the name of a value above it, so that it stays inside of the chart."""
    share = (value - low) / (high - low)
    return "left" if share < 0.2 else "right" if share > 0.8 else "center"


def _amounts(values: Sequence[float], amount: str) -> tuple[list[tuple[float, str]], str]:
    """The heights of bars with the same in words, and the title of their axis."""
    if not amount.startswith("of "):
        noun = amount.removesuffix("s")
        return [(value, counted(round(value), noun)) for value in values], amount
    length, unit = time_unit(max(values, default=0))
    return [(value / length, f"{duration(value)} {amount}") for value in values], f"{unit} {amount}"


def _nominal(field: str, title: str | None = None) -> Chart:
    named = {} if title is None else {"title": title}
    return {"field": field, "type": "nominal", **named}


def _vertical(title: str) -> Chart:
    whole = {} if title.endswith("speech") else {"tickMinStep": 1}
    axis = {"tickCount": 5, **whole}
    return {"field": "amount", "type": "quantitative", "title": title, "axis": axis}


def _drawn(values: list[Chart], layers: list[Chart], height: int, description: str) -> Chart:
    """Layers over each other, as wide as the page lets them and in its style."""
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.json",
        "data": {"values": values},
        "layer": layers,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "description": description,
        "config": STYLE,
    }
