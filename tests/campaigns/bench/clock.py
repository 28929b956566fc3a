"""Time, CPU and memory of what runs: in this process, or in a tree of processes.

Pieces of work that are compared take turns, since the speed of a shared machine changes from one
minute to the next: within one round it hits all of them alike.
"""

from __future__ import annotations

import gc
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from helpers import ROOT

LOOK_SECONDS = 0.1
"""How often memory is looked at. The kernel keeps the peak of each process, so only what a process
takes just before it ends can be missed."""


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def cpu_in_turns(
    rounds: int, *works: Callable[[], object], after_each: Callable[[], object]
) -> list[list[float]]:
    """CPU seconds of each piece of work in each round: ``[[a, b], [a, b], ...]``.

    What is done ``after_each`` round is not counted.
    """
    found = []
    for _ in range(rounds):
        times = []
        for work in works:
            gc.collect()
            gc.freeze()  # what was prepared is no concern of the collector while the clock runs
            began = cpu()
            work()
            times.append(cpu() - began)
            gc.unfreeze()
        found.append(times)
        after_each()
    return found


@dataclass
class Run:
    """What a command took: seconds on the clock, CPU seconds, and the peak of each process."""

    seconds: float
    cpu: float
    memory: dict[str, float] = field(default_factory=dict)
    """Kind of process -> the most resident memory that one of them had, in MB (10**6 bytes)."""


def run(command: Sequence[str], folder: Path, *, watch: bool = False) -> Run:
    """Run a command in ``folder``; its output is shown only if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "bench.log"
    began, used = time.monotonic(), cpu()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            with _peaks(process.pid, watch) as peaks:
                process.wait()
        finally:
            _end_session(process.pid)
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(command)} failed:\n{log.read_text(errors='replace')[-4000:]}"
        )
    return Run(time.monotonic() - began, cpu() - used, peaks)


def _end_session(session: int) -> None:
    """Kill what a command has left: a bare Xenna leaves the monitors of its nodes behind."""
    for pid in psutil.pids():
        with suppress(OSError):  # it may be gone
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)


def workflow(folder: Path, *, cores: int = 2, watch: bool = False, **config: Any) -> Run:
    """Run the workflow on a ``manifest_path`` into ``folder/out``, from nothing."""
    snakefile, defaults = ROOT / "Snakefile", ROOT / "config" / "pipeline.yaml"
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile)]
    command += ["--cores", str(cores), "--configfile", str(defaults)]
    command += ["--config", "output_dir=out", *(f"{key}={value}" for key, value in config.items())]
    return run(command, folder, watch=watch)


@contextmanager
def _peaks(root: int, watch: bool) -> Iterator[dict[str, float]]:
    """The peak of each kind of process at and below ``root``, by looking again and again."""
    found: dict[str, float] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            for process in _tree(root):
                try:
                    # First: before it becomes another program, a new process has our memory.
                    kind = _kind(process.cmdline())
                    status = Path(f"/proc/{process.pid}/status").read_text()
                    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
                except (OSError, psutil.Error):
                    continue
                if peak and kind:
                    found[kind] = max(found.get(kind, 0.0), int(peak[1]) * 1024 / 1e6)

    thread = threading.Thread(target=look, daemon=True)
    if watch:
        thread.start()
    yield found
    over.set()
    if watch:
        thread.join()


def _tree(root: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(root)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _kind(command: Sequence[str]) -> str:
    """What a process is, from its command line: a job by its rule's script, a part of Ray."""
    text = " ".join(command)
    if job := re.search(r"/tmp\w+\.(\w+)\.py", text):
        return f"job {job[1]}"
    if "alm.engines.driver" in text:
        return "driver"
    if text.startswith("ray::"):
        return "ray worker"
    if command and (name := Path(command[0]).name) in ("raylet", "gcs_server"):
        return name
    if ray := re.search(r"ray/(?:_private|dashboard|autoscaler)/[\w/]*?(\w+)\.py", text):
        return f"ray {ray[1]}"
    return "snakemake" if "snakemake" in text else "other" if text else ""
