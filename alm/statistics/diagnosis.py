"""Conclusions from the counters of a run: where the audio went, and what is wrong with the data.

Windows depend on all segments together, so what a changed parameter would give is not concluded
from counters: it is tried, see :mod:`alm.statistics.what_if`.
"""

from __future__ import annotations

from typing import NamedTuple

from alm.params import OverlapParams, WindowParams
from alm.statistics.counters import Stats
from alm.statistics.shares import share
from alm.statistics.survey import LONG_SILENCE, STOPS
from alm.text import counted, duration

SMELLS = {
    "out_of_order": "segments that start before the previous one",
    "overlapping": "segments that start before an earlier one has ended",
    "nested": "segments that lie wholly inside an earlier one",
    "zero_duration": "segments with a duration of zero",
    "negative_duration": "segments that end before they start",
    "words_outside": "segments whose first or last word lies outside them",
    "long_silence": f"kept windows with a silence of more than {LONG_SILENCE} s",
    "repeated_recording": "rows whose audio_filepath also appears in another row",
}
"""Properties of the data that windows silently depend on, in words."""


class Finding(NamedTuple):
    """A way in which audio was lost, what is behind it, and what to do about the data, if anything.

    ``amount`` is in segments, ``seconds`` what they last and ``share`` their part of all speech;
    for near-duplicates all three are about candidate windows.
    """

    loss: str
    amount: int
    seconds: float
    share: float
    finding: str
    action: str


def diagnose(
    stats: Stats, survey: Stats, window: WindowParams, overlap: OverlapParams
) -> list[Finding]:
    """What was lost in a run, the largest loss first, but before all a wrong order of segments.

    Args:
        stats: the totals of the run.
        survey: what its rows look like, see :mod:`alm.statistics.survey`.
        window: the parameters of the first stage.
        overlap: those of the second, ``target_duration`` resolved.
    """
    explain = {
        "sr": _low_sample_rate,
        "bw": _low_bandwidth,
        "spk": _too_few_speakers,
        "win": _missed_duration,
        "no_spkr": _stopped_by_unlabelled,
        "next_seg_bm": _stopped_by_bandwidth,
        "gap": _stopped_by_gap,
    }
    speech = stats.seconds("total_dur")
    findings = []
    for reason, explanation in explain.items():
        if amount := stats[f"lost_{reason}"]:
            seconds = stats.seconds(f"dur_lost_{reason}")
            part = share(seconds, speech)
            findings.append(
                Finding(f"lost_{reason}", amount, seconds, part, *explanation(survey, window))
            )
    findings.sort(key=lambda finding: -finding.seconds)
    if survey["smell_out_of_order"] and not window.sort_segments:
        findings.insert(0, _out_of_order(survey, speech))
    if survey["passed_filters"] > stats["filtered_windows"]:
        findings.append(_near_duplicates(stats, survey, window, overlap))
    return findings


def _out_of_order(survey: Stats, speech: float) -> Finding:
    amount = survey["smell_out_of_order"]
    rows, seconds = survey["rows_out_of_order"], survey.seconds("out_of_order_dur")
    unheard = survey.seconds("out_of_order_unlabelled_dur")
    return Finding(
        "out_of_order",
        amount,
        seconds,
        share(seconds, speech),
        f"{counted(amount, 'segment')}, in {counted(rows, 'row')} with {duration(seconds)} of "
        "speech, start before the one listed before. A window takes segments as they are listed: "
        "there it ends early, or holds speech that none of its segments stands for. In the kept "
        f"windows of these rows that is {duration(unheard)}.",
        "sort_segments = true sorts the segments of each row by their times first.",
    )


def _low_sample_rate(survey: Stats, window: WindowParams) -> tuple[str, str]:
    below = {
        rate: seconds
        for rate, seconds in survey.family_seconds("sample_rate_dur").items()
        if float(rate) < window.min_sample_rate
    }
    listed = ", ".join(f"{duration(seconds)} at {rate} Hz" for rate, seconds in below.items())
    kilohertz = "Is audio_sample_rate in kHz? Write it in Hz: 16000, not 16."
    return (
        f"Speech in recordings below min_sample_rate = {window.min_sample_rate:g} Hz: {listed}.",
        kilohertz if survey["doubt_low_sample_rate"] else "",
    )


def _low_bandwidth(survey: Stats, window: WindowParams) -> tuple[str, str]:
    finding = f"Segments below min_bandwidth = {window.min_bandwidth:g} Hz."
    if unmeasured := survey["segments_without_bandwidth"]:
        return (
            f"{finding} {unmeasured} segments, among them all of "
            f"{survey['rows_without_bandwidth']} rows, have no bandwidth and count as 0 Hz.",
            "Measure the missing bandwidths.",
        )
    return finding, ""


def _too_few_speakers(survey: Stats, window: WindowParams) -> tuple[str, str]:
    found = survey.family("too_few_speakers")
    listed = ", ".join(f"{count} with {speakers}" for speakers, count in found.items())
    return (
        "Windows of the right duration with fewer speakers than min_speakers = "
        f"{window.min_speakers}: {listed}.",
        "",
    )


def _missed_duration(survey: Stats, window: WindowParams) -> tuple[str, str]:
    found = survey.family("stopped_by")
    order = sorted(found, key=lambda cause: -found[cause])
    listed = "; ".join(f"{found[cause]} times {STOPS[cause]}" for cause in order)
    return (
        f"Starts whose window did not reach {window.shortest:g} to {window.longest:g} s: {listed}.",
        "",
    )


def _stopped_by_unlabelled(survey: Stats, window: WindowParams) -> tuple[str, str]:
    return (
        'Part of lost_win: the window ended at a segment whose speaker is "no-speaker". '
        f"{survey['segments_unlabelled']} of {survey['segments']} segments have no usable label.",
        "",
    )


def _stopped_by_bandwidth(survey: Stats, window: WindowParams) -> tuple[str, str]:
    return (
        "Part of lost_win: the window ended at a segment below min_bandwidth = "
        f"{window.min_bandwidth:g} Hz.",
        "",
    )


def _stopped_by_gap(survey: Stats, window: WindowParams) -> tuple[str, str]:
    return (
        "Part of lost_win: the window ended before a pause of more than max_gap = "
        f"{window.max_gap:g} s.",
        "",
    )


def _near_duplicates(
    stats: Stats, survey: Stats, window: WindowParams, overlap: OverlapParams
) -> Finding:
    candidates = survey["passed_filters"]
    removed = candidates - stats["filtered_windows"]
    action = ""
    if overlap.target_duration != window.target_window_duration:
        action = (
            f"target_duration = {overlap.target_duration:g} differs from target_window_duration "
            f"= {window.target_window_duration:g}, so windows that miss it are preferred."
        )
    return Finding(
        "near_duplicates",
        removed,
        survey.seconds("passed_filters_dur") - survey.seconds("kept_window_dur"),
        share(removed, candidates),
        f"{removed} of {candidates} candidate windows share {overlap.overlap_percentage:g} % "
        "or more with one that stays. Nearly every segment starts a window, so most are removed.",
        action,
    )
