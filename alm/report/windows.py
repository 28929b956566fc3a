"""The page of distributions: what the kept windows are like, and the audio they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping

from alm.params import WindowParams
from alm.report import charts
from alm.report.bins import ranges, whole_numbers
from alm.report.charts import Column, Limit
from alm.report.html import Html, tag
from alm.report.page import figure, notice, page, section
from alm.statistics.outcome import Stats, nothing_kept, wanted
from alm.text import counted, duration, number, percent

HIGHEST_BANDWIDTH = 24_000
"""Hz; the most that 48 kHz can hold. Higher ones, which are rare, count as this much."""

MOST_RATES = 12
"""Sample rates in the chart."""


def windows(stats: Stats, library: str) -> str:
    """The page ``windows.html``; ``library`` draws its charts."""
    window, found = wanted(stats), stats["distributions"]
    nothing = nothing_kept(stats)
    kept = (
        _duration(found["window_duration"], window),
        _speakers(found["speakers_per_window"], window),
        _share(
            found["dominant_speaker"],
            "How much of the talk is the main speaker's?",
            "100 % is a monologue; evenly shared talk of two is 50 %.",
            "share of the speaker who talks most, in %",
            "windows",
        ),
        _share(
            found["window_silence"],
            "How much of a window is silence?",
            _silence(stats),
            "share of the window without speech, in %",
            "windows",
        ),
    )
    recordings = (
        _share(
            found["recording_yield"],
            "How much of a recording is kept?",
            "Kept windows together, overlaps counted once.",
            "share of the recording that windows cover, in %",
            "recordings",
        ),
        _windows_per_recording(found["windows_per_recording"]),
        _bandwidth(found["bandwidth_dur"], window),
        _sample_rate(found["sample_rate_dur"], window),
    )
    if stats["audio"]["segments"]:
        audio: Html = tag("div", *recordings, class_="grid")
    else:
        audio = notice("There are no recordings with speech to show.")
    return page(
        "There is no window to show" if nothing else "What the windows are like",
        _lead(stats),
        section(
            "The kept windows",
            notice(f"{nothing}.") if nothing else tag("div", *kept, class_="grid"),
        ),
        section("The recordings", audio),
        section("Windows that stayed too short", _too_short(found["lost_duration"], window)),
        library=library,
    )


def _lead(stats: Stats) -> str:
    total = stats["filtered_dur"]
    if not stats["filtered_windows"]:
        return "What is known of the input follows."
    mean = total / stats["filtered_windows"]
    return (
        f"{counted(stats['filtered_windows'], 'window')} of {number(round(mean, 1))} s on average, "
        f"{duration(total)} in all where shared audio counts in each."
    )


def _duration(counts: Mapping[str, float], window: WindowParams) -> Html:
    limits = [
        Limit(window.shortest, f"shortest {number(window.shortest)} s"),
        Limit(window.target_window_duration, f"target {number(window.target_window_duration)} s"),
        Limit(window.longest, f"longest {number(window.longest)} s"),
    ]
    if window.tolerance == 0:
        limits = limits[1:2]
    bins = ranges(counts, 1, first=0, last=max(1, math.ceil(window.longest)))
    return figure(
        "How long are the kept windows?",
        f"The target is {number(window.target_window_duration)} s, with a tolerance of "
        f"{number(100 * window.tolerance)} % either way.",
        charts.histogram(bins, "Kept windows by duration", "duration in s", "windows", limits),
    )


def _speakers(counts: Mapping[str, float], window: WindowParams) -> Html:
    # A limit of 100 speakers, which is how to ask for none, is no reason to show 100 columns.
    most = max([0, *map(int, counts)])
    columns = whole_numbers(counts, window.min_speakers, min(window.max_speakers, most + 2))
    return figure(
        "How many speakers does a window have?",
        f"{window.min_speakers} to {window.max_speakers} were asked for.",
        charts.columns(columns, "Kept windows by number of speakers", "speakers", "windows"),
    )


def _share(counts: Mapping[str, float], title: str, about: str, axis: str, amount: str) -> Html:
    bins = ranges(counts, 5, first=0, last=100)
    chart = charts.histogram(bins, title, axis, amount, domain=(0, 100)) if bins else None
    return figure(title, about, chart, empty="Nothing to show: no share could be computed.")


def _silence(stats: Stats) -> str:
    speech, silence = (stats["audio"][f"window_{kind}_dur"] for kind in ("speech", "silence"))
    share = silence / (speech + silence) if speech + silence else 0.0
    return (
        f"Over all windows it is {percent(share)}: "
        f"{duration(silence)} beside {duration(speech)} of speech."
    )


def _windows_per_recording(counts: Mapping[str, float]) -> Html:
    columns = whole_numbers(counts, 0, 1)
    return figure(
        "How many windows does a recording give?",
        "0 are recordings of which nothing was kept.",
        charts.columns(columns, "Recordings by kept windows", "kept windows", "recordings"),
    )


def _bandwidth(seconds: Mapping[str, float], window: WindowParams) -> Html:
    bins = ranges(
        seconds, 100, first=0, last=HIGHEST_BANDWIDTH, enough=window.min_bandwidth or None
    )
    in_khz = [bin_._replace(low=bin_.low / 1000, high=bin_.high / 1000) for bin_ in bins]
    limit = Limit(
        window.min_bandwidth / 1000, f"min_bandwidth {number(window.min_bandwidth / 1000)} kHz"
    )
    return figure(
        "What bandwidth does the speech have?",
        "The highest frequency with sound in it. Pale: too low. Unmeasured counts as 0.",
        charts.histogram(in_khz, "Speech by bandwidth", "bandwidth in kHz", "of speech", [limit])
        if bins
        else None,
        empty="No segment lasts any time.",
    )


def _sample_rate(seconds: Mapping[str, float], window: WindowParams) -> Html:
    most = sorted(seconds, key=lambda rate: -seconds[rate])[:MOST_RATES]
    columns = [
        Column(number(float(rate) / 1000), seconds[rate], float(rate) >= window.min_sample_rate)
        for rate in sorted(most, key=float)
    ]
    others = len(seconds) - len(most)
    return figure(
        "What sample rate do the recordings have?",
        f"At least {number(window.min_sample_rate / 1000)} kHz were asked for. Pale: too low."
        + (f" {counted(others, 'rarer rate')} not shown." if others else ""),
        charts.columns(columns, "Speech by sample rate", "sample rate in kHz", "of speech")
        if columns
        else None,
        empty="No segment lasts any time.",
    )


def _too_short(counts: Mapping[str, float], window: WindowParams) -> Html:
    bins = ranges(counts, 5, first=0, last=100)
    accepted = 100 * (1 - window.tolerance)
    limit = Limit(accepted, f"accepted from {number(accepted)} %")
    chart = charts.histogram(
        bins,
        "Rejected starts by how much of the target duration they reached",
        "duration reached, in % of the target",
        "starts",
        [limit],
        domain=(0, 100),
    )
    return figure(
        "How close did they come?",
        "Bars just left of the line would be windows with a larger tolerance.",
        chart if bins else None,
        empty="No start of a window was rejected for its duration.",
    )
