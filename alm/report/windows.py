"""The page of distributions: what the kept windows are like, and the audio they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping

from alm.params import WindowParams
from alm.report import charts
from alm.report.bins import ranges, whole_numbers
from alm.report.charts import Chart, Column, Limit
from alm.statistics.outcome import Stats, nothing_kept, wanted
from alm.text import number

HIGHEST_BANDWIDTH = 24_000
"""Hz; the most that 48 kHz can hold. Higher ones, which are rare, count as this much."""

WHAT_IS_CHOSEN = {
    "greedy": "the reference's choice, two by two",
    "total": "the most seconds",
    "coverage": "the most of the recording",
}
"""What each selection is for."""

MOST_RATES = 12
"""Sample rates in the chart."""


def windows(stats: Stats) -> dict[str, object]:
    """The values of the page."""
    audio, kept = stats["audio"], stats["filtered_windows"]
    return {
        "nothing_kept": nothing_kept(stats),
        "has_segments": audio["segments"] > 0,
        "window": wanted(stats),
        "kept": kept,
        "mean": audio["kept_window_dur"] / kept if kept else 0.0,
        "total": audio["kept_window_dur"],
        "speech": audio["window_speech_dur"],
        "silence": audio["window_silence_dur"],
        "overlap": audio["window_overlap_dur"],
        "unlabelled": audio["window_unlabelled_dur"],
        "selection": stats["selection"],
        "what_is_chosen": WHAT_IS_CHOSEN,
        "percentage": stats["parameters"]["overlap_percentage"],
        "other_rates": max(0, len(stats["distributions"]["sample_rate_dur"]) - MOST_RATES),
        "charts": (_charts_of_windows(stats) if kept else {}) | _charts_of_recordings(stats),
    }


def _charts_of_windows(stats: Stats) -> dict[str, Chart | None]:
    window, found = wanted(stats), stats["distributions"]
    return {
        "duration": _duration(found["window_duration"], window),
        "speakers": _speakers(found["speakers_per_window"], window),
        "main_speaker": _share(
            found["dominant_speaker"],
            "How much of the talk is the main speaker's?",
            "share of the speaker who talks most, in %",
            "windows",
        ),
        "silence": _share(
            found["window_silence"],
            "How much of a window is silence?",
            "share of the window without speech, in %",
            "windows",
        ),
    }


def _charts_of_recordings(stats: Stats) -> dict[str, Chart | None]:
    window, found = wanted(stats), stats["distributions"]
    return {
        "recording_yield": _share(
            found["recording_yield"],
            "How much of a recording is kept?",
            "share of the recording that windows cover, in %",
            "recordings",
        ),
        "windows_per_recording": charts.columns(
            whole_numbers(found["windows_per_recording"], 0, 1),
            "Recordings by kept windows",
            "kept windows",
            "recordings",
        ),
        "bandwidth": _bandwidth(found["bandwidth_dur"], window),
        "sample_rate": _sample_rate(found["sample_rate_dur"], window),
        "too_short": _too_short(found["lost_duration"], window),
    }


def _duration(counts: Mapping[str, float], window: WindowParams) -> Chart:
    limits = [
        Limit(window.shortest, f"shortest {number(window.shortest)} s"),
        Limit(window.target_window_duration, f"target {number(window.target_window_duration)} s"),
        Limit(window.longest, f"longest {number(window.longest)} s"),
    ]
    if window.tolerance == 0:
        limits = limits[1:2]
    bins = ranges(counts, 1, first=0, last=max(1, math.ceil(window.longest)))
    return charts.histogram(bins, "Kept windows by duration", "duration in s", "windows", limits)


def _speakers(counts: Mapping[str, float], window: WindowParams) -> Chart:
    # A limit of 100 speakers, which is how to ask for none, is no reason to show 100 columns.
    most = max([0, *map(int, counts)])
    columns = whole_numbers(counts, window.min_speakers, min(window.max_speakers, most + 2))
    return charts.columns(columns, "Kept windows by number of speakers", "speakers", "windows")


def _share(counts: Mapping[str, float], description: str, axis: str, amount: str) -> Chart | None:
    bins = ranges(counts, 5, first=0, last=100)
    return charts.histogram(bins, description, axis, amount, domain=(0, 100)) if bins else None


def _bandwidth(seconds: Mapping[str, float], window: WindowParams) -> Chart | None:
    bins = ranges(
        seconds, 100, first=0, last=HIGHEST_BANDWIDTH, enough=window.min_bandwidth or None
    )
    if not bins:
        return None
    in_khz = [bin_._replace(low=bin_.low / 1000, high=bin_.high / 1000) for bin_ in bins]
    lowest = window.min_bandwidth / 1000
    limit = Limit(lowest, f"min_bandwidth {number(lowest)} kHz")
    return charts.histogram(in_khz, "Speech by bandwidth", "bandwidth in kHz", "of speech", [limit])


def _sample_rate(seconds: Mapping[str, float], window: WindowParams) -> Chart | None:
    """Of very many sample rates the most common ones."""
    most = sorted(seconds, key=lambda rate: -seconds[rate])[:MOST_RATES]
    columns = [
        Column(number(float(rate) / 1000), seconds[rate], float(rate) >= window.min_sample_rate)
        for rate in sorted(most, key=float)
    ]
    if not columns:
        return None
    return charts.columns(columns, "Speech by sample rate", "sample rate in kHz", "of speech")


def _too_short(counts: Mapping[str, float], window: WindowParams) -> Chart | None:
    bins = ranges(counts, 5, first=0, last=100)
    if not bins:
        return None
    accepted = 100 * (1 - window.tolerance)
    return charts.histogram(
        bins,
        "Rejected starts by how much of the target duration they reached",
        "duration reached, in % of the target",
        "starts",
        [Limit(accepted, f"accepted from {number(accepted)} %")],
        domain=(0, 100),
    )
