"""First step of a shard: manifest lines -> records and quarantined rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from alm import codec, files
from alm.errors import RowError
from alm.manifests import ByteRange, read_lines
from alm.params import WindowParams
from alm.quarantine import quarantine_record, stop_at, to_line
from alm.records import encode, make_record
from alm.steps.chunks import run_in_chunks
from alm.steps.summary import LineCount, Summary


def build_shard(
    ranges: Sequence[ByteRange],
    records: Path,
    quarantine: Path,
    summary: Path,
    params: WindowParams,
    *,
    stop_at_invalid: bool,
    backend: str,
    threads: int,
) -> None:
    """Build the candidate windows of all rows of a shard.

    Args:
        ranges: the manifest lines of the shard, in input order.
        records: output, one record a line: see :mod:`alm.records`.
        quarantine: output, one refused row a line, numbered within its byte range.
        summary: output, see :class:`alm.steps.summary.Summary`.
        params: see :class:`WindowParams`.
        stop_at_invalid: raise at a row that cannot be processed instead of quarantining it.
        backend: one of :data:`alm.engines.BACKENDS`.
        threads: how many chunks are worked on at a time.

    Raises:
        EngineError, ManifestError, InvalidRowError
    """
    work = partial(build_chunk, params=params, stop_at_invalid=stop_at_invalid)
    total = run_in_chunks(work, ranges, [records, quarantine], backend=backend, threads=threads)
    total.write(summary)


def build_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    params: WindowParams,
    stop_at_invalid: bool,
) -> Summary:
    """Build some lines of a shard into a part of the records and of the quarantine."""
    records_part, quarantine_part = parts
    summary = Summary()
    with (
        files.written_whole(records_part) as records,
        files.written_whole(quarantine_part) as quarantine,
    ):
        for span in ranges:
            manifest = codec.dumps(span.path)
            stats = summary.stats[span.path]
            lines = 0
            for line in read_lines(span):
                lines = line.number
                if line.is_blank:
                    continue
                try:
                    records.write(encode(make_record(line.text, manifest, params, stats)))
                except RowError as error:
                    if stop_at_invalid:
                        raise stop_at(span.path, line, error) from error
                    stats.count("quarantined")
                    quarantine.write(to_line(quarantine_record(span.path, line, error)))
            summary.line_counts.append(LineCount(span.path, span.start, lines))
    return summary
