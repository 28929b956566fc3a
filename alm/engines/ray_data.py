"""The engine on `ray.data`: each chunk is a block, and so a task of its own."""

from __future__ import annotations

import logging
import pickle
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from alm.engines.embedded_ray import attempt, embedded_ray

C = TypeVar("C")
R = TypeVar("R")

RETRIES_AFTER_DEATH = 3
"""How often a chunk is given to another worker when one died; Ray Data itself never gives up."""


def map_chunks(
    function: Callable[[C], R],
    chunks: Sequence[C],
    *,
    threads: int,
    on_done: Callable[[int, R], None],
) -> list[R]:
    """See `alm.engines.map_chunks`."""
    results: dict[int, R] = {}
    with embedded_ray(threads, needs="ray.data") as data:
        _calm(data.DataContext.get_current())
        blocks = [{"index": i, "chunk": pickle.dumps(chunk)} for i, chunk in enumerate(chunks)]
        dataset = data.from_items(blocks, override_num_blocks=len(blocks))
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            dataset = dataset.map(
                partial(_work, function), num_cpus=1, max_retries=RETRIES_AFTER_DEATH
            )
        # One chunk a batch, and none fetched ahead: that would hold each back until the next ends.
        for batch in dataset.iter_batches(batch_size=None, prefetch_batches=0):
            index, (result, error) = int(batch["index"][0]), pickle.loads(batch["outcome"][0])
            if error is not None:
                raise error
            results[index] = result
            on_done(index, result)
    return [results[index] for index in range(len(chunks))]


def _work(function: Callable[[Any], Any], block: dict[str, Any]) -> dict[str, Any]:
    """In a worker: one chunk. Pickles are opaque to Arrow, which would change some types."""
    outcome = attempt(function, pickle.loads(block["chunk"]))
    return {"index": block["index"], "outcome": pickle.dumps(outcome)}


def _calm(context: Any) -> None:
    """Let chunks take as long as they need, and keep all but errors that we raise out of logs.

    Ray Data ends runs in which no block moved for half an hour, unless told not to.
    """
    context.execution_no_progress_timeout_s = -1
    context.enable_progress_bars = sys.stderr.isatty()
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
