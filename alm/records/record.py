"""Rows as bytes: the compact record between the two stages, and the final output line.

A record carries the row's segments once, as JSON made once; a window is a slice of these bytes.
On disk a record is one line of six JSON texts separated by tabs (JSON has no raw tab), so the
second stage parses the first of them only and copies the rest. A checksum ends the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from alm.params import OverlapParams, WindowParams
from alm.records.spelling import line
from alm.rows import codec
from alm.rows.row import Number, Row, recording_length
from alm.windows.candidates import Candidates, Losses, Windows
from alm.windows.cuts import without, without_each
from alm.windows.filter import decide

COMPUTED = frozenset(
    {
        "windows",
        "stats",
        "truncation_events",
        "total_dur_window",
        "total_dur_list_window",
        "total_dur_list_window_timestamps",
        "filtered",
        "filtered_windows",
        "filtered_dur",
        "filtered_dur_list",
        "manifest_filepath",
        "swift_filepath",
    }
)
"""The fields that the stages write; a row's own fields of these names are replaced."""


class Record(NamedTuple):
    """A row after the first stage.

    ``segments`` are the JSON texts of the row's segments, then of the cut ones, joined by commas;
    segment ``k`` is ``segments[offsets[k] : offsets[k + 1] - 1]`` and lasts from ``starts[k]`` to
    ``ends[k]`` seconds; ``length`` is the recording's. ``losses`` is None without
    ``loss_details``. ``manifest``, ``fields``, ``stats`` and ``swift`` are JSON texts.
    """

    windows: Windows
    losses: Losses | None
    offsets: list[int]
    starts: list[Number]
    ends: list[Number]
    length: Number
    truncation_events: int
    manifest: bytes
    fields: bytes
    stats: bytes
    swift: bytes
    segments: bytes


def make_record(row: Row, found: Candidates, manifest: bytes, params: WindowParams) -> Record:
    """What the first stage found in a row, as bytes.

    Args:
        row: the parsed row.
        found: its candidate windows.
        manifest: the JSON text of the manifest's path.
        params: see :class:`WindowParams`.

    Raises:
        RowError: the row is nested too deeply to be written.
    """
    segments = without_each(row["segments"], params.dropped_segment_fields)
    texts, offsets = codec.dumps_joined(segments + found.copies.segments)
    return Record(
        windows=found.windows,
        losses=found.losses if params.loss_details else None,
        offsets=offsets,
        starts=[*found.columns.starts, *found.copies.starts],
        ends=[*found.columns.ends, *found.copies.ends],
        length=recording_length(row, found.columns.last_end),
        truncation_events=found.truncation_events,
        manifest=manifest,
        fields=codec.dumps(without(without(row, params.dropped_row_fields), COMPUTED)),
        stats=codec.dumps(found.stats),
        swift=codec.dumps(found.stats["swift_path"]),
        segments=texts,
    )


def encode(record: Record) -> bytes:
    """The record as one line."""
    windows, losses, offsets, starts, ends, length, truncation_events, *texts = record
    index = [
        [windows.firsts, windows.stops, windows.cuts, windows.speakers, windows.talk],
        losses,
        offsets,
        starts,
        ends,
        length,
        truncation_events,
    ]
    line = b"\t".join((codec.dumps(index), *texts))
    return b"%b\t%016x\n" % (line, xxh3_64_intdigest(line))


def decode(line: bytes) -> Record:
    """What :func:`encode` wrote.

    Raises:
        ValueError: the line is not as it was written.
    """
    content, _, digest = line.rpartition(b"\t")
    if digest != b"%016x\n" % xxh3_64_intdigest(content):
        raise ValueError("a record is not as it was written")
    index, *texts = content.split(b"\t")
    windows, losses, offsets, starts, ends, length, truncation_events = codec.loads(index)
    firsts, stops, cuts, speakers, talk = windows
    return Record(
        Windows(
            firsts,
            stops,
            cuts,
            [starts[first] for first in firsts],
            [ends[cut if cut >= 0 else stop - 1] for stop, cut in zip(stops, cuts, strict=True)],
            speakers,
            talk,
        ),
        None if losses is None else Losses(*losses),
        offsets,
        starts,
        ends,
        length,
        truncation_events,
        *texts,
    )


class Finished(NamedTuple):
    """A row after the second stage: its output line, what it sums up, and which windows stay."""

    line: bytes
    summary: Row
    kept: list[int]


def finish(record: Record, params: OverlapParams) -> Finished:
    """The second stage on one record."""
    windows = record.windows
    summary, kept = decide(windows.starts, windows.ends, params)
    talk = codec.dumps(windows.talk)
    every = range(len(windows.firsts))
    head = record.fields[:-1] + (b"," if len(record.fields) > 2 else b"")
    if record.losses is None:
        stats = record.stats
    else:
        losses = _spell_out_losses(record, record.losses)
        stats = b'%b,"lost_win_full_data":[%b]}' % (record.stats[:-1], losses)
    middle = b'"stats":%b,"truncation_events":%d,%b,"filtered_windows":[' % (
        stats,
        record.truncation_events,
        codec.dumps(summary)[1:-1],
    )
    tail = b'],"manifest_filepath":%b,"swift_filepath":%b}\n' % (
        record.manifest,
        record.swift if every else b"null",
    )
    parts: tuple[bytes | Sequence[int], ...] = (head, middle, kept, tail)
    if params.keep_windows:
        parts = (head, b'"windows":[', every, b"],", middle, kept, tail)
    text = line(parts, windows, record.segments, record.offsets, talk)
    return Finished(text, summary, kept)


def _spell_out(record: Record, first: int, stop: int, cut: int) -> bytes:
    begin, end = record.offsets[first], record.offsets[stop]
    if cut < 0:
        return record.segments[begin : max(begin, end - 1)]
    return record.segments[begin:end] + _segment(record, cut)


def _segment(record: Record, k: int) -> bytes:
    return record.segments[record.offsets[k] : record.offsets[k + 1] - 1]


def _spell_out_losses(record: Record, losses: Losses) -> bytes:
    return b",".join(
        b'{"index":%d,"window_segs":[%b],"next_seg":%b,"prev_seg":%b}'
        % (
            first,
            _spell_out(record, first, stop, cut),
            _segment(record, seen),
            _segment(record, max(first - 1, 0)),
        )
        for first, stop, cut, seen, _ in zip(*losses, strict=True)
    )
