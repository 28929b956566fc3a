"""What came of a run, in words that the pages of the report share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from alm.params import WindowParams
from alm.text import count, counted, duration, percent

Stats = Mapping[str, Any]
"""The content of ``stats.json``."""


LOSSES = {
    "out_of_order": "Segments out of the order of time",
    "lost_sr": "Sample rate too low",
    "lost_bw": "Bandwidth too low",
    "lost_spk": "Too few speakers",
    "lost_win": "No window of the right length",
    "lost_no_spkr": "Stopped by a segment without a speaker",
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
