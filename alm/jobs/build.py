"""First step of a shard: manifest lines -> records and quarantined rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.engines import Execution
from alm.errors import RowError
from alm.input import ByteRange, has_changed, read_lines
from alm.input.lines import out_of_memory
from alm.input.quarantine import refused_row, stop_at, to_line
from alm.input.storage import Meter, unmetered
from alm.jobs.chunks import run_in_chunks
from alm.jobs.deferred import defer
from alm.jobs.sample import is_drawn, sampler, thin_out
from alm.params import WindowParams
from alm.records.record import encode, make_record, may_be_too_large
from alm.rows import codec
from alm.rows.memory import memory_for_rows
from alm.rows.row import parse_row
from alm.statistics.summary import LineCount, Summary
from alm.statistics.survey import recording_key, survey_row
from alm.windows.build import find_windows


class Parts(NamedTuple):
    """What is written of a shard or a part of it: see :func:`build_shard`."""

    records: Path
    quarantine: Path
    recordings: Path
    digests: Path
    sample: Path


def build_shard(
    ranges: Sequence[ByteRange],
    records: Path,
    quarantine: Path,
    recordings: Path,
    digests: Path,
    summary: Path,
    params: WindowParams,
    *,
    sample: Path,
    sample_fraction: float | None = None,
    stop_at_invalid: bool,
    execution: Execution,
    code: str,
) -> None:
    """Build the candidate windows of all rows of a shard.

    Args:
        ranges: the manifest lines of the shard, in input order.
        records: output, one record a line: see :mod:`alm.records.record`.
        quarantine: output, one refused row a line, numbered within its byte range.
        recordings: output, 8 bytes for each row that tell its recording from others.
        digests: output, the digest of each line, blank ones too: see :mod:`alm.input.digests`.
        summary: output, see :class:`alm.statistics.summary.Summary`.
        params: see :class:`WindowParams`.
        sample: output, the rows that what-if may try: see :mod:`alm.jobs.sample`.
        sample_fraction: the share of recordings to build from, if not all.
        stop_at_invalid: raise at a row that cannot be processed instead of quarantining it.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError, ManifestError, InvalidRowError
    """
    work = partial(
        build_chunk,
        params=params,
        sample_fraction=sample_fraction,
        stop_at_invalid=stop_at_invalid,
    )
    outputs = Parts(records, quarantine, recordings, digests, sample)
    total = run_in_chunks(work, ranges, outputs, execution, code)
    rows = sum(stats["entries"] for stats in total.stats.values())
    thin_out(sample, rows, total.survey["segments"])
    total.write(summary)


def build_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    params: WindowParams,
    sample_fraction: float | None = None,
    stop_at_invalid: bool,
    meter: Meter = unmetered,
) -> Summary:
    """Build some lines of a shard into a part of each output."""
    summary = Summary()
    own = Parts(*parts)
    with (
        memory_for_rows(),
        files.written_whole(own.records) as records,
        files.written_whole(own.quarantine) as quarantine,
        files.written_whole(own.recordings) as recordings,
        files.written_whole(own.digests) as digests,
        sampler(own.sample) as sampled,
    ):
        for span in ranges:
            manifest = codec.dumps(span.path)
            stats = summary.stats[span.path]
            lines = 0
            offset = 0
            try:
                for line in read_lines(span, meter=meter):
                    offset = line.offset
                    lines = line.number
                    digests.write(line.digest)
                    if line.is_blank:
                        continue
                    if not is_drawn(line, sample_fraction):
                        summary.survey.count("rows_not_drawn")
                        continue
                    try:
                        row = parse_row(line.text)
                        found = find_windows(row, params)
                        record = make_record(row, found, manifest, params)
                    except RowError as error:
                        if stop_at_invalid:
                            raise stop_at(span.path, line.offset, error) from error
                        stats.count("quarantined")
                        quarantine.write(to_line(refused_row(span.path, line, error)))
                    else:
                        is_large = may_be_too_large(record)
                        counted = Summary() if is_large else summary
                        counted.stats[span.path].add_row(
                            found.stats | found.own_stats, found.truncation_events
                        )
                        survey_row(row, found, params, counted.survey)
                        if is_large:
                            record = defer(record, span.path, line, counted)
                        records.write(encode(record))
                        recording = recording_key(row)
                        recordings.write(recording)
                        sampled.offer(recording, line)
                        if not is_large:
                            sampled.count(len(row["segments"]))
            except MemoryError as error:
                raise out_of_memory(span.path, offset) from error
            summary.line_counts.append(LineCount(span.path, span.start, lines))
            if has_changed(span):
                summary.grown.append(span.path)
    return summary
