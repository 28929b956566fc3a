"""What the data and the windows look like: coverage, distributions and smells, as counters.

Each row adds to a :class:`Stats`; a distribution is a family of counters, ``name/bin``. All of it
explains a run and none of it decides anything: the conclusions are in
:mod:`alm.statistics.diagnosis`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from alm.errors import RowError
from alm.params import OverlapParams, WindowParams
from alm.records.record import Finished, Record, profiles_of
from alm.rows import codec
from alm.rows.row import Number, Row, add_up
from alm.statistics.counters import Stats
from alm.statistics.measures import (
    Lasting,
    believed,
    by_bandwidth,
    disorder,
    heard,
    lasting,
    out_of_order,
    words_outside,
)
from alm.statistics.shares import BIN_PERCENT, EDGE, SHARE_BIN, share_bin
from alm.statistics.units import survey_units
from alm.windows.candidates import Candidates
from alm.windows.filter import SELECTIONS, silence
from alm.windows.growth import NO_SPEAKER

STOPS = {
    "end_of_recording": "the recording ended",
    "too_long": "the next segment reached too far",
    "low_bandwidth": "the next segment had a low bandwidth",
    "unlabelled": 'the next segment was "no-speaker"',
    "gap": "the next segment came after more than max_gap",
    "too_many_speakers": "the next speaker was one too many",
}
"""Why windows stayed too short, in words."""

_NOBODY = frozenset({None, "", NO_SPEAKER})

_CHOICES = {
    selection: tuple(
        f"{name}/{selection}" for name in ("choice_windows", "choice_dur", "choice_covered_dur")
    )
    for selection in SELECTIONS
}

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
    rows, seconds = _names_by_rate(row["audio_sample_rate"])
    survey.count(rows)
    survey.add_seconds(seconds, found.stats["total_dur"])
    _survey_bandwidths(row, found, params, survey)
    _survey_speakers(columns.speakers, survey)
    odd = disorder(columns.starts, columns.ends)
    survey.count("smell_out_of_order", odd.out_of_order)
    if odd.out_of_order:
        survey.count("rows_out_of_order")
        survey.add_seconds("out_of_order_dur", found.stats["total_dur"])
    survey.count("smell_overlapping", odd.overlapping)
    survey.count("smell_nested", odd.nested)
    survey.count("smell_zero_duration", odd.zero_duration)
    survey.count("smell_negative_duration", odd.negative_duration)
    survey.count(
        "smell_words_outside", words_outside(row["segments"], columns.starts, columns.ends)
    )
    survey_units(row, columns, params, survey)
    _survey_losses(found, params, survey)


@lru_cache(1000)
def _names_by_rate(hertz: Number) -> tuple[str, str]:
    rate = f"{believed(hertz) + 0:.12g}"  # equal rates have one name, -0.0 too
    return f"sample_rate/{rate}", f"sample_rate_dur/{rate}"


def recording_key(row: Row) -> bytes:
    """Eight bytes that tell the ``audio_filepath`` of a row from others; none without one.

    What is nested too deep to be written is none; the output may do without the field.
    """
    if "audio_filepath" not in row:
        return b""
    try:
        name = codec.dumps(row["audio_filepath"])
    except RowError:
        return b""
    return key_of(name)


def key_of(name: bytes) -> bytes:
    """The same of the JSON text of a name."""
    return hashlib.blake2b(name, digest_size=8).digest()


def _survey_bandwidths(row: Row, found: Candidates, params: WindowParams, survey: Stats) -> None:
    bandwidths, durations = found.columns.bandwidths, found.columns.durations
    bins, passing = by_bandwidth(bandwidths, durations, params.min_bandwidth)
    for edge, seconds in bins.items():
        survey.add_seconds(f"bandwidth_dur/{edge}", seconds)
    if row["audio_sample_rate"] >= params.min_sample_rate:
        survey.add_seconds("passing_sample_rate_dur", found.stats["total_dur"])
        survey.add_seconds("passing_bandwidth_dur", passing)
    if 0 in bandwidths:
        unmeasured = sum(
            "bandwidth" not in segment.get("metrics", ()) for segment in row["segments"]
        )
        survey.count("segments_without_bandwidth", unmeasured)
        survey.count("rows_without_bandwidth", unmeasured == len(row["segments"]))


def _survey_speakers(speakers: Sequence[str | None], survey: Stats) -> None:
    named = set(speakers)
    if not named.isdisjoint(_NOBODY):
        survey.count("segments_unlabelled", sum(map(speakers.count, _NOBODY)))
        named -= _NOBODY
    survey.count("speakers", len(named))


def _survey_losses(found: Candidates, params: WindowParams, survey: Stats) -> None:
    losses = found.losses
    survey.tally("stopped_by", *_causes(found, params))
    bins = 1 / (params.target_window_duration * SHARE_BIN)
    reached = [int(duration * bins + EDGE) * BIN_PERCENT for duration in losses.durations]
    survey.tally("lost_duration", *reached)
    survey.tally("too_few_speakers", *found.lonely)


def _causes(found: Candidates, params: WindowParams) -> Iterator[str]:
    """Why the windows that missed their duration did not grow on, by :data:`STOPS`."""
    columns = found.used
    starts, ends = columns.starts, columns.ends
    bandwidths, speakers = columns.bandwidths, columns.speakers
    beyond_gap = set(found.beyond_gap)
    for first, stop in zip(found.losses.firsts, found.losses.stops, strict=True):
        if first in beyond_gap:
            yield "gap"
        elif stop == len(starts):
            yield "end_of_recording"
        elif bandwidths[stop] < params.min_bandwidth:
            yield "low_bandwidth"
        elif speakers[stop] == NO_SPEAKER:
            yield "unlabelled"
        elif ends[stop] - starts[first] > params.longest:
            yield "too_long"
        else:
            yield "too_many_speakers"


def survey_windows(
    record: Record, finished: Finished, params: OverlapParams, stats: Stats, survey: Stats
) -> Lasting:
    """Count what the windows of a row look like, and what other choices would have kept.

    Args:
        record: a row with its candidate windows.
        finished: which of them stay, and what can be heard in these.
        params: how they were chosen.
        stats: those of the manifest.
        survey: that of all rows.

    Returns:
        How long the windows that stay last.
    """
    windows, spans = record.windows, record.spans
    kept = finished.decision.kept
    profiles = finished.profiles or profiles_of(record, finished.decision)
    speech_in = heard(spans.starts, spans.ends, windows, kept)
    durations = [windows.ends[k] - windows.starts[k] for k in kept]
    quiet = [
        silence(windows.starts[k], windows.ends[k], speech)
        for k, speech in zip(kept, profiles.speech, strict=True)
    ]
    together, kept_dur = add_up(durations), _survey_choices(finished, params, survey)
    stats.add_seconds("recording_dur", record.length)
    stats.add_seconds("kept_dur", kept_dur)
    survey.add_seconds("candidate_dur", speech_in.in_candidates)
    survey.add_seconds("kept_speech_dur", speech_in.in_kept)
    if out_of_order(spans.starts, record.own):
        survey.add_seconds("out_of_order_unlabelled_dur", add_up(profiles.unlabelled))
    survey.add_seconds("kept_window_dur", together)
    for name, values in (
        ("window_speech_dur", profiles.speech),
        ("window_silence_dur", quiet),
        ("window_overlap_dur", profiles.overlap),
        ("window_unlabelled_dur", profiles.unlabelled),
    ):
        survey.add_seconds(name, add_up(values))
    if record.length:
        survey.tally("recording_yield", share_bin(kept_dur, record.length))
    survey.tally("windows_per_recording", len(kept))
    survey.tally("window_duration", *map(int, durations))
    survey.tally("window_silence", *map(share_bin, quiet, durations))
    survey.tally("speakers_per_window", *profiles.speakers)
    survey.tally(
        "dominant_speaker", *[share_bin(part, 1) for part in profiles.main_share if 0 < part <= 1]
    )
    survey.count("smell_long_silence", sum(gap > LONG_SILENCE for gap in profiles.gaps))
    return Lasting(together, kept_dur)


def _survey_choices(finished: Finished, params: OverlapParams, survey: Stats) -> Number:
    """Count what filters and the selection took, and what each selection keeps, in seconds.

    Returns:
        What the kept windows cover, each second once.
    """
    summary, _, choices, taken = finished.decision
    starts, ends = choices.starts, choices.ends
    survey.count("passed_filters", len(starts))
    passed_dur = summary["total_dur_window"]
    if len(starts) < len(summary["total_dur_list_window"]):
        passed_dur = add_up([b - a for a, b in zip(starts, ends, strict=True)])
    survey.add_seconds("passed_filters_dur", passed_dur)
    for name, number in taken.items():
        survey.count(f"filtered_by_{name}", number)
    kept_dur: Number = 0
    for selection, (windows, seconds, covered_seconds) in _CHOICES.items():
        chosen, staying = choices.by(selection)
        sum_of_all, covered = lasting(starts, ends, chosen)
        survey.count(windows, len(staying))
        survey.add_seconds(seconds, sum_of_all)
        survey.add_seconds(covered_seconds, covered)
        if selection == params.selection:
            kept_dur = covered
    return kept_dur
