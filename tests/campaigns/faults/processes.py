"""What runs below a process, what part of a run it is, and what outlives a run."""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import suppress

import psutil

PR_SET_CHILD_SUBREAPER = 36
SHARED_MEMORY = "/dev/shm"

SNAKEMAKE = "Snakemake"
"""The process that is started; the other kinds are told by their command lines."""

KINDS = {
    "job": ("/.snakemake/scripts/",),
    "keeper": ("alm.engines.driver /",),
    "driver": ("alm.engines.driver drive",),
    "GCS": ("gcs/gcs_server",),
    "raylet": ("raylet/raylet",),
    "Ray agent": ("ray::DashboardAgent", "ray::RuntimeEnvAgent", "/agent.py", "/main.py"),
    "Xenna actor": ("ray::StageWorker",),
    "Ray Data task": ("ray::Map(",),
    "Ray worker": ("ray::", "workers/default_worker.py"),
}
"""By what is in their command lines; the first kind that fits is it."""


def adopt_orphans() -> None:
    """Become the parent of what descendants leave behind, so that none can hide."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants() -> list[psutil.Process]:
    """All living processes that this one has started, at whatever remove, oldest first."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return sorted(found, key=lambda process: process.pid)


def title(process: psutil.Process) -> str:
    """Its command line; empty when it is gone."""
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


def kind_of(command: str) -> str | None:
    """What part of a run a process other than Snakemake itself is."""
    for kind, parts in KINDS.items():
        if any(part in command for part in parts):
            return kind
    return None


def of_kind(kind: str, main: int) -> list[psutil.Process]:
    """The living processes of one kind, in the run whose Snakemake is ``main``."""
    if kind == SNAKEMAKE:
        return [process for process in descendants() if process.pid == main]
    return [
        process
        for process in descendants()
        if process.pid != main and kind_of(title(process)) == kind
    ]


def end_orphans(seconds: float) -> list[str]:
    """The command lines of what still lives after so many seconds; it is ended then."""
    deadline = time.monotonic() + seconds
    while (left := descendants()) and time.monotonic() < deadline:
        _reap()
        time.sleep(0.05)
    orphans = [title(process) for process in left]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=120)
    _reap()
    return orphans


def shared_memory() -> set[str]:
    """The files of shared memory on this machine, whoever made them."""
    return {entry.path for entry in os.scandir(SHARED_MEMORY)}


def unused(paths: set[str]) -> set[str]:
    """Those that no living process has open or mapped: others use shared memory as well."""
    used = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            used |= {mapped.path for mapped in process.memory_maps()}
            used |= {file.path for file in process.open_files()}
    return paths - used


def _reap() -> None:
    """Collect the exit codes of adopted processes."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
