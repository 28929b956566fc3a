"""What came of a run, in words that the pages of the report share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any, NamedTuple

from alm.params import WindowParams
from alm.text import count, counted, duration, number, percent

Stats = Mapping[str, Any]
"""The content of ``stats.json``."""


LOSSES = {
    "out_of_order": "Segments out of the order of time",
    "lost_sr": "Sample rate too low",
    "lost_bw": "Bandwidth too low",
    "lost_spk": "Too few speakers",
    "lost_win": "No window of the right length",
    "lost_no_spkr": 'Stopped by a "no-speaker" segment',
    "lost_next_seg_bm": "Stopped by a segment of low bandwidth",
    "lost_gap": "Stopped by a pause longer than max_gap",
    "near_duplicates": "Near-duplicates of windows that stay",
}
"""Why a segment starts no window, or a candidate window is removed, in words."""

PARTS_OF_LOST_WIN = ("lost_no_spkr", "lost_next_seg_bm", "lost_gap")
"""Losses that ``lost_win`` counts, too."""


def outcome(stats: Stats) -> tuple[str, str]:
    """The outcome as a title, and as a sentence below it."""
    audio = stats["audio"]
    manifests = counted(stats["manifests"], "manifest")
    read = f"{counted(audio['recordings'], 'recording')} in {manifests}"
    if audio["recording_dur"]:
        read += f", {duration(audio['recording_dur'])} of audio"
    if nothing := nothing_kept(stats):
        if stats["entries"]:
            return nothing, f"Read: {read}. The sections below say why."
        if stats["quarantined"]:
            return nothing, f"Read: {manifests}. The quarantine page says why."
        return nothing, f"Read: {manifests}. Is manifest_path right?"
    windows = counted(stats["filtered_windows"], "training window")
    return (
        f"{percent(audio['yield'])} of the audio became training windows",
        f"{read}, gave {windows}, which cover {duration(audio['kept_dur'])} of it.",
    )


class KeyFigure(NamedTuple):
    """A figure of a run: its name in ``stats.json``, its title, its value, both in words."""

    id: str
    title: str
    value: float
    shown: str
    note: str


def key_figures(stats: Stats) -> list[KeyFigure]:
    """What came of a run, in a few figures.

    Each second of audio counts once in what is read and kept. Window time is another thing: the
    windows one by one, where audio that several share counts in each.
    """
    audio = stats["audio"]
    rows = stats["entries"] + stats["quarantined"]
    speech, silence = duration(audio["window_speech_dur"]), duration(audio["window_silence_dur"])
    kept, times = duration(audio["kept_dur"]), audio["times_kept"]

    return [
        KeyFigure(
            "recording_dur",
            "Audio in",
            audio["recording_dur"],
            duration(audio["recording_dur"]),
            "length of all recordings",
        ),
        KeyFigure("kept_dur", "Audio kept", audio["kept_dur"], kept, "each second counted once"),
        KeyFigure("yield", "Yield", audio["yield"], percent(audio["yield"]), "kept, of audio in"),
        KeyFigure(
            "speech_yield",
            "Speech kept",
            audio["speech_yield"],
            percent(audio["speech_yield"]),
            f"{duration(audio['kept_speech_dur'])} of {duration(audio['speech_dur'])}",
        ),
        KeyFigure(
            "kept_window_dur",
            "Window time",
            audio["kept_window_dur"],
            duration(audio["kept_window_dur"]),
            f"{speech} speech, {silence} silence; each second kept {times:.2f} times",
        ),
        KeyFigure(
            "filtered_windows",
            "Windows",
            stats["filtered_windows"],
            count(stats["filtered_windows"]),
            f"of {counted(stats['windows'], 'candidate')}",
        ),
        KeyFigure(
            "recordings",
            "Recordings",
            audio["recordings"],
            count(audio["recordings"]),
            f"in {counted(stats['manifests'], 'manifest')}",
        ),
        KeyFigure(
            "quarantined",
            "Quarantined",
            stats["quarantined"],
            count(stats["quarantined"]),
            f"of {counted(rows, 'row')}",
        ),
    ]


def nothing_kept(stats: Stats) -> str | None:
    """Why there is no window, in words; None if there is one."""
    if stats["filtered_windows"]:
        return None
    if stats["audio"]["segments"]:
        return "No window was kept: all audio was lost"
    if stats["entries"]:
        return "No window was kept: the recordings have no segments"
    if refused := stats["quarantined"]:
        return f"No window was kept: every row was quarantined, all {count(refused)} of them"
    return "No window was kept: the manifests hold no rows"


SAMPLED = "sample_fraction"
"""The column of a preview's tables that says that they are of a sample."""


def sample_note(fraction: float | None) -> str | None:
    """That this is a preview, if it is one."""
    if fraction is None:
        return None
    return (
        f"This is a preview, made with {percent(fraction)} of the recordings "
        f"(sample_fraction = {fraction:g}): all figures are of that sample"
    )


def wanted(stats: Stats) -> WindowParams:
    """The windows that the run looked for."""
    names = {field.name for field in fields(WindowParams)}
    return WindowParams(**{k: v for k, v in stats["parameters"].items() if k in names})


FATES = ("sample rate too low", "bandwidth too low", "in no window", "only in windows not kept")
"""What became of speech that is not kept: the steps of the funnel, one by one."""


def speech_by_fate(stats: Stats) -> dict[str, float]:
    """The speech of a run in seconds, by what became of it; each second has one fate.

    A step may leave more than the one before it where segments end before they start.
    """
    left = [step["seconds"] for step in stats["funnel"]]
    lost = [max(0.0, before - after) for before, after in pairwise(left)]
    return {"kept": max(0.0, left[-1])} | dict(zip(FATES, lost, strict=True))


def likely_cause(stats: Stats) -> str | None:
    """Why there is hardly a window, in words, with the parameter; None where nothing tells.

    It names what took the most speech, which is where to look first.
    """
    audio, asked = stats["audio"], stats["parameters"]
    fates = speech_by_fate(stats)
    del fates["kept"]
    if not audio["segments"] or not any(fates.values()):
        return None
    if audio["segments_without_bandwidth"] == audio["segments"] and asked["min_bandwidth"] > 0:
        return (
            "no segment has metrics.bandwidth, which counts as 0 Hz; set min_bandwidth to 0 if it "
            "was not measured"
        )
    fate = max(fates, key=lambda name: fates[name])
    if fate == "sample rate too low":
        rates = stats["distributions"]["sample_rate_dur"]
        most = max(rates, key=lambda rate: rates[rate])
        return f"min_sample_rate = {number(asked['min_sample_rate'])}, and most speech has {most}"
    if fate == "bandwidth too low":
        bins = stats["distributions"]["bandwidth_dur"]
        most = max(bins, key=lambda edge: bins[edge])
        return (
            f"min_bandwidth = {number(asked['min_bandwidth'])}, and most of the speech lies in the "
            f"100 Hz from {most}"
        )
    return _why_in_no_window(stats)


def _why_in_no_window(stats: Stats) -> str | None:
    found, lost, window = stats["distributions"], stats["lost"], wanted(stats)
    if lost["lost_spk"] > lost["lost_win"]:
        return f"min_speakers = {window.min_speakers}, and windows have fewer speakers"
    stopped = found["stopped_by"]
    if not stopped:
        return None
    asked = f"windows of {number(window.shortest)} to {number(window.longest)} s were asked for"
    causes = {
        "end_of_recording": f"{asked}, and most recordings end before",
        "too_long": f"{asked}, and the segments are too long, or too far apart, for that",
        "low_bandwidth": f"segments below min_bandwidth = {number(window.min_bandwidth)} "
        "interrupt most windows",
        "unlabelled": 'segments that are "no-speaker" interrupt most windows',
        "gap": f"pauses longer than max_gap = {window.max_gap} s end most windows",
        "too_many_speakers": f"max_speakers = {window.max_speakers}, and most windows have more",
    }
    return causes[max(stopped, key=lambda cause: stopped[cause])]
