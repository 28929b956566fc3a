"""Rows as bytes: the compact record between the two stages, and the final output line.

A record carries the row's segments once, as JSON made once; a window is a slice of these bytes.
On disk a record is one line of five JSON texts separated by tabs (JSON has no raw tab), so the
second stage parses the first of them only and copies the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from alm import codec, overlap
from alm.overlap import Span
from alm.params import OverlapParams, WindowParams
from alm.rows import parse_row
from alm.stats import Stats
from alm.windows import Loss, Slice, Window, find_windows, without

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
"""The fields that the stages write; what a row says under these names is replaced."""


class Record(NamedTuple):
    """A row after the first stage.

    ``segments`` are the JSON texts of the row's segments, then of the cut ones, joined by commas;
    segment ``k`` is ``segments[offsets[k] : offsets[k + 1] - 1]``. ``losses`` is None without
    ``loss_details``. ``manifest``, ``fields``, ``stats`` and ``swift`` are JSON texts.
    """

    windows: list[Window]
    losses: list[Loss] | None
    offsets: list[int]
    truncation_events: int
    manifest: bytes
    fields: bytes
    stats: bytes
    swift: bytes
    segments: bytes


def make_record(line: bytes, manifest: bytes, params: WindowParams, totals: Stats) -> Record:
    """The first stage on one line of a manifest; counts it in ``totals``.

    Args:
        line: the JSON text of the row.
        manifest: the JSON text of the manifest's path.
        params: see :class:`WindowParams`.
        totals: the stats of the manifest, left alone when the row is refused.

    Raises:
        RowError: the line is not a sound row.
    """
    row = parse_row(line)
    found = find_windows(row, params)
    dropped = params.dropped_segment_fields
    texts = [codec.dumps(without(segment, dropped)) for segment in row["segments"] + found.cuts]
    offsets = [0]
    position = 0
    for text in texts:
        position += len(text) + 1
        offsets.append(position)
    record = Record(
        windows=found.windows,
        losses=found.losses if params.loss_details else None,
        offsets=offsets,
        truncation_events=found.truncation_events,
        manifest=manifest,
        fields=codec.dumps(without(row, params.dropped_row_fields | COMPUTED)),
        stats=codec.dumps(found.stats),
        swift=codec.dumps(found.stats["swift_path"]),
        segments=b",".join(texts),
    )
    totals.add_row(found.stats, found.truncation_events)
    return record


def encode(record: Record) -> bytes:
    """The record as one line."""
    losses = record.losses
    index = [
        [[*window.segments, *window[1:]] for window in record.windows],
        None if losses is None else [[loss.started_at, *loss.segments, loss[2]] for loss in losses],
        record.offsets,
        record.truncation_events,
    ]
    return b"\t".join((codec.dumps(index), *record[4:])) + b"\n"


def decode(line: bytes) -> Record:
    """What :func:`encode` wrote."""
    index, *texts = line.rstrip(b"\n").split(b"\t")
    windows, losses, offsets, truncation_events = codec.loads(index)
    return Record(
        [Window(Slice(*window[:3]), *window[3:]) for window in windows],
        None if losses is None else [Loss(loss[0], Slice(*loss[1:4]), loss[4]) for loss in losses],
        offsets,
        truncation_events,
        *texts,
    )


def finish(record: Record, params: OverlapParams, totals: Stats) -> bytes:
    """The second stage on one record: the final output line; counts its windows in ``totals``."""
    spans = [Span(window.start, window.end) for window in record.windows]
    filtered = overlap.filter_spans(spans, params)
    summary = overlap.summarize(spans, filtered)
    totals.count("windows", len(spans))
    totals.count("filtered_windows", len(filtered.windows))
    totals.add_seconds("total_dur_window", summary["total_dur_window"])
    totals.add_seconds("filtered_dur", summary["filtered_dur"])

    windows = [
        b'{"segments":[%b],"speaker_durations":%b}'
        % (_spell_out(record, window.segments), codec.dumps(window.speaker_durations))
        for window in record.windows
    ]
    stats = record.stats
    if record.losses is not None:
        losses = b",".join(_spell_out_loss(record, loss) for loss in record.losses)
        stats = b'%b,"lost_win_full_data":[%b]}' % (stats[:-1], losses)
    parts = [record.fields[1:-1]] if record.fields != b"{}" else []
    if params.keep_windows:
        parts.append(b'"windows":[%b]' % b",".join(windows))
    parts += [
        b'"stats":%b,"truncation_events":%d' % (stats, record.truncation_events),
        codec.dumps(summary)[1:-1],
        b'"filtered_windows":[%b]' % b",".join([windows[k] for k in filtered.windows]),
        b'"manifest_filepath":%b,"swift_filepath":%b'
        % (record.manifest, record.swift if windows else b"null"),
    ]
    return b"{%b}\n" % b",".join(parts)


def _segment(record: Record, k: int) -> bytes:
    return record.segments[record.offsets[k] : record.offsets[k + 1] - 1]


def _spell_out(record: Record, piece: Slice) -> bytes:
    texts = []
    if piece.stop > piece.first:
        begin, end = record.offsets[piece.first], record.offsets[piece.stop]
        texts.append(record.segments[begin : end - 1])
    if piece.cut >= 0:
        texts.append(_segment(record, piece.cut))
    return b",".join(texts)


def _spell_out_loss(record: Record, loss: Loss) -> bytes:
    return b'{"index":%d,"window_segs":[%b],"next_seg":%b,"prev_seg":%b}' % (
        loss.started_at,
        _spell_out(record, loss.segments),
        _segment(record, loss.stopped_at),
        _segment(record, max(loss.started_at - 1, 0)),
    )
