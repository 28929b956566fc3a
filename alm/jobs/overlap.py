"""Second step of a shard: records -> final output lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.engines import Execution
from alm.errors import OutOfMemoryError, RowError
from alm.input import ByteRange, Line, read_lines, whole_file
from alm.input.digests import damaged, new_digest
from alm.input.lines import out_of_memory
from alm.input.quarantine import stop_at, to_line
from alm.input.storage import Meter, unmetered
from alm.jobs.chunks import run_in_chunks
from alm.jobs.deferred import count_deferred, refuse
from alm.params import OverlapParams
from alm.records.record import Record, decode, finish
from alm.rows import codec
from alm.rows.memory import memory_for_rows
from alm.statistics.recordings import recording_line
from alm.statistics.summary import Summary
from alm.statistics.survey import survey_windows


class Parts(NamedTuple):
    """What is written of a shard or a part of it: see :func:`overlap_shard`."""

    output: Path
    quarantine: Path
    digests: Path
    recordings: Path


def overlap_shard(
    records: Path,
    output: Path,
    quarantine: Path,
    digests: Path,
    recordings: Path,
    summary: Path,
    params: OverlapParams,
    *,
    stop_at_invalid: bool,
    execution: Execution,
    code: str,
) -> None:
    """Filter the overlapping windows of all records of a shard.

    Args:
        records: what :func:`alm.jobs.build.build_shard` wrote.
        output: one row a line, a part of ``alm_output.jsonl``.
        quarantine: output, one refused row a line, numbered within its byte range: those whose
            output would be too large.
        digests: output, the digest of each line of ``output``: see :mod:`alm.input.digests`.
        recordings: output, a line a row: see :mod:`alm.statistics.recordings`.
        summary: output, see :class:`alm.statistics.summary.Summary`.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.
        stop_at_invalid: raise at a row that cannot be processed instead of quarantining it.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError, InvalidRowError
        DamageError: a record is not as it was written.
    """
    total = run_in_chunks(
        partial(overlap_chunk, params=params, stop_at_invalid=stop_at_invalid),
        [whole_file(str(records))],
        Parts(output, quarantine, digests, recordings),
        execution,
        code,
    )
    total.write(summary)


def overlap_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    params: OverlapParams,
    stop_at_invalid: bool,
    meter: Meter = unmetered,
) -> Summary:
    """Filter some records of a shard into a part of each output."""
    summary = Summary()
    own = Parts(*parts)
    with (
        memory_for_rows(),
        files.written_whole(own.output) as output,
        files.written_whole(own.quarantine) as quarantine,
        files.written_whole(own.digests) as digests,
        files.written_whole(own.recordings) as recordings,
    ):
        for span in ranges:
            at: Line | None = None
            try:
                for line in read_lines(span, longest=-1, meter=meter):
                    at = line
                    try:
                        record = _decoded(line.raw, span.path)
                        manifest = _path(record.manifest)
                        finished = finish(record, params)
                        digest = new_digest()
                        for piece in finished.pieces:
                            output.write(piece)
                            digest.update(piece)
                            summary.output_bytes += len(piece)
                    except RowError as error:
                        refused = refuse(record, error)
                        if stop_at_invalid:
                            raise stop_at(manifest, refused["byte_offset"], error) from error
                        summary.stats[manifest].count("quarantined")
                        quarantine.write(to_line(refused))
                    else:
                        digests.write(digest.digest())
                        count_deferred(record, manifest, summary)
                        stats = summary.stats[manifest]
                        kept = finished.decision.kept
                        stats.add_windows(finished.decision.summary, len(kept))
                        lasting = survey_windows(record, finished, params, stats, summary.survey)
                        place = line.offset, len(line.raw)
                        recordings.write(
                            recording_line(record, manifest, len(kept), lasting, *place)
                        )
            except MemoryError as error:
                raise _out_of_memory(span.path, at) from error
    return summary


def _out_of_memory(path: str, line: Line | None) -> OutOfMemoryError:
    """The error that memory was not enough for a record, with the manifest that it came from."""
    if line is None:
        return out_of_memory(path, 0)
    begin = line.raw.find(b"\t") + 1
    manifest = line.raw[begin : line.raw.find(b"\t", begin)].decode()
    return out_of_memory(f"{path} (a row of {manifest})", line.offset)


@lru_cache
def _path(text: bytes) -> str:
    path: str = codec.loads(text)
    return path


def _decoded(line: bytes, path: str) -> Record:
    try:
        return decode(line)
    except ValueError as error:
        raise damaged(path) from error
