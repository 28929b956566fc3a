"""What the data and the windows look like: coverage, distributions and smells, as counters.

Each row adds to a :class:`Stats`; a distribution is a family of counters, ``name/bin``. All of it
explains a run and none of it decides anything: see :mod:`alm.diagnosis` for the conclusions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import compress, islice, repeat
from operator import ge, gt, le, lt, sub

from alm import codec
from alm.params import WindowParams
from alm.records import Record
from alm.rows import Number, Row, Segment, add_up
from alm.stats import Stats
from alm.windows import NO_SPEAKER, Candidates

BANDWIDTH_BIN = 100
"""Hz."""

HIGHEST_HERTZ = 1e9
"""Beyond this, one bin holds all."""

SHARE_BIN = 0.05
"""Of a whole; the bins are named by their lower edge in percent."""

STOPS = {
    "end_of_recording": "the recording ended",
    "too_long": "the next segment reached too far",
    "low_bandwidth": "the next segment had a low bandwidth",
    "unlabelled": 'the next segment was "no-speaker"',
    "too_many_speakers": "the next speaker was one too many",
}
"""Why windows stayed too short, in words."""

_NOBODY = frozenset({None, "", NO_SPEAKER})
_PERCENT = round(100 * SHARE_BIN)
_INSIDE = b"\x01"
_Piece = tuple[int, int, int]
"""The first segment of a window, the one after its last, and the cut one or -1."""
_EDGE = 1e-9
"""So that a share of 0.15, which may come out as 0.1499999, falls into the bin from 15 %."""

LONG_SILENCE = 30
"""Seconds without speech inside a window that deserve a look."""


def survey_row(row: Row, found: Candidates, params: WindowParams, survey: Stats) -> None:
    """Count what the first stage's input and losses look like.

    Args:
        row: a sound row.
        found: what the first stage found in it.
        params: what it was looking for.
        survey: that of all rows.
    """
    columns = found.columns
    survey.count("segments", len(columns.starts))
    sample_rate = f"{min(row['audio_sample_rate'], HIGHEST_HERTZ):.12g}"
    survey.count(f"sample_rate/{sample_rate}")
    survey.add_seconds(f"sample_rate_dur/{sample_rate}", found.stats["total_dur"])
    _survey_bandwidths(row, found, params, survey)
    _survey_speakers(columns.speakers, survey)
    _survey_times(columns.starts, columns.ends, columns.durations, survey)
    survey.count(
        "smell_words_outside", _words_outside(row["segments"], columns.starts, columns.ends)
    )
    _survey_losses(found, params, survey)


def recording_key(row: Row) -> bytes:
    """Eight bytes that tell the ``audio_filepath`` of a row from others; none without one."""
    if "audio_filepath" not in row:
        return b""
    return hashlib.blake2b(codec.dumps(row["audio_filepath"]), digest_size=8).digest()


def _survey_bandwidths(row: Row, found: Candidates, params: WindowParams, survey: Stats) -> None:
    bandwidths, durations = found.columns.bandwidths, found.columns.durations
    survey.add_each(map(_bandwidth_bin, bandwidths), durations)
    if row["audio_sample_rate"] >= params.min_sample_rate:
        passing = list(compress(durations, map(ge, bandwidths, repeat(params.min_bandwidth))))
        survey.add_seconds("passing_sample_rate_dur", found.stats["total_dur"])
        survey.add_seconds("passing_bandwidth_dur", add_up(passing))
    if 0 in bandwidths:
        unmeasured = sum(
            "bandwidth" not in segment.get("metrics", ()) for segment in row["segments"]
        )
        survey.count("segments_without_bandwidth", unmeasured)
        survey.count("rows_without_bandwidth", unmeasured == len(row["segments"]))


@lru_cache(10_000)
def _bandwidth_bin(bandwidth: Number) -> str:
    bandwidth = max(-HIGHEST_HERTZ, min(bandwidth, HIGHEST_HERTZ))
    return f"bandwidth_dur/{bandwidth // BANDWIDTH_BIN * BANDWIDTH_BIN:.0f}"


def _survey_speakers(speakers: Sequence[str | None], survey: Stats) -> None:
    named = set(speakers)
    if not named.isdisjoint(_NOBODY):
        survey.count("segments_unlabelled", sum(map(speakers.count, _NOBODY)))
        named -= _NOBODY
    survey.count("speakers", len(named))


def _survey_times(
    starts: Sequence[Number], ends: Sequence[Number], durations: Sequence[Number], survey: Stats
) -> None:
    if not starts:
        return
    if not all(map(lt, starts, islice(starts, 1, None))):
        survey.count("smell_out_of_order", sum(map(gt, starts, islice(starts, 1, None))))
        in_time = sorted(zip(starts, ends, strict=True), key=lambda times: (times[0], -times[1]))
        starts, ends = zip(*in_time, strict=True)
    shortest = min(durations)
    if shortest <= 0 or not all(map(le, ends, islice(starts, 1, None))):
        overlapping = nested = 0
        reached = ends[0]
        for start, end in zip(islice(starts, 1, None), islice(ends, 1, None), strict=True):
            if start < reached:
                overlapping += 1
            if end > reached:
                reached = end
            else:
                nested += 1
        survey.count("smell_overlapping", overlapping)
        survey.count("smell_nested", nested)
    if shortest <= 0:
        survey.count("smell_zero_duration", sum(duration == 0 for duration in durations))
        survey.count("smell_negative_duration", sum(duration < 0 for duration in durations))


def _words_outside(
    segments: Sequence[Segment], starts: Sequence[Number], ends: Sequence[Number]
) -> int:
    """How many segments have a first word that starts before, or a last that ends after, them.

    Words in between are not looked at, to keep this cheap; malformed ones are no matter here.
    """
    words = [segment.get("words") for segment in segments]
    if not any(words):
        return 0
    try:
        return sum(
            [
                spoken[0]["start"] < start or spoken[-1]["end"] > end
                for spoken, start, end in zip(words, starts, ends, strict=True)
                if spoken
            ]
        )
    except (TypeError, KeyError):
        if len(segments) == 1:
            return 0
        one_by_one = zip(segments, starts, ends, strict=True)
        return sum(_words_outside([segment], [start], [end]) for segment, start, end in one_by_one)


def _survey_losses(found: Candidates, params: WindowParams, survey: Stats) -> None:
    losses = found.losses
    survey.tally("stopped_by", *_causes(found, params))
    bins = 1 / (params.target_window_duration * SHARE_BIN)
    reached = [int(duration * bins + _EDGE) * _PERCENT for duration in losses.durations]
    survey.tally("lost_duration", *reached)
    survey.tally("too_few_speakers", *found.lonely)


def _causes(found: Candidates, params: WindowParams) -> Iterator[str]:
    """Why the windows that missed their duration did not grow on, by :data:`STOPS`."""
    starts, ends, _, bandwidths, speakers, *_ = found.columns
    for first, stop in zip(found.losses.firsts, found.losses.stops, strict=True):
        if stop == len(starts):
            yield "end_of_recording"
        elif bandwidths[stop] < params.min_bandwidth:
            yield "low_bandwidth"
        elif speakers[stop] == NO_SPEAKER:
            yield "unlabelled"
        elif ends[stop] - starts[first] > params.longest:
            yield "too_long"
        else:
            yield "too_many_speakers"


def survey_windows(record: Record, kept: Sequence[int], stats: Stats, survey: Stats) -> None:
    """Count what the windows of a row look like.

    Args:
        record: a row with its candidate windows.
        kept: which of them stay.
        stats: those of the manifest.
        survey: that of all rows.
    """
    windows = record.windows
    starts, ends = record.starts, record.ends
    survey.tally("windows_per_recording", len(kept))
    durations = list(map(sub, ends, starts))
    gaps = list(map(sub, islice(starts, 1, None), ends))  # before each segment but the first
    pieces = list(zip(windows.firsts, windows.stops, windows.cuts, strict=True))
    kept_pieces = [pieces[k] for k in kept]
    survey.add_seconds("candidate_dur", _covered_speech(durations, pieces))
    survey.add_seconds("kept_speech_dur", _covered_speech(durations, kept_pieces))
    stats.add_seconds("recording_dur", record.length)
    kept_dur = _union([(windows.starts[k], windows.ends[k]) for k in kept])[0] if kept else 0
    stats.add_seconds("kept_dur", kept_dur)
    if record.length:
        survey.tally("recording_yield", _percent(kept_dur / record.length))
    for k, piece in zip(kept, kept_pieces, strict=True):
        duration = windows.ends[k] - windows.starts[k]
        speech, silence = _speech(record, piece, durations, gaps)
        quiet = max(0, duration - speech)
        survey.tally("window_duration", int(duration))
        survey.tally("speakers_per_window", windows.speakers[k])
        survey.add_seconds("window_speech_dur", speech)
        survey.add_seconds("window_silence_dur", quiet)
        survey.tally("window_silence", _percent(quiet / duration))
        survey.count("smell_long_silence", silence > LONG_SILENCE)
        talk = windows.talk[k]
        labelled = add_up(talk)
        if labelled > 0:
            survey.tally("dominant_speaker", _percent(talk[0] / labelled))


def _speech(
    record: Record, piece: _Piece, durations: list[Number], gaps: list[Number]
) -> tuple[Number, Number]:
    """Seconds of a window in which somebody speaks, and the longest gap between its segments.

    ``durations`` are those of all segments, ``gaps`` what lies before each but the first.
    """
    first, stop, cut = piece
    spoken = durations[first:stop]
    between = gaps[first : stop - 1]
    if cut >= 0:  # a copy starts where its segment does
        spoken.append(durations[cut])
        between.append(gaps[stop - 1])
    if min(between, default=0) >= 0 and min(spoken) >= 0:
        return add_up(spoken), max(between, default=0)
    intervals = list(zip(record.starts[first:stop], record.ends[first:stop], strict=True))
    if cut >= 0:
        intervals.append((record.starts[cut], record.ends[cut]))
    return _union(intervals)


def _union(intervals: Iterable[tuple[Number, Number]]) -> tuple[Number, Number]:
    """Seconds covered by at least one interval, and the longest gap between them."""
    gap: Number = 0
    (first, reached), *rest = sorted(intervals)
    covered = reached - first
    for start, end in rest:
        if start > reached:
            if start - reached > gap:
                gap = start - reached
            covered += end - start
            reached = end
        elif end > reached:
            covered += end - reached
            reached = end
    return covered, gap


def _covered_speech(durations: Sequence[Number], pieces: Sequence[_Piece]) -> Number:
    """Seconds of the segments that lie in at least one of some windows, wholly or cut."""
    inside = bytearray(len(durations))
    cut_short: dict[int, Number] = {}
    reached = 0  # windows come in the order of their start, so most of one is inside already
    for first, stop, cut in pieces:
        if stop > reached:
            begin = max(first, reached)
            inside[begin:stop] = _INSIDE * (stop - begin)
            reached = stop
        if cut >= 0 and durations[cut] > cut_short.get(stop, 0):
            cut_short[stop] = durations[cut]
    whole = add_up(list(compress(durations, inside)))
    return whole + add_up([part for k, part in cut_short.items() if not inside[k]])


def _percent(share: float) -> int:
    """The lower edge of the bin of a share."""
    return int(share / SHARE_BIN + _EDGE) * _PERCENT
