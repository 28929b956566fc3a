"""Second step of a shard: records -> final output lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from alm import files
from alm.engines import Execution
from alm.input import ByteRange, read_lines, whole_file
from alm.input.digests import line_digest
from alm.jobs.chunks import run_in_chunks
from alm.params import OverlapParams
from alm.records.record import decode, finish
from alm.rows import codec
from alm.rows.memory import memory_for_rows
from alm.statistics.summary import Summary
from alm.statistics.survey import survey_windows


def overlap_shard(
    records: Path,
    output: Path,
    digests: Path,
    summary: Path,
    params: OverlapParams,
    *,
    execution: Execution,
    code: str,
) -> None:
    """Filter the overlapping windows of all records of a shard.

    Args:
        records: what :func:`alm.jobs.build.build_shard` wrote.
        output: one row a line, a part of ``alm_output.jsonl``.
        digests: output, the digest of each line of ``output``: see :mod:`alm.input.digests`.
        summary: output, see :class:`alm.statistics.summary.Summary`.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError
    """
    total = run_in_chunks(
        partial(overlap_chunk, params=params),
        [whole_file(str(records))],
        [output, digests],
        execution,
        code,
    )
    total.write(summary)


def overlap_chunk(
    ranges: Sequence[ByteRange], parts: Sequence[Path], *, params: OverlapParams
) -> Summary:
    """Filter some records of a shard into a part of the output."""
    summary = Summary()
    with (
        memory_for_rows(),
        files.written_whole(parts[0]) as output,
        files.written_whole(parts[1]) as digests,
    ):
        for span in ranges:
            for line in read_lines(span, longest=-1):
                record = decode(line.raw)
                stats = summary.stats[codec.loads(record.manifest)]
                finished = finish(record, params)
                stats.add_windows(finished.decision.summary, len(finished.decision.kept))
                output.write(finished.line)
                digests.write(line_digest(finished.line))
                summary.output_bytes += len(finished.line)
                survey_windows(record, finished, params, stats, summary.survey)
    return summary
