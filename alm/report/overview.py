"""The first page: how much was kept, where the rest went, and what to do about it."""

from __future__ import annotations

from alm.report import charts
from alm.report.charts import Bar, Bars
from alm.statistics.outcome import (
    LOSSES,
    PARTS_OF_LOST_WIN,
    KeyFigure,
    Stats,
    key_figures,
    likely_cause,
    nothing_kept,
    outcome,
    wanted,
)
from alm.statistics.shares import share
from alm.statistics.survey import STOPS
from alm.statistics.trials import MEASURES
from alm.text import counted, duration, percent

_NO_SETTINGS = ("output_dir", "compare_with")
"""Two runs always differ in these."""
MOST_LEVERS = 12
"""That are shown, the best ones; ``stats.json`` has all."""


def overview(stats: Stats, other: tuple[str, Stats] | None = None) -> dict[str, object]:
    """The values of the page.

    Args:
        stats: the run.
        other: the folder of another run and its stats, to compare with.
    """
    title, lead = outcome(stats)
    tried = stats["what_if"]
    smells = {name: smell for name, smell in stats["smells"].items() if smell["count"]}
    return {
        "title": title,
        "lead": lead,
        "stats": stats,
        "figures": key_figures(stats),
        "other": other and other[0],
        "compared": _compared(stats, other[1]) if other else [],
        "changed": _changed(stats, other[1]) if other else [],
        "window": wanted(stats),
        "nothing_kept": nothing_kept(stats),
        "cause": likely_cause(stats) if nothing_kept(stats) else None,
        "levers": [each for each in tried if each["recommended"]][:MOST_LEVERS],
        "measures": [f"{name}_hours" for name in MEASURES],
        "tried": tried[0]["recordings"] if tried else 0,
        "all_tried": bool(tried) and tried[0]["rows"] == stats["entries"],
        "untold": sum(not each["enough"] for each in tried),
        "doubts": [smell for smell in smells.values() if "cause" in smell],
        "doubtful_settings": stats["doubtful_settings"],
        "oddities": [
            smell
            for name, smell in smells.items()
            if "cause" not in smell and name != "out_of_order"  # which is among the findings
        ],
        "charts": {"funnel": _funnel(stats), "losses": _losses(stats), "stops": _stops(stats)},
        "names_of_losses": LOSSES,
        "settings": {name: _setting(value) for name, value in stats["parameters"].items()},
    }


def _compared(stats: Stats, other: Stats) -> list[tuple[str, KeyFigure, KeyFigure, str]]:
    """The key figures of two runs, and the difference in words."""
    return [
        (ours.title, ours, theirs, _difference(ours.value, theirs.value))
        for ours, theirs in zip(key_figures(stats), key_figures(other), strict=True)
    ]


def _difference(ours: float, theirs: float) -> str:
    if ours == theirs:
        return "the same"
    return f"{100 * (ours / theirs - 1):+.1f} %" if theirs else "from nothing"


def _changed(stats: Stats, other: Stats) -> list[tuple[str, str, str]]:
    """The settings in which two runs differ, as they are here and there."""
    ours, theirs = stats["parameters"], other["parameters"]
    return [
        (name, *(_setting(each[name]) if name in each else "—" for each in (ours, theirs)))
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name) != theirs.get(name) and name not in _NO_SETTINGS
    ]


def _funnel(stats: Stats) -> Bars | None:
    """What is left after each step; None if there was no speech at all."""
    steps = stats["funnel"]
    speech = before = steps[0]["seconds"]
    if speech <= 0:
        return None
    rows = []
    for step in steps:
        seconds = max(0.0, step["seconds"])
        words = f"{duration(seconds)} · {percent(share(seconds, speech))}"
        rows.append(Bar(_sentence(step["step"]), seconds, words, before))
        before = seconds
    return charts.bars(rows)


def _losses(stats: Stats) -> Bars | None:
    """Starts that came to nothing, in numbers: their seconds are not those of audio lost."""
    lost, segments = stats["lost"], stats["audio"]["segments"]
    rows = [
        Bar(
            f"{'↳ ' if reason in PARTS_OF_LOST_WIN else ''}{LOSSES[reason]}",
            lost[reason],
            f"{counted(lost[reason], 'start')} · {percent(share(lost[reason], segments))}",
        )
        for reason in LOSSES
        if lost.get(reason)
    ]
    return charts.bars(rows) if rows else None


def _stops(stats: Stats) -> Bars | None:
    found = stats["distributions"]["stopped_by"]
    rows = [
        Bar(_sentence(STOPS[cause]), found[cause], counted(found[cause], "start"))
        for cause in sorted(found, key=lambda cause: -found[cause])
    ]
    return charts.bars(rows) if rows else None


def _setting(value: object) -> str:
    """A configured value as one would write it in YAML, but for long lists."""
    if isinstance(value, list):
        return ", ".join(map(str, value[:10])) + (f", … ({len(value)})" if len(value) > 10 else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
