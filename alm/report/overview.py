"""The first page: how much was kept, where the rest went, and what to do about it."""

from __future__ import annotations

from alm.report import charts
from alm.report.charts import Bar, Chart
from alm.statistics.outcome import LOSSES, PARTS_OF_LOST_WIN, Stats, nothing_kept, outcome, wanted
from alm.statistics.shares import share
from alm.statistics.survey import STOPS
from alm.statistics.trials import MEASURES
from alm.text import counted, duration, percent

MOST_LEVERS = 12
"""That are shown, the best ones; ``stats.json`` has all."""


def overview(stats: Stats) -> dict[str, object]:
    """The values of the page."""
    title, lead = outcome(stats)
    tried = stats["what_if"]
    smells = {name: smell for name, smell in stats["smells"].items() if smell["count"]}
    return {
        "title": title,
        "lead": lead,
        "stats": stats,
        "window": wanted(stats),
        "nothing_kept": nothing_kept(stats),
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


def _funnel(stats: Stats) -> Chart | None:
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
    return charts.bars(rows, "Speech that is left after each step")


def _losses(stats: Stats) -> Chart | None:
    lost = stats["lost"]
    rows = [
        Bar(
            f"{'↳ ' if reason in PARTS_OF_LOST_WIN else ''}{LOSSES[reason]}",
            lost[f"dur_{reason}"],
            f"{counted(lost[reason], 'segment')} · {duration(lost[f'dur_{reason}'])}",
        )
        for reason in LOSSES
        if lost.get(reason)
    ]
    return charts.bars(rows, "Segments that started no window, by reason") if rows else None


def _stops(stats: Stats) -> Chart | None:
    found = stats["distributions"]["stopped_by"]
    rows = [
        Bar(_sentence(STOPS[cause]), found[cause], counted(found[cause], "start"))
        for cause in sorted(found, key=lambda cause: -found[cause])
    ]
    return charts.bars(rows, "Starts that reached no accepted length, by cause") if rows else None


def _setting(value: object) -> str:
    """A configured value as one would write it in YAML, but for long lists."""
    if isinstance(value, list):
        return ", ".join(map(str, value[:10])) + (f", … ({len(value)})" if len(value) > 10 else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
