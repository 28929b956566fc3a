"""The examples of a shard -> their clips, and those windows whose audio is not to be had."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.engines import Execution
from alm.exports.clips import write_clip
from alm.exports.cutting import Clip, MakeEncoder, cut_recording, plain_encoder
from alm.exports.example import Example
from alm.exports.files import json_line
from alm.exports.formats import PLAIN
from alm.exports.masks import two_channel_encoder
from alm.input import ByteRange, read_lines, whole_file
from alm.input.storage import Meter, unmetered
from alm.jobs.chunks import run_in_chunks
from alm.params import ClipParams
from alm.rows import codec
from alm.statistics.summary import Summary

CLIPS, REFUSED = "clips", "refused"
"""Counters of a summary: windows with a clip, and ``refused/REASON``, those without."""


class Parts(NamedTuple):
    """What is written of a shard or a part of it; ``entries`` is the index: :func:`cut_clips`."""

    clips: Path
    entries: Path
    quarantine: Path


def cut_clips(
    examples: Path,
    clips: Path,
    index: Path,
    quarantine: Path,
    summary: Path,
    kind: str,
    params: ClipParams,
    max_overlap: float | None = None,
    *,
    execution: Execution,
    code: str,
) -> None:
    """Cut the clips of a shard.

    Args:
        examples: what :func:`alm.jobs.examples.examples_of_shard` wrote.
        clips, index: outputs, see :mod:`alm.exports.clips`.
        quarantine: output, a line for each window without a clip: which, and why.
        summary: output, how many windows have a clip, and how many have none for which reason.
        kind: ``plain``, or ``two_channels`` for ``moshi``.
        params: see :class:`ClipParams`.
        max_overlap: of two channels, the accepted share of a window in which both have speech.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here, for the record of the run.

    Raises:
        EngineError, AudioError
        ManifestError: the storage of some audio does not answer.
    """
    work = partial(cut_chunk, kind=kind, params=params, max_overlap=max_overlap)
    source = whole_file(str(examples))
    outputs = Parts(clips, index, quarantine)
    run_in_chunks(work, [source], outputs, execution, code).write(summary)


def cut_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    kind: str,
    params: ClipParams,
    max_overlap: float | None,
    meter: Meter = unmetered,
) -> Summary:
    """Cut the clips of some recordings."""
    make: MakeEncoder = (
        plain_encoder(params) if kind == PLAIN else two_channel_encoder(params, max_overlap)
    )
    summary = Summary()
    own = Parts(*parts)
    with (
        files.written_whole(own.clips) as clips,
        files.written_whole(own.entries) as index,
        files.written_whole(own.quarantine) as quarantine,
    ):
        for span in ranges:
            for line in read_lines(span, longest=-1, meter=meter):
                windows: list[Example] = codec.loads(line.text)
                for window, result in cut_recording(windows, params, make):
                    if isinstance(result, Clip):
                        summary.survey.count(CLIPS)
                        write_clip(clips, index, window, result)
                    else:
                        summary.survey.count(f"{REFUSED}/{result.reason}")
                        refused = {
                            "clip": kind,
                            "id": window["id"],
                            "audio_filepath": window["audio_filepath"],
                            "manifest_filepath": window["manifest_filepath"],
                            "start": window["start"],
                            "end": window["end"],
                            "reason": result.reason,
                            "detail": result.detail,
                        }
                        quarantine.write(json_line(refused))
    return summary
