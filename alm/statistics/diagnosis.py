"""Conclusions from the counters of a run: where the audio went, and which parameter brings it back.

Everything is computed from what was counted. Windows depend on all segments together, so what a
changed parameter would give can only be bounded; such figures say "at most".
"""

from __future__ import annotations

from typing import NamedTuple

from alm.params import OverlapParams, WindowParams
from alm.statistics.counters import Stats
from alm.statistics.measures import BANDWIDTH_BIN
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
    """A way in which audio was lost, what is behind it, and what to do about it.

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


def speech_from_bandwidth(survey: Stats, low: float, high: float) -> float:
    """Seconds of segments with a bandwidth from ``low`` up to ``high`` Hz, at most.

    The histogram has bins of 100 Hz; those that reach into the range count whole.
    """
    return sum(
        seconds
        for edge, seconds in survey.family_seconds("bandwidth_dur").items()
        if low < float(edge) + BANDWIDTH_BIN and float(edge) < high
    )


def _low_sample_rate(survey: Stats, window: WindowParams) -> tuple[str, str]:
    below = {
        rate: seconds
        for rate, seconds in survey.family_seconds("sample_rate_dur").items()
        if float(rate) < window.min_sample_rate
    }
    listed = ", ".join(f"{duration(seconds)} at {rate} Hz" for rate, seconds in below.items())
    finding = (
        f"Speech in recordings below min_sample_rate = {window.min_sample_rate:g} Hz: {listed}."
    )
    if survey["doubt_low_sample_rate"]:
        return finding, "Is audio_sample_rate in kHz? Write it in Hz: 16000, not 16."
    return (
        finding,
        f"min_sample_rate = {min(below, key=float, default=0)} lets all of it pass, if the model "
        "can use such audio.",
    )


def _low_bandwidth(survey: Stats, window: WindowParams) -> tuple[str, str]:
    tried = [share * window.min_bandwidth for share in (0.75, 0.5, 0.25)]
    gains = {low: speech_from_bandwidth(survey, low, window.min_bandwidth) for low in tried}
    listed = ", ".join(f"{duration(gain)} at {low:g} Hz" for low, gain in gains.items())
    finding = (
        f"Segments below min_bandwidth = {window.min_bandwidth:g} Hz. A lower min_bandwidth would "
        f"let pass at most: {listed}."
    )
    if unmeasured := survey["segments_without_bandwidth"]:
        return (
            f"{finding} {unmeasured} segments, among them all of "
            f"{survey['rows_without_bandwidth']} rows, have no bandwidth and count as 0 Hz.",
            "Measure the missing bandwidths, or set min_bandwidth = 0 to do without.",
        )
    best = max(gains, key=lambda low: gains[low])
    return (
        finding,
        f"min_bandwidth = {best:g} lets at most {duration(gains[best])} pass, if audio of that "
        "quality is good enough.",
    )


def _too_few_speakers(survey: Stats, window: WindowParams) -> tuple[str, str]:
    found = survey.family("too_few_speakers")
    listed = ", ".join(f"{count} with {speakers}" for speakers, count in found.items())
    most = max(found, key=lambda speakers: found[speakers])
    return (
        "Windows of the right duration with fewer speakers than min_speakers = "
        f"{window.min_speakers}: {listed}.",
        f"min_speakers = {most} keeps at least {found[most]} of them.",
    )


def _missed_duration(survey: Stats, window: WindowParams) -> tuple[str, str]:
    remedies = {
        "end_of_recording": "shorter windows suit short recordings",
        "too_long": "a larger tolerance or shorter windows suit talk with long pauses",
        "low_bandwidth": "lower min_bandwidth",
        "unlabelled": "improve the diarization",
        "too_many_speakers": f"raise max_speakers = {window.max_speakers}",
        "gap": "raise max_gap",
    }
    found = survey.family("stopped_by")
    order = sorted(found, key=lambda cause: -found[cause])
    listed = "; ".join(f"{found[cause]} times {STOPS[cause]}" for cause in order)
    wider = min(0.95, window.tolerance + 0.1)
    gained = sum(
        count
        for percent, count in survey.family("lost_duration").items()
        if 100 * (1 - wider) <= float(percent) < 100 * (1 - window.tolerance)
    )
    action = f"For the most common cause: {remedies[order[0]]}."
    if gained:
        action += f" tolerance = {wider:g} brings back at most {gained} starts."
    return (
        f"Starts whose window did not reach {window.shortest:g} to {window.longest:g} s: {listed}.",
        action,
    )


def _stopped_by_unlabelled(survey: Stats, window: WindowParams) -> tuple[str, str]:
    return (
        "Part of lost_win: the window ended at a segment without a speaker. "
        f"{survey['segments_unlabelled']} of {survey['segments']} segments have no usable label.",
        "Improve the diarization, or remove unlabelled segments before curation.",
    )


def _stopped_by_bandwidth(survey: Stats, window: WindowParams) -> tuple[str, str]:
    return (
        "Part of lost_win: the window ended at a segment below min_bandwidth = "
        f"{window.min_bandwidth:g} Hz.",
        "A lower min_bandwidth lets these windows grow further.",
    )


def _stopped_by_gap(survey: Stats, window: WindowParams) -> tuple[str, str]:
    return (
        "Part of lost_win: the window ended before a pause of more than max_gap = "
        f"{window.max_gap:g} s.",
        "A larger max_gap lets these windows grow further.",
    )


def _near_duplicates(
    stats: Stats, survey: Stats, window: WindowParams, overlap: OverlapParams
) -> Finding:
    candidates = survey["passed_filters"]
    removed = candidates - stats["filtered_windows"]
    action = "A higher overlap_percentage keeps more windows that share audio."
    if overlap.target_duration != window.target_window_duration:
        action += (
            f" target_duration = {overlap.target_duration:g} differs from target_window_duration "
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
