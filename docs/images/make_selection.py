"""Draw docs/images/selection.png: hours that each step covers, of the tables in docs/selection.md.

python docs/images/make_selection.py
"""

import re
from pathlib import Path

import altair as alt

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "selection.md"

STEPS = {
    ("as in the file", "longest", "greedy"): "the reference",
    ("sorted", "longest", "greedy"): "the reference, sorted",
    ("sorted", "longest", "coverage"): "sorted, best choice",
    ("sorted", "any", "coverage"): "sorted, best choice, any ends",
}
BAR, FIRST, REST, TEXT, MUTED = "#23708f", "#1b1f26", "#e3e7ec", "#1b1f26", "#5d6572"


def corpora() -> list[tuple[str, list[dict[str, object]]]]:
    """Each corpus with the hours that each step covers at 0 %."""
    found = []
    for section in re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE):
        name, _, text = section.partition("\n")
        if not (length := re.search(r"([0-9.]+) h", name)):
            continue
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
        bars = []
        for (order, ends, choice), step in STEPS.items():
            for row in rows:
                if len(row) == 7 and row[:2] == [order, ends] and row[3] == "0":
                    column = {"greedy": 4, "coverage": 6}[choice]
                    hours = float(row[column].split(" / ")[2])
                    bars.append({"step": step, "hours": hours, "all": float(length[1])})
        found.append((name, bars))
    return found


def draw(name: str, bars: list[dict[str, object]]) -> alt.LayerChart:
    title = alt.TitleParams(name, anchor="start", frame="group", offset=10)
    base = alt.Chart(alt.InlineData(values=bars)).properties(width=760, height=34 * len(bars))
    steps = alt.Y("step:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False))
    hours = alt.X("hours:Q", title=None, axis=None)
    behind = base.mark_bar(color=REST).encode(x=alt.X("all:Q", axis=None), y=steps)
    is_first = alt.expr.indexof(alt.datum.step, "the reference") == 0
    front = base.mark_bar().encode(
        x=hours, y=steps, color=alt.condition(is_first, alt.value(FIRST), alt.value(BAR))
    )
    text = base.mark_text(align="right", dx=-8, color="white", fontWeight="bold", fontSize=13)
    shown = text.transform_calculate(words="format(datum.hours, '.1f') + ' h'")
    return (behind + front + shown.encode(x=hours, y=steps, text="words:N")).properties(title=title)


if __name__ == "__main__":
    charts = [draw(name, bars) for name, bars in corpora()]
    figure = (
        alt.vconcat(*charts, spacing=28)
        .configure(background="white", padding=22, font="DejaVu Sans, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_title(fontSize=16, color=TEXT)
        .configure_axis(labelFontSize=13, labelColor=MUTED, labelLimit=260)
    )
    figure.save(HERE / "selection.png", scale_factor=1.5)
