"""First step of an export: the manifest lines of a shard -> its kept windows as examples.

Records hold no field that ``drop_fields`` drops, and so no words. They are made again here, with
nothing dropped: the windows are the same, and no run without an export carries the words along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from alm import files
from alm.engines import Execution
from alm.errors import RowError
from alm.exports.example import audio_path, examples
from alm.exports.files import json_line
from alm.input import ByteRange, read_lines
from alm.jobs.chunks import run_in_chunks
from alm.params import OverlapParams, WindowParams
from alm.records.record import finish, make_record
from alm.rows import codec
from alm.rows.memory import memory_for_rows
from alm.rows.row import parse_row
from alm.statistics.summary import Summary
from alm.windows.build import find_windows


def examples_of_shard(
    ranges: Sequence[ByteRange],
    target: Path,
    summary: Path,
    window: WindowParams,
    overlap: OverlapParams,
    *,
    execution: Execution,
    code: str,
) -> None:
    """Write the examples of a shard.

    Args:
        ranges: the manifest lines of the shard, in input order.
        target: output, an example a line: see :mod:`alm.exports.example`.
        summary: output, what did the work.
        window, overlap: as the shard was curated with.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError, ManifestError
    """
    work = partial(
        examples_of_chunk,
        window=replace(window, drop_fields="", loss_details=False),
        overlap=replace(overlap, keep_windows=False),
    )
    run_in_chunks(work, ranges, [target], execution, code).write(summary)


def examples_of_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    window: WindowParams,
    overlap: OverlapParams,
) -> Summary:
    """Write the examples of some lines; a row in the quarantine has none."""
    summary = Summary()
    with memory_for_rows(), files.written_whole(parts[0]) as output:
        for span in ranges:
            manifest = codec.dumps(span.path)
            for line in read_lines(span):
                if line.is_blank:
                    continue
                try:
                    row = parse_row(line.text)
                    record = make_record(row, find_windows(row, window), manifest, window)
                except RowError:
                    continue
                kept = codec.loads(finish(record, overlap).line)
                if not audio_path(kept):
                    kept["audio_item_id"] = f"{span.path}#{line.offset}"
                for example in examples(kept, record.length):
                    output.write(json_line(example))
    return summary
