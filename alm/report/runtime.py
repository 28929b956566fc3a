"""The page of what the jobs took: time and memory by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from alm.report import charts
from alm.report.charts import Bar
from alm.report.html import Html, exact, table, tag
from alm.report.page import figure, page, section
from alm.text import count, counted, duration, memory

NOT_MEASURED = "No job was measured."

STEPS = {
    "shard": "note what each shard holds",
    "build": "find the candidate windows",
    "overlap": "remove near-duplicates",
    "merge_quarantine": "join the refused rows",
    "merge_output": "join the output, or list its shards",
    "stats": "add up the statistics",
    "chart_library": "make what draws the charts",
}
"""What the rules do, in words."""


class Job(NamedTuple):
    """A line of a benchmark file: seconds on the clock, and the most memory in MB, if seen."""

    seconds: float
    memory: float | None


def runtime(jobs: Mapping[str, Sequence[Job]], library: str) -> str:
    """The page ``runtime.html``.

    Args:
        jobs: those of each rule, in the order of the workflow.
        library: what draws the charts.
    """
    jobs = {rule: done for rule, done in jobs.items() if done}
    total = sum(job.seconds for done in jobs.values() for job in done)
    number = sum(map(len, jobs.values()))
    rules = tag("div", table(COLUMNS, map(_cells, jobs.items()), sortable=True), class_="panel")
    return page(
        "What the jobs took",
        f"{counted(number, 'job')}, {duration(total)} one after the other."
        if jobs
        else NOT_MEASURED,
        section("Time and memory", tag("div", _time(jobs), _memory(jobs), class_="grid")),
        section(
            "By rule",
            rules,
            about="Memory is looked at every few seconds, so a job that is over before the first "
            "look shows little or none.",
        ),
        library=library,
    )


COLUMNS = (
    ("Rule", False),
    ("What it does", False),
    ("Jobs", True),
    ("Together", True),
    ("Median", True),
    ("Longest", True),
    ("Most memory", True),
)


def _cells(item: tuple[str, Sequence[Job]]) -> tuple[object, ...]:
    rule, jobs = item
    seconds = [job.seconds for job in jobs]
    most = _most_memory(jobs)
    return (
        tag("code", rule, class_="name"),
        STEPS.get(rule, ""),
        exact(len(jobs), count(len(jobs))),
        *(exact(value, duration(value)) for value in (sum(seconds), median(seconds), max(seconds))),
        exact(most, memory(most)),
    )


def _time(jobs: Mapping[str, Sequence[Job]]) -> Html:
    rows = []
    for rule, done in jobs.items():
        seconds = sum(job.seconds for job in done)
        rows.append(Bar(rule, seconds, f"{duration(seconds)} · {counted(len(done), 'job')}"))
    return figure(
        "Which step took the time?",
        "All jobs of a rule together, as if one ran after the other.",
        charts.bars(rows, "Time of all jobs by rule") if rows else None,
        empty=NOT_MEASURED,
    )


def _memory(jobs: Mapping[str, Sequence[Job]]) -> Html:
    most = {rule: _most_memory(done) for rule, done in jobs.items()}
    rows = [Bar(rule, megabytes, memory(megabytes)) for rule, megabytes in most.items()]
    return figure(
        "Which step needed the memory?",
        "The job of the rule that needed most, with its child processes.",
        charts.bars(rows, "Most memory of a job by rule") if rows else None,
        empty=NOT_MEASURED,
    )


def _most_memory(jobs: Sequence[Job]) -> float:
    return max(job.memory or 0.0 for job in jobs)
