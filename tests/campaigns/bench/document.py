"""The figures as text: a table on the terminal, and the tables of docs/performance.md."""

from __future__ import annotations

from pathlib import Path

from bench.figures import MACHINE, Figure, Part, Results, last_time

ABOUT = "Time a row by the number of rows, and memory by the size of the input"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"


def terminal(results: Results, last: Results) -> str:
    """A table for people: each figure, what it should reach, how it was last time."""
    lines = []
    for name, part in results.items():
        lines += ["", f"{part.title}  [{name}]"]
        for figure in part.figures:
            since = last_time(figure, last.get(name))
            goal, verdict = _goal(figure), _verdict(figure)
            lines.append(
                f"  {figure.name:46}{_value(figure):>18}  {goal:22}{verdict:8}{since}".rstrip()
            )
    return "\n".join(lines[1:])


def insert(path: Path, results: Results, picture: str) -> None:
    """Put picture and tables between the two marks of a document."""
    text = path.read_text()
    shown = f"![{ABOUT}]({picture})" if (path.parent / picture).exists() else ""
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise SystemExit(f"{path} has no place for the figures: {BEGIN} ... {END}")
    path.write_text(f"{before}{BEGIN}\n\n{_markdown(results, shown)}\n\n{END}{after}")


def _markdown(results: Results, shown: str) -> str:
    blocks = [f"Measured on {MACHINE}.", *filter(None, [shown])]
    for name, part in results.items():
        blocks += [f"### {part.title}", f"`make bench BENCH_ARGS={name}`", table(part)]
    return "\n\n".join(blocks)


def table(part: Part) -> str:
    """The figures of a part, in Markdown."""
    lines = ["| | measured | bound (aim) | |", "|---|---:|---|---|"]
    lines += [
        f"| {figure.name} | {_value(figure)} | {_goal(figure)} | {_verdict(figure)} |"
        for figure in part.figures
    ]
    return "\n".join(lines)


def _value(figure: Figure) -> str:
    value = figure.value
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{shown} {figure.unit}".rstrip()


def _goal(figure: Figure) -> str:
    sign = "≥" if figure.better == "more" else "≤"
    bound = "" if figure.bound is None else f"{sign} {figure.bound:g}"
    aim = "" if figure.aim is None else f"({figure.aim:g})"
    return f"{bound} {aim}".strip()


def _verdict(figure: Figure) -> str:
    return {None: "", True: "holds", False: "missed"}[figure.holds]
