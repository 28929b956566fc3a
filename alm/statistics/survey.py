"""What the data and the windows look like: coverage, distributions and smells, as counters.

Each row adds to a :class:`Stats`; a distribution is a family of counters, ``name/bin``. All of it
explains a run and none of it decides anything: the conclusions are in
:mod:`alm.statistics.diagnosis`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from alm.errors import RowError
from alm.params import WindowParams
from alm.records.record import Record
from alm.rows import codec
from alm.rows.row import Number, Row, add_up
from alm.statistics.counters import Stats
from alm.statistics.measures import (
    believed,
    by_bandwidth,
    disorder,
    heard,
    out_of_order,
    unlabelled,
    words_outside,
)
from alm.statistics.shares import BIN_PERCENT, EDGE, SHARE_BIN, share_bin
from alm.statistics.units import survey_units
from alm.windows.candidates import Candidates
from alm.windows.growth import NO_SPEAKER

STOPS = {
    "end_of_recording": "the recording ended",
    "too_long": "the next segment reached too far",
    "low_bandwidth": "the next segment had a low bandwidth",
    "unlabelled": 'the next segment was "no-speaker"',
    "too_many_speakers": "the next speaker was one too many",
}
"""Why windows stayed too short, in words."""

_NOBODY = frozenset({None, "", NO_SPEAKER})

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
    sample_rate = f"{believed(row['audio_sample_rate']):.12g}"
    survey.count(f"sample_rate/{sample_rate}")
    survey.add_seconds(f"sample_rate_dur/{sample_rate}", found.stats["total_dur"])
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
    return hashlib.blake2b(name, digest_size=8).digest()


def _survey_bandwidths(row: Row, found: Candidates, params: WindowParams, survey: Stats) -> None:
    bandwidths, durations = found.columns.bandwidths, found.columns.durations
    bins, passing = by_bandwidth(bandwidths, durations, params.min_bandwidth)
    survey.tally_seconds("bandwidth_dur", bins, durations)
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
    columns = found.columns
    starts, ends = columns.starts, columns.ends
    bandwidths, speakers = columns.bandwidths, columns.speakers
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
    speech_in = heard(record.starts, record.ends, windows, kept)
    durations = [windows.ends[k] - windows.starts[k] for k in kept]
    quiet = [
        max(0, lasts - spoken) for lasts, spoken in zip(durations, speech_in.speech, strict=True)
    ]
    stats.add_seconds("recording_dur", record.length)
    stats.add_seconds("kept_dur", speech_in.covered)
    survey.add_seconds("candidate_dur", speech_in.in_candidates)
    survey.add_seconds("kept_speech_dur", speech_in.in_kept)
    if kept and out_of_order(record.starts, record.own):
        unheard = unlabelled(record.starts, record.ends, record.own, windows, kept)
        survey.add_seconds("window_unlabelled_dur", unheard)
    for lasts, spoken, rest in zip(durations, speech_in.speech, quiet, strict=True):
        survey.add_seconds("kept_window_dur", lasts)
        survey.add_seconds("window_speech_dur", spoken)
        survey.add_seconds("window_silence_dur", rest)
    if record.length:
        survey.tally("recording_yield", share_bin(speech_in.covered, record.length))
    survey.tally("windows_per_recording", len(kept))
    survey.tally("window_duration", *map(int, durations))
    survey.tally("window_silence", *map(share_bin, quiet, durations))
    survey.tally("speakers_per_window", *[windows.speakers[k] for k in kept])
    survey.tally("dominant_speaker", *_shares_of_the_first(windows.talk[k] for k in kept))
    survey.count(
        "smell_long_silence", sum(silence > LONG_SILENCE for silence in speech_in.silences)
    )


def _shares_of_the_first(talk: Iterable[Sequence[Number]]) -> Iterator[int]:
    """How much of each window's labelled speech is that of who speaks most, in percent."""
    for sums in talk:
        labelled = add_up(sums)
        if labelled > 0:
            yield share_bin(sums[0], labelled)
