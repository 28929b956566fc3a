"""Run one step over the chunks of a shard, through an engine, into whole files.

A chunk is a few byte ranges. Its worker writes a part of each output; the parts are joined in
input order, so that the outputs have the same bytes on every backend and core count.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from alm.engines import Execution, open_engine, whereabouts
from alm.input import ByteRange, cut_evenly
from alm.input.storage import Meter
from alm.jobs.meter import LoggedShare, MeterFile
from alm.jobs.parts import joined, part_folders
from alm.provenance.versions import versions_in_use
from alm.statistics.summary import Maker, Summary, add_summaries

MAX_CHUNK_BYTES = 48 << 20
"""A few seconds of work: progress shows and a lost worker costs little. The shards of ``local``,
where not packed, are smaller: one chunk, whose parts are the outputs without a copy."""

SHARED_CHUNK_BYTES = 16 << 20
"""The same if several threads share the chunks, so that none waits long for another's last one."""

CHUNKS_A_THREAD = 2
"""Minimum per thread if there are several, so that a thread with easy chunks can take from one
with hard ones."""

PROGRESS_SECONDS = 1.0
"""How often a job looks how much its workers have read."""

logger = logging.getLogger("alm")


class Work(Protocol):
    """Reads byte ranges, writes a part of each output, and says on the way how much it has read."""

    def __call__(
        self, ranges: Sequence[ByteRange], parts: Sequence[Path], *, meter: Meter
    ) -> Summary:
        """The summary of what was read."""


class Chunk(NamedTuple):
    """What a worker gets: where to read, and where to write its part of each output."""

    ranges: tuple[ByteRange, ...]
    parts: tuple[Path, ...]


class Done(NamedTuple):
    """What a worker returns: what it found, where it worked, and with which packages."""

    summary: Summary
    worker: str
    versions: dict[str, str]


def run_in_chunks(
    work: Work,
    ranges: Sequence[ByteRange],
    outputs: Sequence[Path],
    execution: Execution,
    code: str,
) -> Summary:
    """Apply ``work`` to all lines of ``ranges``.

    Args:
        work: picklable; reads byte ranges, writes one part for each of ``outputs``, sums up.
        ranges: the lines of the shard, in input order.
        outputs: the files to write, each whole or not at all.
        execution: the engine, its threads and memory.
        code: the hash of the code of ``work``, which the summary names.

    Raises:
        EngineError: the engine cannot run.
        AlmError: as ``work`` raised it.
    """
    size = sum(span.stop - span.start for span in ranges)
    if not size:  # an engine takes seconds to start, and there is nothing to do
        execution = Execution("local")
    with (
        part_folders(outputs) as folders,
        open_engine(execution, outputs[0].parent) as engine,
    ):
        if engine.threads > 1:
            least, most_bytes = CHUNKS_A_THREAD * engine.threads, SHARED_CHUNK_BYTES
        else:
            least, most_bytes = 1, MAX_CHUNK_BYTES
        count = max(least, math.ceil(size / most_bytes))
        groups = cut_evenly(ranges, count)
        logger.info(
            "%d bytes in %d chunks, backend %s, threads %d",
            size,
            len(groups),
            execution.backend,
            engine.threads,
        )

        def report(index: int, done: Done) -> None:
            logger.info("chunk %d of %d done by %s", index + 1, len(groups), done.worker)

        chunks = [
            Chunk(group, tuple(folder / f"{index:06}" for folder in folders))
            for index, group in enumerate(groups)
        ]
        parts = [[chunk.parts[number] for chunk in chunks] for number in range(len(outputs))]
        with (
            joined(parts, outputs, as_they_come=not execution.ray_address),
            _progress_in_log(chunks),
        ):
            results = engine.map_chunks(partial(_work_on, work), chunks, report)
    total = add_summaries(done.summary for done in results)
    for done in results:
        total.add_maker(Maker(execution.backend, code, done.versions))
    return total


def _work_on(work: Work, chunk: Chunk) -> Done:
    summary = work(chunk.ranges, chunk.parts, meter=MeterFile(chunk.parts[0]))
    summary.settle()  # the job keeps those of all chunks until the last one is done
    return Done(summary, whereabouts(), versions_in_use())


@contextmanager
def _progress_in_log(chunks: Sequence[Chunk]) -> Iterator[None]:
    """Log how many bytes have been read whenever that changes, also while an engine is silent."""
    sizes = [
        (chunk.parts[0], sum(span.stop - span.start for span in chunk.ranges)) for chunk in chunks
    ]
    share = LoggedShare(sum(size for _, size in sizes), "read")
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(PROGRESS_SECONDS):
            share.reach(MeterFile.total(sizes))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
