"""What the data and the windows look like: coverage, distributions and smells, as counters.

Each row adds to a :class:`Stats`; a distribution is a family of counters, ``name/bin``. All of it
explains a run and none of it decides anything: see :mod:`alm.diagnosis` for the conclusions.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, compress, pairwise
from operator import le, lt, sub

from alm import codec
from alm.params import WindowParams
from alm.records import Record
from alm.rows import Number, Row, Segment, recording_length
from alm.stats import Stats
from alm.windows import NO_SPEAKER, Candidates, Loss, Slice, Window, add_up

BANDWIDTH_BIN = 100
"""Hz."""

LOST_DURATION_BIN = 0.05
"""Of the target."""

SHARE_BIN = 0.05

LONG_SILENCE = 30
"""Seconds without speech inside a window that deserve a look."""


def survey_row(row: Row, found: Candidates, params: WindowParams, survey: Stats) -> None:
    """Count what the first stage's input and losses look like.

    Args:
        row: a sound row.
        found: what the first stage found in it.
        params: what it was looking for.
        survey: where to count.
    """
    columns = found.columns
    survey.count("segments", len(columns.starts))
    survey.count(f"sample_rate/{row['audio_sample_rate']}")
    survey.add_seconds(f"sample_rate_dur/{row['audio_sample_rate']}", found.stats["total_dur"])
    survey.add_seconds("recording_dur", recording_length(row, columns.ends))
    _survey_bandwidths(row, found, params, survey)
    _survey_speakers(columns.speakers, survey)
    _survey_times(columns.starts, columns.ends, columns.durations, survey)
    survey.count("smell_words_outside", sum(map(_has_words_outside, row["segments"])))
    _survey_losses(found, params, survey)


def recording_key(row: Row) -> bytes:
    """Eight bytes that tell the ``audio_filepath`` of a row from others; none without one."""
    if "audio_filepath" not in row:
        return b""
    return hashlib.blake2b(codec.dumps(row["audio_filepath"]), digest_size=8).digest()


def _survey_bandwidths(row: Row, found: Candidates, params: WindowParams, survey: Stats) -> None:
    seconds: dict[Number, Number] = defaultdict(int)
    for bandwidth, duration in zip(found.columns.bandwidths, found.columns.durations, strict=True):
        seconds[bandwidth] += duration
    enough: Number = 0
    for bandwidth, duration in seconds.items():
        survey.add_seconds(
            f"bandwidth_dur/{bandwidth // BANDWIDTH_BIN * BANDWIDTH_BIN:.0f}", duration
        )
        if bandwidth >= params.min_bandwidth:
            enough += duration
    if row["audio_sample_rate"] >= params.min_sample_rate:
        survey.add_seconds("passing_sample_rate_dur", found.stats["total_dur"])
        survey.add_seconds("passing_bandwidth_dur", enough)
    if 0 in seconds:
        unmeasured = sum(
            "bandwidth" not in segment.get("metrics", ()) for segment in row["segments"]
        )
        survey.count("segments_without_bandwidth", unmeasured)
        survey.count("rows_without_bandwidth", unmeasured == len(row["segments"]))


def _survey_speakers(speakers: Sequence[str | None], survey: Stats) -> None:
    labels = Counter(speakers)
    unlabelled = sum(labels.pop(label, 0) for label in (None, "", NO_SPEAKER))
    survey.count("speakers", len(labels))
    survey.count("segments_unlabelled", unlabelled)


def _survey_times(
    starts: Sequence[Number], ends: Sequence[Number], durations: Sequence[Number], survey: Stats
) -> None:
    if not starts:
        return
    reached = list(accumulate(ends, max))
    survey.count("smell_out_of_order", sum(b < a for a, b in pairwise(starts)))
    survey.count("smell_overlapping", sum(map(lt, starts[1:], reached)))
    survey.count("smell_nested", sum(map(le, ends[1:], reached)))
    if min(durations) <= 0:
        survey.count("smell_zero_duration", sum(duration == 0 for duration in durations))
        survey.count("smell_negative_duration", sum(duration < 0 for duration in durations))


def _has_words_outside(segment: Segment) -> bool:
    """Whether the first word starts before, or the last one ends after, its segment.

    Words in between are not looked at, to keep this cheap; malformed ones are no matter here.
    """
    words = segment.get("words")
    if not words:
        return False
    try:
        return bool(words[0]["start"] < segment["start"] or words[-1]["end"] > segment["end"])
    except (TypeError, KeyError):
        return False


def _survey_losses(found: Candidates, params: WindowParams, survey: Stats) -> None:
    for loss in found.losses:
        survey.count(f"stopped_by/{_stopped_by(loss, found, params)}")
        share = loss.duration / params.target_window_duration
        survey.count(f"lost_duration/{_bin(share, LOST_DURATION_BIN)}")
    for speakers in found.lonely:
        survey.count(f"too_few_speakers/{speakers}")


def _stopped_by(loss: Loss, found: Candidates, params: WindowParams) -> str:
    starts, ends, _, bandwidths, speakers = found.columns
    j = loss.stopped_at
    if loss.segments.stop > j:
        return "end_of_recording"
    if bandwidths[j] < params.min_bandwidth:
        return "low_bandwidth"
    if speakers[j] == NO_SPEAKER:
        return "unlabelled"
    if ends[j] - starts[loss.started_at] > params.longest:
        return "too_long"
    return "too_many_speakers"


def survey_windows(record: Record, kept: Sequence[Window], survey: Stats) -> None:
    """Count what the windows of a row look like.

    Args:
        record: a row with its candidate windows.
        kept: the windows that stay.
        survey: where to count.
    """
    survey.count(f"windows_per_recording/{len(kept)}")
    survey.add_seconds("candidate_dur", _covered_speech(record, record.windows))
    survey.add_seconds("kept_speech_dur", _covered_speech(record, kept))
    kept_dur, _ = _union((window.start, window.end) for window in kept)
    survey.add_seconds("kept_dur", kept_dur)
    if record.length:
        survey.count(f"recording_yield/{_bin(kept_dur / record.length, SHARE_BIN)}")
    for window in kept:
        duration = window.end - window.start
        speech, silence = _union(_intervals(record, window.segments))
        survey.count(f"window_duration/{int(duration)}")
        survey.count(f"speakers_per_window/{window.speakers}")
        survey.add_seconds("window_speech_dur", speech)
        survey.add_seconds("window_silence_dur", max(0, duration - speech))
        survey.count(f"window_silence/{_bin(max(0, duration - speech) / duration, SHARE_BIN)}")
        survey.count("smell_long_silence", silence > LONG_SILENCE)
        labelled = add_up(window.speaker_durations)
        if labelled > 0:
            share = window.speaker_durations[0] / labelled
            survey.count(f"dominant_speaker/{_bin(share, SHARE_BIN)}")


def _intervals(record: Record, piece: Slice) -> list[tuple[Number, Number]]:
    wanted = [*range(piece.first, piece.stop), *([piece.cut] if piece.cut >= 0 else [])]
    return [(record.starts[k], record.ends[k]) for k in wanted]


def _union(intervals: Iterable[tuple[Number, Number]]) -> tuple[Number, Number]:
    """Seconds covered by at least one interval, and the longest gap between them."""
    covered: Number = 0
    gap: Number = 0
    reached: Number | None = None
    for start, end in sorted(intervals):
        if reached is None or start >= reached:
            if reached is not None:
                gap = max(gap, start - reached)
            covered += end - start
            reached = end
        elif end > reached:
            covered += end - reached
            reached = end
    return covered, gap


def _covered_speech(record: Record, windows: Sequence[Window]) -> Number:
    """Seconds of the segments that lie in at least one of ``windows``, wholly or cut."""
    inside = bytearray(len(record.starts))
    cut_short: dict[int, Number] = {}
    for first, stop, cut in (window.segments for window in windows):
        inside[first:stop] = b"\x01" * (stop - first)
        if cut >= 0:
            part = record.ends[cut] - record.starts[cut]
            cut_short[stop] = max(part, cut_short.get(stop, 0))
    whole = add_up(list(compress(map(sub, record.ends, record.starts), inside)))
    return whole + add_up([part for k, part in cut_short.items() if not inside[k]])


def _bin(value: float, width: float) -> int:
    """The lower edge of the bin of ``value``, in percent."""
    return int(value / width + 1e-9) * round(width * 100)
