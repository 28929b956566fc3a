"""Rows as bytes: the compact record between the two stages, and the final output line.

A record carries the row's segments once, as JSON made once; a window is a slice of these bytes.
On disk a record is one line of eight JSON texts separated by tabs (JSON has no raw tab), so the
second stage parses the first of them only and copies the rest. A checksum ends the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from alm.errors import RowError
from alm.params import OverlapParams, WindowParams
from alm.records.budget import (
    AROUND,
    MOST_BYTES,
    PIECE_BYTES,
    PROFILE,
    Size,
    batches,
    check_copies,
    check_size,
    spelled_sizes,
)
from alm.records.spelling import Part as Text
from alm.records.spelling import line
from alm.rows import codec
from alm.rows.row import Number, Row, recording_length
from alm.windows.candidates import Candidates, Losses, Spans, Windows
from alm.windows.cuts import MOST_COPY_BYTES, without, without_each
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


NOT_DEFERRED = b"null"


class Record(NamedTuple):
    """A row after the first stage.

    ``segments`` are the JSON texts of the segments that windows were grown of, then of the cut
    ones, joined by commas; segment ``k`` is ``segments[offsets[k] : offsets[k + 1] - 1]``, and
    ``spans`` say when it runs and who speaks; the first ``own`` are the row's. ``length`` is the
    recording's, in seconds. ``losses`` is None without ``loss_details``, ``places`` says where in
    the row they came that started one. ``untranscribed`` is what the row's ``overlap_segments``
    cover, None where they are malformed.

    ``manifest``, ``name`` (the row's ``audio_filepath``), ``fields``, ``stats``, ``own_stats``
    (those of parameters that the reference does not have) and ``swift`` are JSON texts, and so is
    ``deferred``: what the second stage needs to count or to refuse a row that may turn out too
    large, null for any other.
    """

    windows: Windows
    losses: Losses | None
    places: list[int]
    offsets: list[int]
    spans: Spans
    own: int
    length: Number
    untranscribed: Intervals | None
    truncation_events: int
    manifest: bytes
    name: bytes
    fields: bytes
    stats: bytes
    own_stats: bytes
    swift: bytes
    segments: bytes
    deferred: bytes = NOT_DEFERRED


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
    segments = without_each(found.segments, params.dropped_segment_fields)
    texts, offsets = codec.dumps_joined(segments)
    if found.copies:
        if len(found.copies) * len(texts) > MOST_COPY_BYTES:
            check_copies(found.copies)
        more, begins = codec.dumps_joined(found.copies)
        texts = b"%b,%b" % (texts, more)
        offsets += [offsets[-1] + begin for begin in begins[1:]]
    details = params.loss_details
    columns, spans = found.columns, found.spans
    reached = [columns.last_end, *spans.ends[len(segments) :]]
    return Record(
        windows=found.windows,
        losses=found.losses if details else None,
        places=[found.places[first] for first in found.losses.firsts] if details else [],
        offsets=offsets,
        spans=spans,
        own=len(segments),
        length=recording_length(row, columns.first_start, max(reached)),
        untranscribed=untranscribed(row),
        truncation_events=found.truncation_events,
        manifest=manifest,
        name=_name(row),
        fields=codec.dumps(without(without(row, params.dropped_row_fields), COMPUTED)),
        stats=codec.dumps(found.stats),
        own_stats=codec.dumps(found.own_stats),
        swift=codec.dumps(found.stats["swift_path"]),
        segments=texts,
    )


def _name(row: Row) -> bytes:
    try:
        return codec.dumps(row.get("audio_filepath", ""))
    except RowError:  # nested too deep; the output may do without the field
        return b'""'


def encode(record: Record) -> bytes:
    """The record as one line."""
    windows, losses, places, offsets, spans, own, length, covered, events, *texts = record
    index = [
        [windows.firsts, windows.stops, windows.cuts],
        None if losses is None else list(losses),
        places,
        offsets,
        list(spans),
        own,
        length,
        covered,
        events,
        [len(text) for text in texts],
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
    begin = content.index(b"\t")
    index = codec.loads(content[:begin])
    windows, losses, places, offsets, spans, own, length, covered, events, sizes = index
    texts = []
    for size in sizes:  # to look for their ends took as long as all else
        texts.append(content[begin + 1 : begin + 1 + size])
        begin += 1 + size
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
        own,
        length,
        None if covered is None else tuple(covered),
        events,
        *texts,
    )


class Finished(NamedTuple):
    """A row after the second stage.

    The pieces of its output line, what was decided, and, with ``window_profile``, what is in the
    windows that stay. Ordinary rows are one piece; of others the pieces are made as they are asked
    for.
    """

    pieces: Iterable[bytes]
    decision: Decision
    profiles: Profiles | None


Part = Text | Losses
"""Of an output line: text, the numbers of windows to spell out, with the profile of each or
without, or losses to spell out."""


def finish(record: Record, params: OverlapParams) -> Finished:
    """The second stage on one record.

    Raises:
        ParameterError: ``target_duration`` is None.
        RowError: its output would be too large.
    """
    decision = decide(record.windows, record.spans, params)
    size = None
    if not _is_at_most(record, PIECE_BYTES):
        size = _size(record, decision.kept, params.keep_windows)
        check_size(size, MOST_BYTES)
    spelled, numbers = record.windows, decision.kept
    if not params.keep_windows:
        spelled, numbers = spelled.only(numbers), list(range(len(numbers)))
    filtered: Text = numbers
    found = None
    if params.window_profile:
        found = profiles_of(record, decision)
        staying = record.windows.only(decision.kept)
        described = describe(staying, found, record.untranscribed)
        filtered = dict(zip(numbers, map(codec.dumps, described), strict=True))
    parts = _parts(record, params, decision.summary, filtered)
    if size is None or size.whole <= PIECE_BYTES:
        texts = tuple(
            b",".join(_spell_out_losses(record, part)) if isinstance(part, Losses) else part
            for part in parts
        )
        spoken = codec.dumps(talk(spelled, record.spans))
        pieces: Iterable[bytes] = [line(texts, spelled, record.segments, record.offsets, spoken)]
    else:
        pieces = _in_pieces(record, spelled, parts)
    return Finished(pieces, decision, found)


def profiles_of(record: Record, decision: Decision) -> Profiles:
    """What is in the windows of a row that stay."""
    windows, row = record.windows.only(decision.kept), record.spans.first(record.own)
    return profiles(windows, record.spans, row)


def output_size(record: Record, params: OverlapParams) -> Size:
    """How large the output of the second stage is, to some bytes a window, before it is made."""
    decision = decide(record.windows, record.spans, params)
    return _size(record, decision.kept, params.keep_windows)


def may_be_too_large(record: Record) -> bool:
    """Whether there are parameters of the second stage for which the output is too large."""
    if _is_at_most(record, MOST_BYTES):
        return False
    return _size(record, range(len(record.windows.firsts)), True).whole > MOST_BYTES


def _is_at_most(record: Record, most: int) -> bool:
    """Whether so many bytes suffice even if each window had all segments: a first, quick look."""
    losses = len(record.losses.firsts) if record.losses else 0
    spelled = 2 * len(record.windows.firsts) + 3 * losses
    around = AROUND + PROFILE
    return spelled * (len(record.segments) + around) + _beside_windows(record) <= most


def _beside_windows(record: Record) -> int:
    texts = (record.fields, record.stats, record.own_stats, record.manifest, record.swift)
    return sum(map(len, texts))


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
        kept=sum(sizes[k] + PROFILE for k in kept),
        losses=lost,
        rest=_beside_windows(record),
    )


def _parts(record: Record, params: OverlapParams, summary: Row, filtered: Text) -> tuple[Part, ...]:
    """The output line, with its windows and losses still to be spelled out."""
    every = range(len(record.windows.firsts))
    head = record.fields[:-1] + (b"," if len(record.fields) > 2 else b"")
    candidates: tuple[Part, ...] = (b'"windows":[', every, b"],") if params.keep_windows else ()
    own = b"," + record.own_stats[1:-1] if len(record.own_stats) > 2 else b""
    stats: tuple[Part, ...] = (b'"stats":%b%b}' % (record.stats[:-1], own),)
    if record.losses is not None:
        opened = b'"stats":%b,"lost_win_full_data":[' % record.stats[:-1]
        stats = (opened, record.losses, b"]%b}" % own)
    middle = b',"truncation_events":%d,%b,"filtered_windows":[' % (
        record.truncation_events,
        codec.dumps(summary)[1:-1],
    )
    tail = b'],"manifest_filepath":%b,"swift_filepath":%b}\n' % (
        record.manifest,
        record.swift if record.windows.firsts else b"null",
    )
    return (head, *candidates, *stats, middle, filtered, tail)


def _in_pieces(record: Record, windows: Windows, parts: Sequence[Part]) -> Iterator[bytes]:
    """The output line, spelled out as it is written; its parts number some of the windows."""
    sizes = spelled_sizes(windows, record.offsets)
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        texts = (
            _spell_out_losses(record, part)
            if isinstance(part, Losses)
            else _spell_out_windows(record, windows, part, sizes)
        )
        for number, text in enumerate(texts):
            if number:
                yield b","
            yield text


def _spell_out_windows(
    record: Record, windows: Windows, chosen: Sequence[int] | dict[int, bytes], sizes: Sequence[int]
) -> Iterator[bytes]:
    numbers = list(chosen) if isinstance(chosen, dict) else chosen
    for batch in batches(numbers, sizes):
        some = windows.only(batch)
        part: Text = range(len(batch))
        if isinstance(chosen, dict):
            part = {place: chosen[number] for place, number in enumerate(batch)}
        spoken = codec.dumps(talk(some, record.spans))
        yield line((part,), some, record.segments, record.offsets, spoken)


def _spell_out(record: Record, first: int, stop: int, cut: int) -> bytes:
    begin, end = record.offsets[first], record.offsets[stop]
    if cut < 0:
        return record.segments[begin : max(begin, end - 1)]
    return record.segments[begin:end] + _segment(record, cut)


def _segment(record: Record, k: int) -> bytes:
    return record.segments[record.offsets[k] : record.offsets[k + 1] - 1]


def _spell_out_losses(record: Record, losses: Losses) -> Iterator[bytes]:
    for place, first, stop, cut, seen in zip(
        record.places, losses.firsts, losses.stops, losses.cuts, losses.seen, strict=True
    ):
        yield b'{"index":%d,"window_segs":[%b],"next_seg":%b,"prev_seg":%b}' % (
            place,
            _spell_out(record, first, stop, cut),
            _segment(record, seen),
            _segment(record, max(first - 1, 0)),
        )
