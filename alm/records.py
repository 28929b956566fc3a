"""Rows as bytes: the compact record between the two stages, and the final output line.

A record carries the row's segments once, as JSON made once; a window is a slice of these bytes.
On disk a record is one line of six JSON texts separated by tabs (JSON has no raw tab), so the
second stage parses the first of them only and copies the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from alm import codec, overlap
from alm.overlap import Span
from alm.params import OverlapParams, WindowParams
from alm.rows import Number, Row, recording_length
from alm.windows import Candidates, Loss, Slice, Window, without

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
    segment ``k`` is ``segments[offsets[k] : offsets[k + 1] - 1]`` and lasts from ``starts[k]`` to
    ``ends[k]`` seconds; ``length`` is the recording's. ``losses`` is None without
    ``loss_details``. ``manifest``, ``fields``, ``stats`` and ``swift`` are JSON texts.
    """

    windows: list[Window]
    losses: list[Loss] | None
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
    dropped = params.dropped_segment_fields
    texts = [codec.dumps(without(segment, dropped)) for segment in row["segments"] + found.cuts]
    offsets = [0]
    position = 0
    for text in texts:
        position += len(text) + 1
        offsets.append(position)
    return Record(
        windows=found.windows,
        losses=found.losses if params.loss_details else None,
        offsets=offsets,
        starts=[*found.columns.starts, *(cut["start"] for cut in found.cuts)],
        ends=[*found.columns.ends, *(cut["end"] for cut in found.cuts)],
        length=recording_length(row, found.columns.ends),
        truncation_events=found.truncation_events,
        manifest=manifest,
        fields=codec.dumps(without(row, params.dropped_row_fields | COMPUTED)),
        stats=codec.dumps(found.stats),
        swift=codec.dumps(found.stats["swift_path"]),
        segments=b",".join(texts),
    )


def encode(record: Record) -> bytes:
    """The record as one line."""
    losses = record.losses
    index = [
        [[*w.segments, w.speakers, w.speaker_durations] for w in record.windows],
        None if losses is None else [[x.started_at, *x.segments, x.stopped_at] for x in losses],
        *record[2:7],
    ]
    return b"\t".join((codec.dumps(index), *record[7:])) + b"\n"


def decode(line: bytes) -> Record:
    """What :func:`encode` wrote, the ``duration`` of losses aside."""
    index, *texts = line.rstrip(b"\n").split(b"\t")
    windows, losses, offsets, starts, ends, length, truncation_events = codec.loads(index)
    return Record(
        [
            Window(
                Slice(first, stop, cut),
                starts[first],
                ends[cut] if cut >= 0 else ends[stop - 1],
                speakers,
                durations,
            )
            for first, stop, cut, speakers, durations in windows
        ],
        None if losses is None else [Loss(x[0], Slice(*x[1:4]), x[4], 0) for x in losses],
        offsets,
        starts,
        ends,
        length,
        truncation_events,
        *texts,
    )


class Finished(NamedTuple):
    """A row after the second stage: its output line, what it sums up, and the windows that stay."""

    line: bytes
    summary: Row
    kept: list[Window]


def finish(record: Record, params: OverlapParams) -> Finished:
    """The second stage on one record."""
    spans = [Span(window.start, window.end) for window in record.windows]
    filtered = overlap.filter_spans(spans, params)
    summary = overlap.summarize(spans, filtered)
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
    line = b"{%b}\n" % b",".join(parts)
    return Finished(line, summary, [record.windows[k] for k in filtered.windows])


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
