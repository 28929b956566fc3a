"""Rows as bytes: the compact record between the two stages, and the final output line.

A record carries the row's segments once, as JSON made once; a window is a slice of these bytes.
On disk a record is one line of seven JSON texts separated by tabs (JSON has no raw tab), so the
second stage parses the first of them only and copies the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from alm.params import OverlapParams, WindowParams
from alm.records.spelling import Part, line
from alm.rows import codec
from alm.rows.row import Number, Row, recording_length
from alm.windows.candidates import Candidates, Losses, Spans, Windows
from alm.windows.cuts import without, without_each
from alm.windows.filter import Decision, decide, describe, untranscribed
from alm.windows.profile import Intervals, Profiles, profiles, talk

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

    ``segments`` are the JSON texts of the segments that windows were grown of, then of the cut
    ones, joined by commas; segment ``k`` is ``segments[offsets[k] : offsets[k + 1] - 1]``, and
    ``spans`` say when it runs and who speaks; ``length`` is the recording's, in seconds. ``losses``
    is None without ``loss_details``, ``places`` says where in the row they came that started one.
    ``untranscribed`` is what the row's ``overlap_segments`` cover, None where they are malformed.
    ``manifest``, ``fields``, ``stats``, ``own_stats`` (those of parameters that the reference does
    not have) and ``swift`` are JSON texts.
    """

    windows: Windows
    losses: Losses | None
    places: list[int]
    offsets: list[int]
    spans: Spans
    length: Number
    untranscribed: Intervals | None
    truncation_events: int
    manifest: bytes
    fields: bytes
    stats: bytes
    own_stats: bytes
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
    segments = without_each(found.segments, params.dropped_segment_fields)
    texts, offsets = codec.dumps_joined(segments + found.copies)
    details = params.loss_details
    return Record(
        windows=found.windows,
        losses=found.losses if details else None,
        places=[found.places[first] for first in found.losses.firsts] if details else [],
        offsets=offsets,
        spans=found.spans,
        length=recording_length(row, found.columns.last_end),
        untranscribed=untranscribed(row),
        truncation_events=found.truncation_events,
        manifest=manifest,
        fields=codec.dumps(without(without(row, params.dropped_row_fields), COMPUTED)),
        stats=codec.dumps(found.stats),
        own_stats=codec.dumps(found.own_stats),
        swift=codec.dumps(found.stats["swift_path"]),
        segments=texts,
    )


def encode(record: Record) -> bytes:
    """The record as one line."""
    windows, losses, spans = record.windows, record.losses, record.spans
    index = [
        [windows.firsts, windows.stops, windows.cuts],
        None if losses is None else list(losses),
        record.places,
        record.offsets,
        list(spans),
        record.length,
        record.untranscribed,
        record.truncation_events,
    ]
    texts = (record.fields, record.stats, record.own_stats, record.swift, record.segments)
    return b"\t".join((codec.dumps(index), record.manifest, *texts)) + b"\n"


def decode(line: bytes) -> Record:
    """What :func:`encode` wrote."""
    index, *texts = line.rstrip(b"\n").split(b"\t")
    windows, losses, places, offsets, spans, length, not_transcribed, *rest = codec.loads(index)
    firsts, stops, cuts = windows
    starts, ends, _ = spans
    return Record(
        Windows(
            firsts,
            stops,
            cuts,
            [starts[first] for first in firsts],
            [ends[cut if cut >= 0 else stop - 1] for stop, cut in zip(stops, cuts, strict=True)],
        ),
        None if losses is None else Losses(*losses),
        places,
        offsets,
        Spans(*spans),
        length,
        None if not_transcribed is None else tuple(not_transcribed),
        *rest,
        *texts,
    )


class Finished(NamedTuple):
    """A row after the second stage: its output line, what was decided, what is in the windows."""

    line: bytes
    decision: Decision
    profiles: Profiles


def finish(record: Record, params: OverlapParams) -> Finished:
    """The second stage on one record.

    Raises:
        ParameterError: ``target_duration`` is None.
    """
    decision = decide(record.windows, record.spans, params)
    staying = record.windows.only(decision.kept)
    found = profiles(staying, record.spans, record.spans)
    head = record.fields[:-1] + (b"," if len(record.fields) > 2 else b"")
    middle = b'"stats":%b,"truncation_events":%d,%b,"filtered_windows":[' % (
        _spell_out_stats(record),
        record.truncation_events,
        codec.dumps(decision.summary)[1:-1],
    )
    tail = b'],"manifest_filepath":%b,"swift_filepath":%b}\n' % (
        record.manifest,
        record.swift if record.windows.firsts else b"null",
    )
    spelled, numbers = (
        (record.windows, decision.kept)
        if params.keep_windows
        else (staying, range(len(decision.kept)))
    )
    filtered: Part = numbers
    if params.window_profile:
        described = describe(staying, found, record.untranscribed)
        filtered = dict(zip(numbers, map(codec.dumps, described), strict=True))
    parts: tuple[Part, ...] = (head, middle, filtered, tail)
    if params.keep_windows:
        every = range(len(spelled.firsts))
        parts = (head, b'"windows":[', every, b"],", middle, filtered, tail)
    spoken = codec.dumps(talk(spelled, record.spans))
    text = line(parts, spelled, record.segments, record.offsets, spoken)
    return Finished(text, decision, found)


def _spell_out_stats(record: Record) -> bytes:
    losses = b""
    if record.losses is not None:
        losses = b',"lost_win_full_data":[%b]' % _spell_out_losses(record, record.losses)
    own = b"," + record.own_stats[1:-1] if len(record.own_stats) > 2 else b""
    return record.stats[:-1] + losses + own + b"}"


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
            place,
            _spell_out(record, first, stop, cut),
            _segment(record, seen),
            _segment(record, max(first - 1, 0)),
        )
        for place, first, stop, cut, seen in zip(
            record.places, losses.firsts, losses.stops, losses.cuts, losses.seen, strict=True
        )
    )
