"""The figures as a picture: time a row by the number of rows, memory by the size of the input."""

from __future__ import annotations

from pathlib import Path

import altair as alt

from bench.figures import Results

WIDTH, HEIGHT = 460, 280
COLORS = {"local": "#23708f", "ray_data": "#d98e3f", "xenna": "#7a9e4e"}
TEXT, MUTED, LINE = "#1b1f26", "#5d6572", "#c3cad3"


def draw(results: Results, path: Path) -> None:
    """Write the picture; a part that was not measured leaves its half out."""
    time = [
        {"x": x, "y": y, "backend": backend}
        for part in ("startup", "engines", "end_to_end", "scaling")
        if part in results
        for backend, points in results[part].series.items()
        for x, y in points
    ]
    memory = [
        {"x": x, "y": y, "backend": backend}
        for backend, points in (results["memory"].series if "memory" in results else {}).items()
        for x, y in points
    ]
    halves = []
    if time:
        about = "the whole run on two cores, start included, output written"
        halves.append(_lines(time, "Time a row", about, "rows", "ms a row", log=True))
    if memory:
        about = "resident memory of the largest process, rows of 1 kB to 1 MB"
        halves.append(_lines(memory, "Memory", about, "MB of manifest", "MB", log=False))
    if not halves:
        return
    picture = (
        alt.hconcat(*halves, spacing=44)
        .configure(background="white", padding=22, font="DejaVu Sans, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_title(fontSize=17, color=TEXT, subtitleFontSize=13, subtitleColor=MUTED)
        .configure_axis(
            labelFontSize=13,
            titleFontSize=13,
            labelColor=MUTED,
            titleColor=MUTED,
            titleFontWeight="normal",
            gridColor="#e8ebef",
            domainColor=LINE,
            tickColor=LINE,
        )
        .configure_legend(labelFontSize=13, labelColor=TEXT, titleFontSize=13)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, scale_factor=1.5)


def _lines(
    points: list[dict[str, object]], title: str, about: str, x: str, y: str, *, log: bool
) -> alt.Chart:
    scale = alt.Scale(type="log") if log else alt.Scale(zero=True)
    heading = alt.TitleParams(title, subtitle=about, anchor="start", offset=12)
    ticks = alt.Axis(format="~s", tickCount=5, labelFlush=False)
    return (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(point=alt.OverlayMarkDef(size=60), strokeWidth=2)
        .encode(
            x=alt.X("x:Q", title=x, scale=alt.Scale(type="log"), axis=ticks),
            y=alt.Y("y:Q", title=y, scale=scale, axis=alt.Axis(format="~s", tickCount=5)),
            color=alt.Color(
                "backend:N",
                title=None,
                scale=alt.Scale(domain=list(COLORS), range=list(COLORS.values())),
            ),
        )
        .properties(width=WIDTH, height=HEIGHT, title=heading)
    )
