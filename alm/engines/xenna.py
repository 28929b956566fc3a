"""The engine on cosmos-xenna: one stage of `pipelines_v1` with a worker per thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

from alm.engines import REMEDY, one_line
from alm.engines.embedded_ray import attempt, embedded_ray
from alm.errors import EngineError

C = TypeVar("C")
R = TypeVar("R")


class ChunkFailed(Exception):
    """Ends a pipeline at once; its one argument is the exception that the function raised."""


def map_chunks(
    function: Callable[[C], R],
    chunks: Sequence[C],
    *,
    threads: int,
    on_done: Callable[[int, R], None],
) -> list[R]:
    """See `alm.engines.map_chunks`.

    Batch mode, since streaming wants the CPUs of all stages and the monitor at once. A worker
    holds one chunk at a time: a second one, queued behind the first, would wait there while
    other workers idle. The dashboard is where Xenna looks its actors up.
    """
    with embedded_ray(threads, needs="cosmos_xenna.pipelines.v1", dashboard=True) as xenna:
        stage = xenna.StageSpec(
            _stage(xenna, function), num_workers=min(threads, len(chunks)), slots_per_actor=1
        )
        config = xenna.PipelineConfig(
            execution_mode=xenna.ExecutionMode.BATCH,
            return_last_stage_outputs=True,
            cpu_allocation_percentage=1.0,
            clear_cuda_visible_devices_on_cpu_actors=False,
        )
        spec = xenna.PipelineSpec(list(enumerate(chunks)), [stage], config)
        try:
            results: dict[int, R] = dict(xenna.run_pipeline(spec))
        except ChunkFailed as failure:
            raise failure.cause.args[0] from None  # type: ignore[attr-defined]
        except OSError as error:
            raise EngineError(f"Xenna failed ({one_line(error)}): {REMEDY}") from error
    for index, result in results.items():
        on_done(index, result)
    return [results[index] for index in range(len(chunks))]


def _stage(xenna: ModuleType, function: Callable[[Any], Any]) -> Any:
    """A stage that applies ``function``; defined late, as its base class is imported late."""

    class Chunks(xenna.Stage):  # type: ignore[name-defined, misc]
        @property
        def required_resources(self) -> Any:
            return xenna.Resources(cpus=1.0)

        def process_data(self, tasks: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
            outcomes = []
            for index, chunk in tasks:
                result, error = attempt(function, chunk)
                if error is not None:
                    raise ChunkFailed(error)
                outcomes.append((index, result))
            return outcomes

    return Chunks()
