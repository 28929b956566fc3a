"""The engine on `ray.data`: each chunk is a block, and so one task."""

from __future__ import annotations

import logging
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from ray import data

C = TypeVar("C")
R = TypeVar("R")

RETRIES_AFTER_DEATH = 3
"""How often a chunk is given to another worker when one died; Ray Data itself never gives up."""


def map_chunks(
    function: Callable[[C], R], chunks: Sequence[C], threads: int
) -> Iterator[tuple[int, R]]:
    """The index and the result of each chunk, as they finish; nodes take turns."""
    _calm(data.DataContext.get_current())
    blocks = [{"index": i, "chunk": pickle.dumps(chunk)} for i, chunk in enumerate(chunks)]
    dataset = data.from_items(blocks, override_num_blocks=len(blocks))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        dataset = dataset.map(
            partial(_work, function),
            num_cpus=1,
            concurrency=threads,
            scheduling_strategy="SPREAD",
            max_retries=RETRIES_AFTER_DEATH,
        )
    # One chunk a batch, and none fetched ahead: that would hold each back until the next ends.
    for batch in dataset.iter_batches(batch_size=None, prefetch_batches=0):
        yield int(batch["index"][0]), pickle.loads(batch["result"][0])


def _work(function: Callable[[Any], Any], block: dict[str, Any]) -> dict[str, Any]:
    """In a worker: one chunk. Pickles are opaque to Arrow, which would change some types."""
    result = function(pickle.loads(block["chunk"]))
    return {"index": block["index"], "result": pickle.dumps(result)}


def _calm(context: Any) -> None:
    """Let chunks take as long as they need, and keep all but errors that we raise out of logs.

    Ray Data ends runs in which no block moved for half an hour, unless told not to.
    """
    context.execution_no_progress_timeout_s = -1
    context.enable_progress_bars = sys.stderr.isatty()
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
