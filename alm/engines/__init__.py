"""Engines: where the chunks of a shard are worked on.

An engine maps one function over a few small chunks and moves no data: a chunk says what to read
and where to write, the function does both in the worker, and what comes back is a small summary.
So every engine gives the same bytes, and the choice between them is one of plumbing.

Each engine is a module of this package, named like its backend and imported only when chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Protocol, TypeVar, cast

from alm.errors import EngineError

C = TypeVar("C")
R = TypeVar("R")

BACKENDS = ("xenna", "ray_data", "local")
REMEDY = "choose backend=local to work without an engine"


class Engine(Protocol):
    """What each engine's module defines as ``map_chunks``; see there for the contract."""

    def __call__(
        self,
        function: Callable[[C], R],
        chunks: Sequence[C],
        *,
        threads: int,
        on_done: Callable[[int, R], None],
    ) -> list[R]: ...


def no_report(index: int, result: object) -> None:
    """The ``on_done`` of those who wait for the whole list."""


def map_chunks(
    backend: str,
    function: Callable[[C], R],
    chunks: Sequence[C],
    *,
    threads: int,
    on_done: Callable[[int, R], None] = no_report,
) -> list[R]:
    """Return ``[function(chunk) for chunk in chunks]``, computed by the engine ``backend``.

    ``function`` is defined at the top of a module; it, the chunks and the results can be pickled
    and are small. It may run twice for one chunk, when a worker process died under the first run,
    so it writes its files whole. At most ``threads`` chunks are worked on at a time (by ``local``
    one, in this process). ``on_done(index, result)`` is called in this process as chunks finish,
    in any order; ``xenna`` hands out no result before all chunks are done.

    Raises EngineError when the engine cannot run: no other one takes over. An exception raised by
    ``function`` ends the whole call and arrives as itself, if it survives pickling, with the
    worker's traceback as a note.
    """
    if backend not in BACKENDS:
        raise EngineError(f"backend={backend!r} is unknown: choose one of {', '.join(BACKENDS)}")
    if threads < 1:
        raise ValueError(f"threads={threads}: at least 1 is needed")
    if not chunks:
        return []
    engine = cast(Engine, require(f"{__name__}.{backend}").map_chunks)
    return engine(function, chunks, threads=threads, on_done=on_done)


def require(module: str) -> ModuleType:
    """Import ``module``, now that it is needed; raises EngineError."""
    try:
        return import_module(module)
    except ImportError as error:
        raise EngineError(
            f"{module} cannot be imported ({one_line(error)}): "
            f"install the packages of requirements.txt, or {REMEDY}"
        ) from error


def one_line(error: BaseException) -> str:
    """The type and the first line of an error whose text may be a page."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:300]}"
