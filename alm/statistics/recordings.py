"""What became of each recording: a line a row, for a table that lists all of them."""

from __future__ import annotations

from typing import NamedTuple

from alm.records.record import Record
from alm.rows import codec
from alm.statistics.measures import Lasting
from alm.statistics.shares import share

COLUMNS = (
    "manifest_filepath",
    "audio_filepath",
    "recording_dur",
    "speech_dur",
    "segments",
    "windows",
    "filtered_windows",
    "kept_dur",
    "kept_window_dur",
    "yield",
)
"""Of the table: durations in seconds, counts, and the share that kept windows cover."""

_MOST = 1e12
"""Seconds; more cannot be meant, and would not be a number that fits."""

_ESCAPES = {ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r", ord("\\"): "\\\\"}


class Recording(NamedTuple):
    """A line of the table, and where in the records of its shard its record is."""

    manifest: str
    name: str
    length: float
    speech: float
    segments: int
    candidates: int
    kept: int
    covered: float
    window_dur: float
    gain: float
    offset: int
    size: int


def recording_line(
    record: Record, manifest: str, kept: int, lasting: Lasting, offset: int, size: int
) -> bytes:
    """The line of a row, with the place of its record at the end.

    Args:
        record: the row with its candidate windows.
        manifest: its path, which is decoded already.
        kept: how many of them stay.
        lasting: how long these last.
        offset, size: of the record in its file, bytes.
    """
    speech = sum(record.spans.ends[: record.own]) - sum(record.spans.starts[: record.own])
    seconds = [record.length, speech, lasting.covered, lasting.together]
    length, spoken, kept_dur, window_dur = (f"{max(-_MOST, min(x, _MOST)):.3f}" for x in seconds)
    fields = (
        _text(manifest),
        _text(codec.loads(record.name)),
        length,
        spoken,
        record.own,
        len(record.windows.firsts),
        kept,
        kept_dur,
        window_dur,
        f"{share(lasting.covered, record.length):.4f}",
        offset,
        size,
    )
    return "\t".join(map(str, fields)).encode(errors="backslashreplace") + b"\n"


def read_recording(line: bytes) -> Recording:
    """What :func:`recording_line` wrote; names as the table has them."""
    manifest, name, *numbers = line.decode().rstrip("\n").split("\t")
    length, speech, segments, candidates, kept, covered, window_dur, gain, offset, size = numbers
    return Recording(
        manifest,
        name,
        float(length),
        float(speech),
        int(segments),
        int(candidates),
        int(kept),
        float(covered),
        float(window_dur),
        float(gain),
        int(offset),
        int(size),
    )


def public_line(line: bytes) -> bytes:
    """The line as the table has it: without the place of the record."""
    return line.rsplit(b"\t", 2)[0] + b"\n"


def _text(value: object) -> str:
    """A name in one field of one line: backslash, tab and line breaks are spelled out."""
    text = value if isinstance(value, str) else codec.dumps(value).decode()
    return text.translate(_ESCAPES)
