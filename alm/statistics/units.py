"""Figures that contradict each other, and what they suggest: most often a wrong unit.

Manifests have seconds and Hz. Milliseconds and kHz are numbers like any others, and nothing fails:
there are just no windows, or the wrong ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from alm.params import OverlapParams, WindowParams
from alm.rows.row import Row, believable_duration, recording_length
from alm.rows.timeline import Timeline
from alm.statistics.counters import Stats
from alm.text import number

LOWEST_RATE = 4000
"""Hz; no recording of speech has a lower sample rate."""

LOWEST_BANDWIDTH = 100
"""Hz, above 0, which stands for unmeasured: no speech has a lower bandwidth."""

LONGEST_TURN = 600
"""Seconds; hardly a segment of one speaker lasts longer."""

ROUNDING = 0.5
"""Seconds by which the last segments may end after a ``duration``, rounded as it may be."""

FAR = 100
"""A last end this many times later than ``duration`` is in another unit, not inexact."""


@dataclass(frozen=True)
class Doubt:
    """What cannot be right, how often it was found, and what it likely comes from."""

    count: int
    meaning: str
    cause: str


def survey_units(row: Row, columns: Timeline, params: WindowParams, survey: Stats) -> None:
    """Count what in a row contradicts itself or all experience."""
    if 0 < row["audio_sample_rate"] < LOWEST_RATE:
        survey.count("doubt_low_sample_rate")
    length = recording_length(row, columns.first_start, columns.last_end)
    survey.count("recordings_long_enough", length >= params.shortest)
    if not columns.starts:
        return
    if columns.first_start < 0:
        survey.count("doubt_negative_time", sum(start < 0 for start in columns.starts))
    duration = believable_duration(row)
    if duration is not None and columns.last_end > (limit := duration + ROUNDING):
        survey.count("doubt_beyond_duration", sum(end > limit for end in columns.ends))
        survey.count("far_beyond_duration", columns.last_end > FAR * duration)
    if max(columns.durations) > LONGEST_TURN:
        survey.count("doubt_long_segments", sum(d > LONGEST_TURN for d in columns.durations))
    if min(columns.bandwidths) < LOWEST_BANDWIDTH:
        tiny = sum(0 < bandwidth < LOWEST_BANDWIDTH for bandwidth in columns.bandwidths)
        survey.count("doubt_low_bandwidth", tiny)


def doubts(stats: Stats, survey: Stats, window: WindowParams) -> dict[str, Doubt]:
    """What in the rows of a run cannot be right, by name; what was not found counts 0."""
    milliseconds = "are start and end in milliseconds? They must be seconds"
    kilohertz = "is it in kHz? It must be Hz"
    return {
        "beyond_duration": Doubt(
            survey["doubt_beyond_duration"],
            "segments that end after the duration of their recording",
            milliseconds
            if survey["far_beyond_duration"]
            else "duration, or the times, belong to another recording or are in another unit",
        ),
        "negative_time": Doubt(
            survey["doubt_negative_time"],
            "segments that start before 0",
            "times must count from the beginning of the audio file",
        ),
        "long_segments": Doubt(
            survey["doubt_long_segments"], f"segments of more than {LONGEST_TURN} s", milliseconds
        ),
        "low_sample_rate": Doubt(
            survey["doubt_low_sample_rate"],
            f"recordings with an audio_sample_rate below {LOWEST_RATE}",
            kilohertz,
        ),
        "low_bandwidth": Doubt(
            survey["doubt_low_bandwidth"],
            f"segments with a bandwidth below {LOWEST_BANDWIDTH}",
            kilohertz,
        ),
        "short_recordings": Doubt(
            0 if survey["recordings_long_enough"] else stats["entries"],
            f"recordings, that is all, shorter than the shortest window of "
            f"{number(window.shortest)} s",
            f"target_window_duration = {number(window.target_window_duration)} means seconds",
        ),
    }


def doubtful_settings(window: WindowParams, overlap: OverlapParams) -> list[str]:
    """Parameters that are allowed, and hardly meant, in words."""
    percentage, kilohertz = overlap.overlap_percentage, "is it in kHz? It must be Hz"
    found = []
    if 0 < percentage < 1:
        found.append(
            f"overlap_percentage = {number(percentage)} is less than 1 %; for "
            f"{number(100 * percentage)} % write {number(100 * percentage)}"
        )
    if 0 < window.min_sample_rate < LOWEST_RATE:
        found.append(f"min_sample_rate = {number(window.min_sample_rate)}: {kilohertz}")
    if 0 < window.min_bandwidth < LOWEST_BANDWIDTH:
        found.append(f"min_bandwidth = {number(window.min_bandwidth)}: {kilohertz}")
    return found
