"""The page of what the jobs took: time and memory by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from alm.report import charts
from alm.report.charts import Bar, Bars
from alm.text import counted, duration, memory

STEPS = {
    "shard": "list what each shard holds",
    "group": "bring the lines of each recording together",
    "prepare_shard": "make manifests of another format's recordings",
    "build": "find the candidate windows",
    "overlap": "remove near-duplicates",
    "merge_quarantine": "join the refused rows",
    "merge_output": "join the output, or list its shards",
    "what_if": "try other settings on some recordings",
    "stats": "add up the statistics",
    "recordings": "list all recordings, and draw some",
}
"""What the rules do, in words."""


class Job(NamedTuple):
    """A line of a benchmark file: seconds on the clock, and the most memory in MB, if seen."""

    seconds: float
    memory: float | None


class Rule(NamedTuple):
    """What all jobs of a rule took, in seconds and MB."""

    name: str
    step: str
    jobs: int
    together: float
    median: float
    longest: float
    memory: float

    @classmethod
    def of(cls, name: str, jobs: Sequence[Job]) -> Rule:
        """From the jobs of the rule ``name``, one or more."""
        seconds = [job.seconds for job in jobs]
        return cls(
            name=name,
            step=STEPS.get(name, ""),
            jobs=len(jobs),
            together=sum(seconds),
            median=median(seconds),
            longest=max(seconds),
            memory=max(job.memory or 0.0 for job in jobs),
        )


def runtime(jobs: Mapping[str, Sequence[Job]]) -> dict[str, object]:
    """The values of the page, from the jobs of each rule in the order of the workflow."""
    rules = [Rule.of(name, done) for name, done in jobs.items() if done]
    return {
        "rules": rules,
        "number": sum(rule.jobs for rule in rules),
        "seconds": sum(rule.together for rule in rules),
        "charts": {
            "time": _time(rules) if rules else None,
            "memory": _memory(rules) if rules else None,
        },
    }


def _time(rules: Sequence[Rule]) -> Bars:
    rows = [
        Bar(rule.name, rule.together, f"{duration(rule.together)} · {counted(rule.jobs, 'job')}")
        for rule in rules
    ]
    return charts.bars(rows)


def _memory(rules: Sequence[Rule]) -> Bars:
    rows = [Bar(rule.name, rule.memory, memory(rule.memory)) for rule in rules]
    return charts.bars(rows)
