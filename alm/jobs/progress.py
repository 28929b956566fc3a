"""Progress of a run on a terminal, and the summary at its end.

Jobs say in their logs how many of their bytes are done; the main process reads that, so it works
the same for jobs on this machine and on others that share its files.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alm.jobs.terminal import Jobs, Terminal
from alm.statistics.outcome import likely_cause, nothing_kept, sample_note, speech_by_fate
from alm.text import amounts, count, counted, duration, percents, time_left

INTERVAL = 1.0
"""Seconds between two looks."""

LINE_INTERVAL = 60.0
"""The same where the output is no terminal, and each look leaves a line."""

JOB_WORK = 30_000_000
"""What starting and ending a job takes, as if it were bytes of manifest (measured: 2 s)."""

MERGE_WORK = 0.6
"""What copying the output takes, a byte of manifest, beside the 1 of a step (measured)."""

_DONE = re.compile(r"(?<!\d)(\d+) of (\d+) bytes (?:read|copied)")
_HOST = re.compile(r"INFO started on ([^\s,]+)")
_HEAD_BYTES = 256
_TAIL_BYTES = 4096
_NAMED_HOSTS = 10
_BAR = 30


class Task(NamedTuple):
    """A job that is to run: its number, its share of the work, and its log."""

    job: int
    work: float
    log: Path


def work_of(merges: bool, size: float, total: float, cores: int) -> float:
    """The work of a job, as time: bytes of manifest that one core works off meanwhile.

    Args:
        merges: whether the job copies the output of all shards, alone.
        size: the bytes of the shard of a job that has one; such jobs run side by side.
        total: the bytes of manifest whose output is copied.
        cores: of the run.
    """
    return JOB_WORK + MERGE_WORK * total if merges else (JOB_WORK + size) / cores


def fraction_done(log: Path, since: float) -> float:
    """How much of a job is done, 0 to 1, by what its log has said after a time."""
    try:
        with log.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mtime < since:
                return 0.0
            file.seek(max(0, status.st_size - _TAIL_BYTES))
            found = _DONE.findall(file.read().decode(errors="replace"))
    except OSError:
        return 0.0
    return min(1.0, int(found[-1][0]) / max(1, int(found[-1][1]))) if found else 0.0


class TimeLeft:
    """An estimate that falls with the clock, unless it turns out to have been far off."""

    MUCH = 1.25

    def __init__(self) -> None:
        self._end: float | None = None

    def __call__(self, elapsed: float, done: float) -> str:
        """The estimate in words, from seconds since the start and the share that is done."""
        if done <= 0:
            return "estimating the time left"
        end = elapsed / done
        left = 0.0 if self._end is None else self._end - elapsed
        if self._end is None or not 0 <= end - elapsed - left <= (self.MUCH - 1) * left:
            self._end = end
        return time_left(elapsed, 0, min(1.0, elapsed / self._end))


class Progress:
    """Says how far a run is, from a thread: at the bottom of a terminal, else in a line a minute.

    Args:
        terminal: where.
        jobs: what has become of them.
    """

    def __init__(self, terminal: Terminal, jobs: Jobs) -> None:
        self._terminal, self._jobs = terminal, jobs
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.tasks: list[Task] = []

    def start(self, tasks: Sequence[Task]) -> None:
        """Begin, with the jobs that are to run."""
        self.tasks = list(tasks)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Remove the line."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._terminal.show("")

    def done(self) -> int:
        """How many jobs are done."""
        return sum(task.job in self._jobs.done for task in self.tasks)

    def _run(self) -> None:
        since, began, left = time.time() - 1, time.monotonic(), TimeLeft()
        total = sum(task.work for task in self.tasks) or 1
        live = self._terminal.is_live
        while not self._stop.wait(INTERVAL if live else LINE_INTERVAL):
            now = sum(task.work * self._fraction(task, since) for task in self.tasks) / total
            words = (
                f"{now:.0%} done, {self.done()} of {counted(len(self.tasks), 'job')}, "
                f"{left(time.monotonic() - began, now)}"
            )
            if live:
                bar = "#" * round(now * _BAR)
                self._terminal.show(f"[{bar:-<{_BAR}}] {words}")
            else:
                self._terminal.say(words)

    def _fraction(self, task: Task, since: float) -> float:
        if task.job in self._jobs.done:
            return 1.0
        return fraction_done(task.log, since) if task.job in self._jobs.started else 0.0


def where_jobs_go(executor: str) -> str:
    """A line for the start of a run: Snakemake ignores a profile that it does not find."""
    host = socket.gethostname()
    return f"jobs run here, on {host}" if executor == "local" else f"jobs go to {executor}"


def where_jobs_ran(logs: str | Path, since: float) -> str:
    """A line for the end of a run: the hosts of the jobs that wrote a log at ``since`` or later."""
    hosts = sorted(Counter(_hosts(Path(logs), since)).items())
    named = [f"{host} ({jobs})" for host, jobs in hosts[:_NAMED_HOSTS]]
    if more := hosts[_NAMED_HOSTS:]:
        named.append(f"{counted(len(more), 'more host')} ({sum(jobs for _, jobs in more)})")
    return "jobs ran on: " + ", ".join(named)


def _hosts(logs: Path, since: float) -> Iterator[str]:
    for path in logs.rglob("*.log"):
        with path.open("rb") as log:
            if os.fstat(log.fileno()).st_mtime >= since:
                yield from _HOST.findall(log.read(_HEAD_BYTES).decode(errors="replace"))


def summarize_run(result: str | Path) -> str:
    """Summarize the result of a run in a few lines.

    Args:
        result: ``alm_output.jsonl`` or its index; ``stats.json`` lies beside it.

    Raises:
        FileNotFoundError: the run has no ``stats.json`` (yet).
    """
    folder = Path(result).parent
    stats: dict[str, Any] = json.loads((folder / "stats.json").read_bytes())
    lines = _where_the_audio_went(stats)
    if note := sample_note(stats["parameters"].get("sample_fraction")):
        lines.insert(0, f"{note}; stats.json has estimates for all under sample")
    lines += map("warning: {}".format, _warnings(stats))
    if stats["quarantined"]:
        rows = counted(stats["quarantined"], "row")
        lines.append(f"{rows} quarantined: {folder / 'quarantine.jsonl'}")
    lines += [
        f"output: {result}",
        f"report: {folder / 'report' / 'overview.html'}",
        f"provenance: {folder / 'provenance.json'}, checked by: python -m alm.verify {folder}",
    ]
    return "\n".join(lines)


def _where_the_audio_went(stats: dict[str, Any]) -> list[str]:
    """Wholes and their parts, which add up: the audio, the speech in it, the windows."""
    audio, windows = stats["audio"], counted(stats["windows"], "candidate window")
    rows = f"{counted(stats['entries'], 'row')} of {counted(stats['manifests'], 'manifest')}"
    kept, speech, total = stats["filtered_windows"], audio["speech_dur"], audio["recording_dur"]
    lines = [f"{rows}: {duration(total)} of audio, of that"]
    if total:
        covered = audio["kept_dur"]
        lines += _parts({"in kept windows": covered, "in none": max(0.0, total - covered)})
    if speech > 0:
        fates = {name: lost for name, lost in speech_by_fate(stats).items() if lost}
        lines += [f"{duration(speech)} of speech, of that", *_parts(fates)]
    lines.append(f"{windows}, {count(kept)} kept")
    if kept:
        lines[-1] += (
            f": {duration(audio['kept_window_dur'])} one by one, each second "
            f"{audio['times_kept']:.2f} times, of that"
        )
        names = {"speech": "window_speech_dur", "silence": "window_silence_dur"}
        lines += _parts({name: audio[key] for name, key in names.items()})
    return lines


def _parts(parts: Mapping[str, float]) -> list[str]:
    """A line for each part of a whole; both durations and shares add up as they are shown."""
    seconds = list(parts.values())
    shown = zip(parts, amounts(seconds)[1:], percents(seconds), strict=True)
    return [f"  {name:24} {length:>10} {share:>8}" for name, length, share in shown]


def _warnings(stats: dict[str, Any]) -> Iterator[str]:
    """What must not be overlooked: figures that cannot be right, and a run without a window."""
    yield from stats["doubtful_settings"]
    for smell in stats["smells"].values():
        if smell["count"] and "cause" in smell:
            yield f"{count(smell['count'])} {smell['meaning']}: {smell['cause']}"
    for finding in stats["diagnosis"]:
        if finding["loss"] == "out_of_order":
            what, _, _ = finding["finding"].partition(". ")
            yield f"{what}. {finding['action']}"
    if nothing := nothing_kept(stats):
        cause = likely_cause(stats)
        yield f"{nothing[:1].lower()}{nothing[1:]}" + (f". Likely cause: {cause}" if cause else "")
