"""Engines: where the chunks of a shard are worked on.

An engine maps one function over a few small chunks and moves no data: a chunk says what to read
and where to write, the function does both in the worker, and what comes back is a small summary.
So every engine gives the same bytes, and the choice between them is one of plumbing.

`local` works in the calling process. The others run in a separate process, the driver: it starts or
joins a Ray, and if it or its Ray dies, everyone who is waiting for it gets an error. A run on one
machine shares one driver among its jobs (`client.share_driver`); elsewhere each
job starts one. Either ends with the process that started it.

    client       the job's side: start a driver or find the one of the run, and ask it
    driver       the driver's process
    session      the Ray it works with: one that it starts, or an existing cluster
    ray_data, xenna, local   map a function over chunks
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, TypeVar

from alm.errors import EngineError

C = TypeVar("C")
R = TypeVar("R")

BACKENDS = ("xenna", "ray_data", "local")
REMEDY = "choose backend=local to work without an engine"


class Execution(NamedTuple):
    """Where the work of a job is done, and with what.

    Attributes:
        backend: one of :data:`BACKENDS`.
        threads: CPUs that the job was given.
        mem_mb: megabytes (10**6 bytes) that the job was given; None if not known.
        ray_address: ``host:port`` of the Ray cluster that does the work instead of this machine.
    """

    backend: str
    threads: int = 1
    mem_mb: int | None = None
    ray_address: str | None = None

    @classmethod
    def of_job(
        cls, config: Mapping[str, Any], threads: int, resources: Mapping[str, Any]
    ) -> Execution:
        """As the configuration of the run and what Snakemake gave to a job say."""
        return cls(config["backend"], threads, resources.get("mem_mb"), config["ray_address"])


class Engine(Protocol):
    """An engine that runs."""

    @property
    def threads(self) -> int:
        """How many chunks it works on at a time, at most."""

    def map_chunks(
        self,
        function: Callable[[C], R],
        chunks: Sequence[C],
        on_done: Callable[[int, R], None],
    ) -> list[R]:
        """Return ``[function(chunk) for chunk in chunks]``; to be called once.

        ``function`` is defined at the top of a module; it, the chunks and the results can be
        pickled and are small. It may run twice for one chunk, when a worker process died under
        the first run, so it writes its files whole. ``on_done(index, result)`` is called in this
        process as chunks finish, in any order; ``xenna`` hands out no result before all are done.

        Raises EngineError when the engine dies. An exception raised by ``function`` ends the
        whole call and arrives as itself, if it survives pickling, with the worker's traceback as
        a note; chunks that were still worked on are then abandoned.
        """


@contextmanager
def open_engine(execution: Execution, folder: Path) -> Iterator[Engine]:
    """Start or find an engine.

    Args:
        execution: which one, with how many threads and how much memory.
        folder: an existing folder that all workers must see.

    Raises:
        EngineError: the engine cannot run: no other one takes over.
    """
    if execution.backend not in BACKENDS:
        known = ", ".join(BACKENDS)
        raise EngineError(f"backend={execution.backend!r} is unknown: choose one of {known}")
    if execution.threads < 1:
        raise ValueError(f"threads={execution.threads}: at least 1 is needed")
    if execution.backend == "local":
        yield import_module(f"{__name__}.local").Local(execution.threads)
        return
    with import_module(f"{__name__}.client").ask_driver(execution, folder) as engine:
        yield engine


def require(module: str) -> ModuleType:
    """Import an optional module; raises EngineError if it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise EngineError(
            f"{module} cannot be imported ({one_line(error)}): "
            f"install the packages of requirements.txt, or {REMEDY}"
        ) from error


def one_line(error: BaseException) -> str:
    """The type and the first words of an error, on one line."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:300]}"


def whereabouts() -> str:
    """The calling process, its host, and its Ray node."""
    place = f"process {os.getpid()} on {socket.gethostname()}"
    ray = sys.modules.get("ray")
    return f"{place}, Ray node {ray.get_runtime_context().get_node_id()[:8]}" if ray else place
