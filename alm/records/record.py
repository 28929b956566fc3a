"""Rows as bytes: the compact record between the two stages, and the final output line.

A record carries the row's segments once, as JSON made once; a window is a slice of these bytes.
On disk a record is one line of seven JSON texts separated by tabs (JSON has no raw tab), so the
second stage parses the first of them only and copies the rest. A checksum ends the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from alm.params import OverlapParams, WindowParams
from alm.records.budget import (
    AROUND,
    MOST_BYTES,
    PIECE_BYTES,
    Size,
    batches,
    check_copies,
    check_size,
    spelled_sizes,
)
from alm.records.spelling import line
from alm.rows import codec
from alm.rows.row import Number, Row, recording_length
from alm.windows.candidates import Candidates, Losses, Windows
from alm.windows.cuts import MOST_COPY_BYTES, without, without_each
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
    ``ends[k]`` seconds; the first ``own`` are the row's; ``length`` is the recording's, in seconds.
    ``losses`` is None without
    ``loss_details``. ``manifest``, ``fields``, ``stats`` and ``swift`` are JSON texts, and so is
    ``deferred``: what the second stage needs to count or to refuse a row that may turn out too
    large, null for any other.
    """

    windows: Windows
    losses: Losses | None
    offsets: list[int]
    starts: list[Number]
    ends: list[Number]
    own: int
    length: Number
    truncation_events: int
    manifest: bytes
    fields: bytes
    stats: bytes
    swift: bytes
    segments: bytes
    deferred: bytes = b"null"


def make_record(row: Row, found: Candidates, manifest: bytes, params: WindowParams) -> Record:
    """What the first stage found in a row, as bytes.

    Args:
        row: the parsed row.
        found: its candidate windows.
        manifest: the JSON text of the manifest's path.
        params: see :class:`WindowParams`.

    Raises:
        RowError: the row is nested too deeply to be written, or its cut segments are too large.
    """
    segments = without_each(row["segments"], params.dropped_segment_fields)
    texts, offsets = codec.dumps_joined(segments)
    if copies := found.copies.segments:
        if len(copies) * len(texts) > MOST_COPY_BYTES:
            check_copies(copies)
        more, places = codec.dumps_joined(copies)
        texts = b"%b,%b" % (texts, more)
        offsets += [offsets[-1] + place for place in places[1:]]
    columns, ends = found.columns, found.copies.ends
    return Record(
        windows=found.windows,
        losses=found.losses if params.loss_details else None,
        offsets=offsets,
        starts=[*columns.starts, *found.copies.starts],
        ends=[*columns.ends, *ends],
        own=len(segments),
        length=recording_length(row, columns.first_start, max([columns.last_end, *ends])),
        truncation_events=found.truncation_events,
        manifest=manifest,
        fields=codec.dumps(without(without(row, params.dropped_row_fields), COMPUTED)),
        stats=codec.dumps(found.stats),
        swift=codec.dumps(found.stats["swift_path"]),
        segments=texts,
    )


def encode(record: Record) -> bytes:
    """The record as one line."""
    windows, losses, offsets, starts, ends, own, length, truncation_events, *texts = record
    index = [
        [windows.firsts, windows.stops, windows.cuts, windows.speakers, windows.talk],
        losses,
        offsets,
        starts,
        ends,
        own,
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
    windows, losses, offsets, starts, ends, own, length, truncation_events = codec.loads(index)
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
        own,
        length,
        truncation_events,
        *texts,
    )


class Finished(NamedTuple):
    """A row after the second stage: the pieces of its output line, its sums, which windows stay.

    Ordinary rows are one piece; of others the pieces are made as they are asked for.
    """

    pieces: Iterable[bytes]
    summary: Row
    kept: list[int]


Part = bytes | Sequence[int] | Losses
"""Of an output line: text, the numbers of windows to spell out, or losses to spell out."""


def finish(record: Record, params: OverlapParams) -> Finished:
    """The second stage on one record.

    Raises:
        RowError: its output would be too large.
    """
    windows = record.windows
    summary, kept = decide(windows.starts, windows.ends, params)
    parts = _parts(record, params, summary, kept)
    size = None
    if not _is_at_most(record, PIECE_BYTES):
        size = _size(record, kept, params.keep_windows)
        check_size(size, MOST_BYTES)
    if size is None or size.whole <= PIECE_BYTES:
        spelled = tuple(
            b",".join(_spell_out_losses(record, part)) if isinstance(part, Losses) else part
            for part in parts
        )
        talk = codec.dumps(windows.talk)
        pieces: Iterable[bytes] = [line(spelled, windows, record.segments, record.offsets, talk)]
    else:
        pieces = _in_pieces(record, parts)
    return Finished(pieces, summary, kept)


def may_be_too_large(record: Record) -> bool:
    """Whether there are parameters of the second stage for which the output is too large."""
    if _is_at_most(record, MOST_BYTES):
        return False
    return _size(record, range(len(record.windows.firsts)), True).whole > MOST_BYTES


def _is_at_most(record: Record, most: int) -> bool:
    """Whether so many bytes suffice even if each window had all segments: a first, quick look."""
    losses = len(record.losses.firsts) if record.losses else 0
    spelled = 2 * len(record.windows.firsts) + 3 * losses
    return spelled * (len(record.segments) + AROUND) + _beside_windows(record) <= most


def _beside_windows(record: Record) -> int:
    return len(record.fields) + len(record.stats) + len(record.manifest) + len(record.swift)


def _size(record: Record, kept: Sequence[int], keep_windows: bool) -> Size:
    """How large the output is, to some bytes a window."""
    offsets, losses = record.offsets, record.losses
    sizes = spelled_sizes(record.windows, offsets)
    lost = 0
    if losses is not None:
        lost = sum(spelled_sizes(losses, offsets))
        beside = [*losses.seen, *(max(first - 1, 0) for first in losses.firsts)]
        lost += sum(offsets[k + 1] - offsets[k] for k in beside)
    return Size(
        candidates=sum(sizes) if keep_windows else 0,
        kept=sum(sizes[k] for k in kept),
        losses=lost,
        rest=_beside_windows(record),
    )


def _parts(
    record: Record, params: OverlapParams, summary: Row, kept: Sequence[int]
) -> tuple[Part, ...]:
    """The output line, with its windows and losses still to be spelled out."""
    every = range(len(record.windows.firsts))
    head = record.fields[:-1] + (b"," if len(record.fields) > 2 else b"")
    candidates: tuple[Part, ...] = (b'"windows":[', every, b"],") if params.keep_windows else ()
    stats: tuple[Part, ...] = (b'"stats":' + record.stats,)
    if record.losses is not None:
        opened = b'"stats":%b,"lost_win_full_data":[' % record.stats[:-1]
        stats = (opened, record.losses, b"]}")
    middle = b',"truncation_events":%d,%b,"filtered_windows":[' % (
        record.truncation_events,
        codec.dumps(summary)[1:-1],
    )
    tail = b'],"manifest_filepath":%b,"swift_filepath":%b}\n' % (
        record.manifest,
        record.swift if every else b"null",
    )
    return (head, *candidates, *stats, middle, kept, tail)


def _in_pieces(record: Record, parts: Sequence[Part]) -> Iterator[bytes]:
    """The output line, spelled out as it is written."""
    sizes = spelled_sizes(record.windows, record.offsets)
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        texts = (
            _spell_out_losses(record, part)
            if isinstance(part, Losses)
            else (_spell_out_windows(record, batch) for batch in batches(part, sizes))
        )
        for number, text in enumerate(texts):
            if number:
                yield b","
            yield text


def _spell_out_windows(record: Record, chosen: Sequence[int]) -> bytes:
    some = Windows._make([[column[k] for k in chosen] for column in record.windows])
    parts = (range(len(chosen)),)
    return line(parts, some, record.segments, record.offsets, codec.dumps(some.talk))


def _spell_out(record: Record, first: int, stop: int, cut: int) -> bytes:
    begin, end = record.offsets[first], record.offsets[stop]
    if cut < 0:
        return record.segments[begin : max(begin, end - 1)]
    return record.segments[begin:end] + _segment(record, cut)


def _segment(record: Record, k: int) -> bytes:
    return record.segments[record.offsets[k] : record.offsets[k + 1] - 1]


def _spell_out_losses(record: Record, losses: Losses) -> Iterator[bytes]:
    for first, stop, cut, seen, _ in zip(*losses, strict=True):
        yield b'{"index":%d,"window_segs":[%b],"next_seg":%b,"prev_seg":%b}' % (
            first,
            _spell_out(record, first, stop, cut),
            _segment(record, seen),
            _segment(record, max(first - 1, 0)),
        )
