"""Progress of a run on a terminal, and the summary at its end.

Jobs say in their logs how many of their chunks are done; the main process reads that, so it works
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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from alm.statistics.counters import LOSSES
from alm.statistics.outcome import nothing_kept, sample_note
from alm.text import count, counted, duration, percent, time_left

INTERVAL = 1.0
"""Seconds between two looks."""

_CHUNKS = re.compile(r"(?<!\d)(\d+) of (\d+) chunks written")
_HOST = re.compile(r"INFO started on ([^\s,]+)")
_HEAD_BYTES = 256
_TAIL_BYTES = 4096
_NAMED_HOSTS = 10
_BAR = 30


class Task(NamedTuple):
    """A job that counts: its share of the work, the file it leaves when done, and its log."""

    bytes: int
    done: Path
    log: Path


def fraction_done(task: Task) -> float:
    """How much of a task is done, 0 to 1."""
    if task.done.exists():
        return 1.0
    try:
        with task.log.open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - _TAIL_BYTES))
            found = _CHUNKS.findall(log.read().decode(errors="replace"))
    except FileNotFoundError:
        return 0.0
    return int(found[-1][0]) / int(found[-1][1]) if found else 0.0


class ProgressLine:
    """A line at the bottom of a terminal that is kept up to date by a thread."""

    def __init__(self, tasks: Sequence[Task], terminal: TextIO) -> None:
        self._tasks = tasks
        self._terminal = terminal
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Show the line, if the output is a terminal."""
        if self._terminal.isatty():
            self._thread.start()

    def stop(self) -> None:
        """Remove the line."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
            self._write("")

    def _run(self) -> None:
        total = sum(task.bytes for task in self._tasks) or 1
        began, before = time.monotonic(), None
        finished: set[Task] = set()
        while not self._stop.wait(INTERVAL):
            fractions = {
                task: 1.0 if task in finished else fraction_done(task) for task in self._tasks
            }
            finished = {task for task, fraction in fractions.items() if fraction == 1.0}
            now = sum(task.bytes * fraction for task, fraction in fractions.items()) / total
            before = now if before is None else before
            bar = "#" * round(now * _BAR)
            left = time_left(time.monotonic() - began, before, now)
            self._write(f"[{bar:-<{_BAR}}] {now:.0%} done, {left}")

    def _write(self, text: str) -> None:
        self._terminal.write(f"\r\033[K{text}")
        self._terminal.flush()


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
    audio = stats["audio"]
    largest = max(LOSSES, key=lambda reason: stats["lost"][f"dur_lost_{reason}"])
    lines = [
        f"{counted(stats['entries'], 'row')} of {counted(stats['manifests'], 'manifest')}, "
        f"{duration(audio['recording_dur'])} of recordings",
        f"{counted(stats['windows'], 'candidate window')}, {count(stats['filtered_windows'])} "
        f"kept: {duration(audio['kept_window_dur'])}, covering {duration(audio['kept_dur'])} "
        f"({percent(audio['yield'])} of the recordings), each second {audio['times_kept']:.2f} "
        "times on average",
    ]
    if note := sample_note(stats["parameters"].get("sample_fraction")):
        lines.insert(0, f"{note}; stats.json has estimates for all under sample")
    if seconds := stats["lost"][f"dur_lost_{largest}"]:
        lines.append(f"largest loss: lost_{largest}, {duration(seconds)} of segments")
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
        yield f"{nothing[:1].lower()}{nothing[1:]}; the report says why"
