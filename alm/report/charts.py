"""Figures -> Vega-Lite charts. They hold bins and totals, never a row each.

Colours are CSS variables of the page, so that the browser turns them light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import altair as alt
import vl_convert

from alm.units import duration, number, time_unit

ACCENT, FAINT, WARM = "var(--accent)", "var(--faint)", "var(--warm)"
TEXT, MUTED, LINE = "var(--text)", "var(--muted)", "var(--line)"

PLOT_HEIGHT = 190
"""Pixels."""

BAR_HEIGHT = 42
"""Pixels, with the name above it."""


class Bar(NamedTuple):
    """A bar of :func:`bars`: a name, a length, the same in words, and a comparison behind it."""

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


@cache
def library() -> str:
    """Vega, Vega-Lite and Vega-Embed, of the versions that altair writes for."""
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version))


def bars(rows: Sequence[Bar], description: str) -> dict[str, Any]:
    """Named amounts as horizontal bars, in the order given.

    The name stands above its bar, so that neither is cut however narrow the page is.
    """
    data = alt.InlineData(
        values=[{**row._asdict(), "behind": max(row.behind, row.value)} for row in rows]
    )
    base = alt.Chart(data).encode(y=alt.Y("name:N", sort=None, axis=None))
    scale = alt.Scale(domain=[0, max(max(row.value, row.behind) for row in rows) or 1])
    length = alt.X("value:Q", scale=scale, axis=None)
    tooltip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("words:N", title="amount")]
    behind = base.mark_bar(size=12, yOffset=11, color=FAINT, cornerRadius=2, tooltip=None).encode(
        x=alt.X("behind:Q", scale=scale, axis=None)
    )
    front = base.mark_bar(size=12, yOffset=11, color=ACCENT, cornerRadius=2).encode(
        x=length, tooltip=tooltip
    )
    names = base.mark_text(
        align="left", baseline="middle", dy=-7, color=TEXT, fontSize=13, limit=0
    ).encode(x=alt.value(0), text="name:N")
    words = base.mark_text(
        align="right", baseline="middle", dy=-7, color=MUTED, fontSize=13, limit=0
    ).encode(x=alt.value("width"), text="words:N")
    return _drawn([behind, front, names, words], BAR_HEIGHT * len(rows), description)


def columns(rows: Sequence[Column], description: str, title: str, amount: str) -> dict[str, Any]:
    """How often, or how much of, each named value occurred, in the order given.

    Args:
        rows: the columns.
        description: of the chart, for those who cannot see it.
        title: of the horizontal axis, with its unit.
        amount: what is counted; seconds are shown in a fitting unit, "of" what is counted.
    """
    values, y_title = _amounts([row.amount for row in rows], amount)
    data = [
        {"x": row.name, "amount": value, "words": words, "color": ACCENT if row.enough else FAINT}
        for row, (value, words) in zip(rows, values, strict=True)
    ]
    chart = (
        alt.Chart(alt.InlineData(values=data))
        .mark_bar(cornerRadiusEnd=2, width=alt.ExprRef("min(72, 0.8 * bandwidth('x'))"))
        .encode(
            x=alt.X("x:N", sort=None, title=title, axis=alt.Axis(labelAngle=0)),
            y=_vertical(y_title),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("x:N", title=title), alt.Tooltip("words:N", title="amount")],
        )
    )
    return _drawn([chart], PLOT_HEIGHT, description)


def histogram(
    bins: Sequence[Bin],
    description: str,
    title: str,
    amount: str,
    limits: Sequence[Limit] = (),
    domain: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """How often, or how much of, each range of values occurred.

    Args:
        bins: the bars; where two have the same range they are stacked.
        description: of the chart, for those who cannot see it.
        title: of the horizontal axis, with its unit.
        amount: as for :func:`columns`.
        limits: configured values to mark.
        domain: of the horizontal axis, if not that of bins and limits.
    """
    values, y_title = _amounts([bin_.amount for bin_ in bins], amount)
    data = [
        {
            "low": bin_.low,
            "high": bin_.high,
            "range": f"{number(bin_.low)} to {number(bin_.high)}",
            "amount": value,
            "words": words,
            "color": ACCENT if bin_.enough else FAINT,
        }
        for bin_, (value, words) in zip(bins, values, strict=True)
    ]
    if domain is None:
        edges = [edge for bin_ in bins for edge in bin_[:2]] + [limit.at for limit in limits]
        spare = 0.04 * (max(edges) - min(edges))
        domain = (min(edges) - spare, max(edges) + spare)
    x = alt.X(
        "low:Q",
        bin="binned",
        title=title,
        scale=alt.Scale(domain=list(domain), nice=False),
        axis=alt.Axis(tickCount=8, labelFlush=False),
    )
    chart = (
        alt.Chart(alt.InlineData(values=data))
        .mark_bar()
        .encode(
            x=x,
            x2="high:Q",
            y=_vertical(y_title),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("range:N", title=title), alt.Tooltip("words:N", title="amount")],
        )
    )
    layers = [chart]
    if limits:
        marks = [{**limit._asdict(), "align": _align(limit.at, *domain)} for limit in limits]
        marked = alt.Chart(alt.InlineData(values=marks))
        at = alt.X("at:Q")
        rule = marked.mark_rule(color=WARM, strokeDash=[4, 3]).encode(
            x=at, tooltip=[alt.Tooltip("name:N", title=" ")]
        )
        name = marked.mark_text(
            color=WARM, fontSize=12, baseline="bottom", dy=-4, align=alt.ExprRef("datum.align")
        ).encode(x=at, y=alt.value(0), text="name:N")
        layers += [rule, name]
    return _drawn(layers, PLOT_HEIGHT, description)


def _align(value: float, low: float, high: float) -> str:
    """How to place the name of a value above it, so that it stays inside of the chart."""
    share = (value - low) / (high - low)
    return "left" if share < 0.2 else "right" if share > 0.8 else "center"


def _amounts(values: Sequence[float], amount: str) -> tuple[list[tuple[float, str]], str]:
    """The heights of bars with the same in words, and the title of their axis."""
    if not amount.startswith("of "):
        return [(value, f"{value:,} {amount}") for value in values], amount
    length, unit = time_unit(max(values, default=0))
    return [(value / length, f"{duration(value)} {amount}") for value in values], f"{unit} {amount}"


def _vertical(title: str) -> alt.Y:
    axis = alt.Axis(tickCount=5, tickMinStep=1 if not title.endswith("speech") else alt.Undefined)
    return alt.Y("amount:Q", title=title, axis=axis)


def _drawn(layers: list[alt.Chart], height: int, description: str) -> dict[str, Any]:
    """Layers over each other, as wide as the page lets them and in its style."""
    style = alt.Config(
        background="transparent",
        font="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
        padding={"left": 0, "right": 8, "top": 4, "bottom": 6},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=MUTED,
            labelFontSize=12,
            titleColor=MUTED,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=8,
            gridColor=LINE,
            domainColor=LINE,
            tickColor=LINE,
        ),
        axisX=alt.AxisConfig(grid=False),
        axisY=alt.AxisConfig(domain=False, ticks=False),
    )
    chart = alt.LayerChart(
        layer=layers,
        width="container",
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        description=description,
        config=style,
    )
    specification: dict[str, Any] = chart.to_dict()
    return specification
