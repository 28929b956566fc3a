"""Grouped recordings of another format -> a manifest of ours."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.audio import AudioFiles, AudioOptions, complete
from alm.audio.files import list_files
from alm.engines import Execution
from alm.errors import RowError
from alm.input import ByteRange, Line, read_lines
from alm.input.digests import damaged
from alm.input.formats import FORMATS, NO_SPEAKER
from alm.input.grouping import Group, read_group
from alm.input.shards import ranges_text
from alm.input.sources import Share
from alm.input.storage import Meter, unmetered
from alm.jobs.chunks import run_in_chunks
from alm.rows import codec
from alm.rows.row import REFUSED, Row
from alm.statistics.summary import Summary

NARROW_RATE = 16000
"""Hz; sound of this rate reaches 8000 Hz at most."""

logger = logging.getLogger("alm")


class Preparation(NamedTuple):
    """How recordings become rows.

    Attributes:
        kind: the format.
        scopes_speakers: whether speakers are named after their recording.
        audio: what is wanted of audio.
        files: the file with what :func:`alm.audio.files.list_files` found.
    """

    kind: str
    scopes_speakers: bool
    audio: AudioOptions
    files: Path


def prepare_shard(
    groups: Path,
    summary: Path,
    share: Share,
    manifest: Path,
    ranges: Path,
    preparation: Preparation,
    *,
    execution: Execution,
    code: str,
) -> None:
    """Make the manifest of a shard.

    Args:
        groups, summary: what :func:`alm.jobs.group.group_sources` wrote.
        share: which part of it is the shard's.
        manifest: output, a row a recording; one that cannot be made is refused by the build.
        ranges: output, what the build is to read: see :func:`alm.input.shards.read_ranges`.
        preparation: how.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError, ManifestError, AudioError
        DamageError: the groups are not as they were written.
    """
    size = json.loads(summary.read_bytes())["bytes"]
    if size != os.path.getsize(groups):
        raise damaged(groups)
    start, stop = (size * border // share.size for border in (share.start, share.stop))
    span = ByteRange(str(groups), start, stop)
    work = partial(prepare_chunk, preparation=preparation)
    total = run_in_chunks(work, [span], [manifest], execution, code)
    survey = total.survey
    logger.info("%d recordings prepared, %d refused", survey["prepared"], survey["refused"])
    if narrow := survey["narrow"]:
        logger.warning(
            "%d recordings have %d Hz, and what is measured of such audio is 8000 Hz at most: "
            "with min_bandwidth=8000 a segment that is one step lower (7968 Hz) is lost; "
            "min_bandwidth=7000 keeps it",
            narrow,
            NARROW_RATE,
        )
    with files.written_whole(ranges) as file:
        file.write(ranges_text([ByteRange(str(manifest), 0, os.path.getsize(manifest))]))


def write_index(root: str | None, audio_files: str | None, target: Path) -> None:
    """Write down which audio files there are, for all chunks of a shard."""
    with files.written_whole(target) as file:
        file.write(json.dumps(list_files(root, audio_files)).encode())


@cache
def _read_index(path: Path) -> AudioFiles:
    return AudioFiles(*json.loads(path.read_bytes()))


def prepare_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    preparation: Preparation,
    meter: Meter = unmetered,
) -> Summary:
    """Make the rows of some recordings."""
    summary = Summary()
    audio = _read_index(preparation.files)
    with files.written_whole(parts[0]) as manifest:
        for span in ranges:
            for line in read_lines(span, meter=meter):
                for row in _rows(line, span.path, preparation, audio):
                    summary.survey.count("refused" if REFUSED in row else "prepared")
                    if row.get("audio_sample_rate") == NARROW_RATE and "channels" in row:
                        summary.survey.count("narrow")
                    manifest.write(codec.dumps(row) + b"\n")
    return summary


def _rows(line: Line, path: str, preparation: Preparation, audio: AudioFiles) -> Iterator[Row]:
    """The row of a group; a refused one for each entry that names no recording."""
    try:
        group = read_group(line.text, path)
    except RowError as error:
        yield {REFUSED: [error.reason, error.detail]}
        return
    if group.recording:
        yield _row(group, preparation, audio)
        return
    what = FORMATS[preparation.kind].what
    for entry in group.entries:
        detail = (
            f"{entry.path}, {entry.where}: {entry.text!r} names no recording, or is no {what} at "
            "all; correct or remove it"
        )
        yield {REFUSED: ["invalid_line", detail]}


def _row(group: Group, preparation: Preparation, audio: AudioFiles) -> Row:
    try:
        row = FORMATS[preparation.kind].recording(group.recording, group.entries)
        complete(row, audio, preparation.audio)
    except RowError as error:
        return {"audio_filepath": group.recording, REFUSED: [error.reason, error.detail]}
    if preparation.scopes_speakers:
        scope_speakers(row)
    return row


def scope_speakers(row: Row) -> None:
    """Name speakers after their recording, so that two recordings do not share one."""
    for segment in row["segments"]:
        if (name := segment.get("speaker")) and name != NO_SPEAKER:
            segment["speaker"] = f"{row['recording_id']}/{name}"
