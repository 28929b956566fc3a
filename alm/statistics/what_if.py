"""What was tried on a sample -> what it would bring to the whole run, and what to recommend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from alm.statistics.estimate import Sample, estimate
from alm.statistics.trials import MEASURES

HELPING = ("kept", "covered")
"""Of the measures: more of them is better."""


class Known(NamedTuple):
    """Of the whole run: its rows, the seconds of its recordings, and the :data:`MEASURES`."""

    rows: int
    length: float
    seconds: Mapping[str, float]


class Tried(NamedTuple):
    """Of the sample: its rows and recordings, and for each lever the differences by recording,
    and what it keeps in all, both in seconds."""

    rows: int
    sample: Sample
    differences: Sequence[Mapping[str, Sequence[float]]]
    sums: Sequence[Mapping[str, float]]


def judge(levers: Sequence[dict[str, Any]], tried: Tried, known: Known) -> list[dict[str, Any]]:
    """What each lever would bring to the run, best first.

    Recommended is what keeps and covers more at the low end of its interval already.

    Args:
        levers: the parameters that each changes.
        tried: what came of that on the sample.
        known: the run.
    """
    judged = [
        _judge(lever, differences, sums, tried, known)
        for lever, differences, sums in zip(levers, tried.differences, tried.sums, strict=True)
    ]
    judged.sort(
        key=lambda each: (
            not each["recommended"],
            *(-_gain(each[name], "after") for name in ("covered_hours", "kept_hours")),
        )
    )
    return judged


def _judge(
    lever: dict[str, Any],
    differences: Mapping[str, Sequence[float]],
    sums: Mapping[str, float],
    tried: Tried,
    known: Known,
) -> dict[str, Any]:
    hours, enough = {}, True
    for name in MEASURES:
        found = estimate(differences[name], tried.sample)
        before = known.seconds[name]
        after, low, high = (
            max(0.0, before + each) for each in (found.difference, found.low, found.high)
        )
        if tried.sample.share >= 1:
            after = low = high = sums[name]
        if name in HELPING:
            enough = enough and found.enough
        hours[f"{name}_hours"] = {
            "before": before / 3600,
            "after": after / 3600,
            "low": low / 3600,
            "high": high / 3600,
        }
    changed = sum(any(values) for values in zip(*differences.values(), strict=True))
    recommended = enough and all(_gain(hours[f"{name}_hours"], "low") > 0 for name in HELPING)
    return {
        "parameters": lever,
        "config": config_lines(lever),
        "recommended": recommended,
        "enough": enough,
        **hours,
        "rows": tried.rows,
        "recordings": len(tried.sample.lengths),
        "changed": changed,
    }


def _gain(hours: Mapping[str, float], end: str) -> float:
    return hours[end] - hours["before"]


def config_lines(parameters: Mapping[str, Any]) -> str:
    """Parameters as lines of a configuration file."""
    return yaml.safe_dump(dict(parameters), sort_keys=False).strip()


def extrapolate(
    of_sample: float, values: Sequence[float], rows: Sequence[float], drawn: int, times: float
) -> dict[str, Any]:
    """A figure of a preview -> that of all its manifests' recordings, with a 95 % interval.

    Where too few recordings tell, there is no interval.

    Args:
        of_sample: the figure.
        values: of each recording that was looked at.
        rows: how many rows each of them has.
        drawn: rows of the preview.
        times: how many times as many rows there are in all.
    """
    estimated = of_sample * times
    looked_at = sum(values)
    if times <= 1 or looked_at <= 0:
        return {"of_sample": of_sample, "estimated": estimated, "low": None, "high": None}
    # Relative to what was looked at, which may be less than what the preview was made with.
    spread = estimate(values, Sample(rows, times * sum(rows), 1 / times, 0.0))
    narrowed = estimated / spread.difference * min(1.0, (sum(rows) / max(drawn, 1)) ** 0.5)
    return {
        "of_sample": of_sample,
        "estimated": estimated,
        "low": estimated + narrowed * (spread.low - spread.difference) if spread.enough else None,
        "high": estimated + narrowed * (spread.high - spread.difference) if spread.enough else None,
    }
