"""The engine on cosmos-xenna: one stage of `pipelines_v1` with a worker per thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import cosmos_xenna.pipelines.v1 as xenna
from cosmos_xenna.pipelines.private import monitoring

from alm.engines import REMEDY, one_line
from alm.errors import EngineError

C = TypeVar("C")
R = TypeVar("R")


def map_chunks(
    function: Callable[[C], R], chunks: Sequence[C], threads: int
) -> Iterator[tuple[int, R]]:
    """The index and the result of each chunk, once all are done.

    Batch mode, since streaming wants the CPUs of all stages at once. A worker holds one chunk at
    a time: a second one, queued behind the first, would wait there while other workers idle.
    """
    monitoring.PipelineMonitor = NoMonitor
    stage = xenna.StageSpec(
        Chunks(function), num_workers=min(threads, len(chunks)), slots_per_actor=1
    )
    config = xenna.PipelineConfig(
        execution_mode=xenna.ExecutionMode.BATCH,
        return_last_stage_outputs=True,
        cpu_allocation_percentage=1.0,
        clear_cuda_visible_devices_on_cpu_actors=False,
    )
    try:
        yield from xenna.run_pipeline(xenna.PipelineSpec(list(enumerate(chunks)), [stage], config))
    except ChunkFailed as failure:
        yield failure.cause.args[0]  # type: ignore[attr-defined]
    except (OSError, RuntimeError) as error:
        raise EngineError(f"Xenna failed ({one_line(error)}): {REMEDY}") from error


class ChunkFailed(Exception):
    """Ends a pipeline at once; its one argument is the outcome of the chunk that failed."""


class Chunks(xenna.Stage):  # type: ignore[misc]
    """A stage that applies a function."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    @property
    def required_resources(self) -> Any:
        return xenna.Resources(cpus=1.0)

    def setup(self, worker_metadata: Any) -> None:
        """Let this worker end when Ray says so: Xenna's threads in it would never let it."""

        def end_with_main_thread() -> None:
            threading.main_thread().join()
            os._exit(0)

        threading.Thread(target=end_with_main_thread, daemon=True).start()

    def process_data(self, tasks: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
        outcomes = []
        for index, chunk in tasks:
            result, error = self._function(chunk)
            if error is not None:
                raise ChunkFailed((index, (None, error)))
            outcomes.append((index, (result, error)))
        return outcomes


class NoMonitor:
    """In place of Xenna's own monitor.

    That one takes a CPU of every node, leaves a process behind when Ray is killed, and lists the
    actors through a dashboard whose limits must have been raised when the cluster was started.
    Progress shows in our logs.
    """

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> NoMonitor:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, *_: object, **__: object) -> bool:
        return False
