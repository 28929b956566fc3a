"""The figures as a picture: time a row by the number of rows, memory by the size of the input."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import altair as alt

from bench.figures import Part, Results

WIDTH, HEIGHT = 460, 280
COLORS = {
    "local": "#23708f",
    "ray_data": "#d98e3f",
    "xenna": "#7a9e4e",
    "the reference on Ray Data, nothing written": "#8b93a1",
}
TEXT, MUTED, LINE, GRID = "#1b1f26", "#5d6572", "#c3cad3", "#e8ebef"

REFERENCE = {
    "the reference on Ray Data, nothing written": [[5, 11_000], [2_000, 51.5], [10_000, 36.9]]
}
"""Rows and ms a row: see docs/performance.md."""


def draw(results: Results, path: Path) -> None:
    """Write the picture; without the parts that it shows, none."""
    measured = [
        results[name] for name in ("startup", "end_to_end", "engines", "scaling") if name in results
    ]
    halves = []
    if measured:
        about = [
            "whole runs on two cores, start included, output written",
            "10 rows: the shipped sample; more: the sample of the reference",
        ]
        points = [*_points(measured), *_points([Part("", series=REFERENCE)])]
        halves.append(
            _chart(points, "Time a row", about, "rows", "ms a row", alt.Scale(type="log"))
        )
    if "memory" in results:
        about = [
            "resident memory of the largest process",
            "rows of 1 kB to 1 MB; the bound is 400 MB",
        ]
        points = _points([results["memory"]])
        scale = alt.Scale(domain=[0, max(400, *(point["y"] for point in points))])
        halves.append(_chart(points, "Memory", about, "MB of manifest", "MB", scale))
    if not halves:
        return
    picture = (
        alt.hconcat(*halves, spacing=70, bounds="flush")
        .configure(background="white", padding=22, font="DejaVu Sans, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_title(fontSize=17, color=TEXT, subtitleFontSize=12, subtitleColor=MUTED)
        .configure_axis(
            labelFontSize=13,
            titleFontSize=13,
            labelColor=MUTED,
            titleColor=MUTED,
            titleFontWeight="normal",
            gridColor=GRID,
            domainColor=LINE,
            tickColor=LINE,
        )
        .configure_legend(labelFontSize=13, labelColor=TEXT, labelLimit=400, orient="bottom")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, scale_factor=1.5)


def _points(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [
        {"x": x, "y": y, "what": what}
        for part in parts
        for what, points in part.series.items()
        for x, y in points
    ]


def _chart(
    points: list[dict[str, Any]], title: str, about: list[str], x: str, y: str, scale: alt.Scale
) -> alt.Chart:
    heading = alt.TitleParams(title, subtitle=about, anchor="start", frame="group", offset=12)
    axis = alt.Axis(format=",~f", tickCount=5)
    colors = alt.Scale(domain=list(COLORS), range=list(COLORS.values()))
    return (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(point=alt.OverlayMarkDef(size=60), strokeWidth=2)
        .encode(
            x=alt.X("x:Q", title=x, scale=alt.Scale(type="log"), axis=axis),
            y=alt.Y("y:Q", title=y, scale=scale, axis=axis),
            color=alt.Color("what:N", title=None, scale=colors),
        )
        .properties(width=WIDTH, height=HEIGHT, title=heading)
    )
