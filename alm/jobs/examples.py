"""First step of an export: the manifest lines of a shard -> its kept windows as examples.

Records hold no field that ``drop_fields`` drops, and so no words. So what the two stages did is
done once more, and no run without an export carries the words along.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.engines import Execution
from alm.errors import RowError
from alm.exports.example import Kept, audio_path, examples
from alm.exports.files import json_line
from alm.input import ByteRange, read_lines
from alm.input.ranges import changed
from alm.input.storage import Meter, unmetered
from alm.jobs.chunks import run_in_chunks
from alm.jobs.sample import is_drawn
from alm.params import OverlapParams, WindowParams
from alm.records.record import finish, make_record, profiles_of
from alm.rows import codec
from alm.rows.memory import memory_for_rows
from alm.rows.row import Number, Row, believable_duration, parse_row
from alm.statistics.summary import Summary
from alm.windows.build import find_windows
from alm.windows.filter import describe

UNKNOWN_SECONDS = 1.0
"""By which a recording of unknown length is taken for longer than its segments: where a cut is as
long as its recording, lhotse loads the whole file, and refuses it if that is longer."""


class Parts(NamedTuple):
    """What is written of a shard or a part of it: see :func:`examples_of_shard`."""

    examples: Path
    digests: Path


def examples_of_shard(
    ranges: Sequence[ByteRange],
    built: Path,
    target: Path,
    digests: Path,
    window: WindowParams,
    overlap: OverlapParams,
    audio_root: str | None,
    *,
    sample_fraction: float | None = None,
    execution: Execution,
    code: str,
) -> None:
    """Write the examples of a shard.

    Args:
        ranges: the manifest lines of the shard, in input order.
        built: the digests of the lines that its build read.
        target: output, for each row with kept windows a line, a list of examples: see
            :mod:`alm.exports.example`.
        digests: output, those of the lines that were read now.
        window, overlap: as the shard was curated with.
        audio_root: the folder or prefix of audio that rows name by a relative path.
        sample_fraction: the share of recordings that the shard was curated of, if not all.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError
        ManifestError: among others, if the manifests are not those that the build has read.
    """
    work = partial(
        examples_of_chunk,
        window=window,
        overlap=overlap,
        audio_root=audio_root,
        sample_fraction=sample_fraction,
    )
    run_in_chunks(work, ranges, Parts(target, digests), execution, code)
    if digests.read_bytes() != built.read_bytes():
        raise changed(ranges[0].path if len(ranges) == 1 else f"one of {len(ranges)} manifests")


def examples_of_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    window: WindowParams,
    overlap: OverlapParams,
    audio_root: str | None,
    sample_fraction: float | None = None,
    meter: Meter = unmetered,
) -> Summary:
    """Write the examples of some lines; a row in the quarantine has none."""
    own = Parts(*parts)
    with (
        memory_for_rows(),
        files.written_whole(own.examples) as output,
        files.written_whole(own.digests) as digests,
    ):
        for span in ranges:
            for line in read_lines(span, meter=meter):
                digests.write(line.digest)
                if line.is_blank or not is_drawn(line, sample_fraction):
                    continue
                try:
                    row = parse_row(line.text)
                    length, kept = kept_windows(row, span.path, window, overlap)
                except RowError:
                    continue
                if not audio_path(row):
                    row["audio_item_id"] = f"{span.path}#{line.offset}"
                if found := examples(row, kept, length, span.path, audio_root):
                    output.write(json_line(found))
    return Summary()


def kept_windows(
    row: Row, manifest: str, window: WindowParams, overlap: OverlapParams
) -> tuple[Number, list[Kept]]:
    """The length of a recording in seconds, and its windows that stay, nothing dropped.

    Where the row does not say how long it is, it goes on behind its last segment.

    Raises:
        RowError: the stages refuse the row.
    """
    found = find_windows(row, window)
    record = make_record(row, found, codec.dumps(manifest), window)
    finished = finish(record, overlap)
    windows = record.windows.only(finished.decision.kept)
    profiles = describe(windows, profiles_of(record, finished.decision), record.untranscribed)
    kept = []
    for first, stop, cut, end, profile in zip(
        windows.firsts, windows.stops, windows.cuts, windows.ends, profiles, strict=True
    ):
        after = stop + (cut >= 0)  # what is cut is the segment after
        kept.append(Kept(found.segments[first:after], end, profile))
    last: Number = found.columns.last_end
    length = believable_duration(row)
    if length is None or length < last:
        length = last + UNKNOWN_SECONDS
    return length, kept
