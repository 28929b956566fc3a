"""The two stages in plain Python: a transcription of SEMANTICS.md, json in, json out.

Independent of the package `alm`: the tests hold the fast code against it, the benchmark measures
how much faster that code is. It validates nothing; a malformed row raises whatever it raises.
Times and durations are in seconds, sample rates and bandwidths in hertz.

Sums are plain left-to-right additions. `sum()` compensates over floats since Python 3.12 and so
gives other last bits: hence `total()`.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Seconds: TypeAlias = int | float
Span: TypeAlias = tuple[Seconds, Seconds]  # start, end

BUILDER_DEFAULTS: Json = {
    "target_window_duration": 120.0,
    "tolerance": 0.1,
    "min_sample_rate": 16000,
    "min_bandwidth": 8000,
    "min_speakers": 2,
    "max_speakers": 5,
    "truncation": True,
    "drop_fields": "words",
    "drop_fields_top_level": "words,segments",
}
OVERLAP_DEFAULTS: Json = {"overlap_percentage": 0, "target_duration": 120.0}

SPEAKERS_LISTED = 5


def curate_row(
    entry: Json,
    builder: Json,
    overlap: Json,
    *,
    loss_details: bool = False,
    manifest_filepath: str | None = None,
) -> Json:
    """The row after both stages; `builder` and `overlap` hold what differs from the defaults.

    `entry` is not changed, but the result shares its values.
    """
    builder = {**BUILDER_DEFAULTS, **builder}
    overlap = {**OVERLAP_DEFAULTS, **overlap}
    if overlap["target_duration"] is None:
        overlap["target_duration"] = builder["target_window_duration"]

    built, spans = build_windows(entry, builder, loss_details)
    return {
        **without(entry, names(builder["drop_fields_top_level"])),
        **built,
        **filter_overlaps(built["windows"], spans, overlap),
        "manifest_filepath": manifest_filepath,
        "swift_filepath": built["stats"]["swift_path"] if spans else None,
    }


def curate_file(
    source: str | Path,
    destination: str | Path,
    builder: Json,
    overlap: Json,
    *,
    loss_details: bool = False,
    manifest_filepath: str | None = None,
) -> None:
    """Curate a JSONL manifest into another, line by line; blank lines are passed over."""
    with (
        open(source, encoding="utf-8", newline="\n") as lines,
        open(destination, "w", encoding="utf-8", newline="\n") as out,
    ):
        for line in lines:
            if line.strip():
                row = curate_row(
                    json.loads(line),
                    builder,
                    overlap,
                    loss_details=loss_details,
                    manifest_filepath=manifest_filepath,
                )
                out.write(json.dumps(row) + "\n")


# Building windows


def build_windows(entry: Json, p: Json, loss_details: bool) -> tuple[Json, list[Span]]:
    """`windows`, `stats` and `truncation_events` of a row, and the span of each window.

    The spans come apart from the windows because `drop_fields` may take `start` and `end` away.
    """
    segments = entry["segments"]
    tol = p["target_window_duration"] * p["tolerance"]
    lo = p["target_window_duration"] - tol
    hi = p["target_window_duration"] + tol
    drop = names(p["drop_fields"])

    windows: list[Json] = []
    spans: list[Span] = []
    truncation_events = 0
    stats: Json = {
        "total_segments": len(segments),
        "total_dur": total(duration(s) for s in segments),
        "swift_path": entry.get("swift_audio_filepath", ""),
        "audio_sample_rate": entry["audio_sample_rate"],
    }
    for reason in ("bw", "sr", "spk", "win", "no_spkr", "next_seg_bm"):
        stats[f"lost_{reason}"] = 0
        stats[f"dur_lost_{reason}"] = 0.0
    if loss_details:
        stats["lost_win_full_data"] = []

    def lose(reason: str, segment: Json) -> None:
        stats[f"lost_{reason}"] += 1
        stats[f"dur_lost_{reason}"] += duration(segment)

    if entry["audio_sample_rate"] < p["min_sample_rate"]:
        stats["lost_sr"] = len(segments)
        stats["dur_lost_sr"] = stats["total_dur"]
        segments = []  # no candidate starts

    for i, first in enumerate(segments):
        if bandwidth(first) < p["min_bandwidth"]:
            lose("bw", first)
            continue

        grown, last_seen, cut_tried = grow(segments, i, hi, p)
        truncation_events += cut_tried
        window_end = grown[-1]["end"] if grown else first["end"]
        speaker_count = len({s["speaker"] for s in grown if s.get("speaker")})

        if len(grown) < 2 or not lo <= window_end - first["start"] <= hi:
            lose("win", first)
            if last_seen.get("speaker", "no-speaker") == "no-speaker":
                lose("no_spkr", first)
            elif bandwidth(last_seen) < p["min_bandwidth"]:
                lose("next_seg_bm", first)
            if loss_details:
                stats["lost_win_full_data"].append(
                    {
                        "index": i,
                        "window_segs": [without(s, drop) for s in grown],
                        "next_seg": without(last_seen, drop),
                        "prev_seg": without(segments[max(i - 1, 0)], drop),
                    }
                )
        elif not p["min_speakers"] <= speaker_count <= p["max_speakers"]:
            lose("spk", first)
        else:
            spans.append((first["start"], window_end))
            windows.append(
                {
                    "segments": [without(s, drop) for s in grown],
                    "speaker_durations": speaker_durations(grown),
                }
            )

    built = {"windows": windows, "stats": stats, "truncation_events": truncation_events}
    return built, spans


def grow(segments: list[Json], i: int, hi: Seconds, p: Json) -> tuple[list[Json], Json, bool]:
    """Append segments from `i` on: those appended, the last one looked at, whether one was cut.

    A cut counts even where its segment is not appended then.
    """
    grown: list[Json] = []
    speakers: set[str] = set()
    start = segments[i]["start"]
    limit = start + hi

    for j in range(i, len(segments)):
        segment = segments[j]
        if bandwidth(segment) < p["min_bandwidth"]:
            return grown, segment, False

        too_long = segment["end"] - start > hi
        if too_long and (not p["truncation"] or segment["start"] >= limit):
            return grown, segment, False
        addition = cut(segment, limit) if too_long else segment

        speaker = segment.get("speaker")
        if speaker == "no-speaker":
            fits = False
        elif not speaker or speaker in speakers:
            fits = True
        else:
            fits = len(speakers) < p["max_speakers"]

        if fits:
            grown.append(addition)
            if speaker:
                speakers.add(speaker)
        if too_long or not fits:
            return grown, segment, too_long

    return grown, segments[-1], False


def cut(segment: Json, limit: Seconds) -> Json:
    """A copy of the segment that keeps only the words that end by `limit`."""
    words = [word for word in segment.get("words", []) if word["end"] <= limit]
    return {
        **segment,
        "end": words[-1]["end"] if words else segment["start"],
        "text": " ".join(word["word"] for word in words if word.get("word")),
        "words": words,
    }


def speaker_durations(segments: list[Json]) -> list[Seconds]:
    """How long each of the five most present speakers talks, descending, padded with 0.0."""
    by_speaker: dict[str, Seconds] = {}
    for segment in segments:
        speaker = segment.get("speaker")
        if speaker:
            by_speaker[speaker] = by_speaker.get(speaker, 0) + duration(segment)
    longest = sorted(by_speaker.values(), reverse=True)[:SPEAKERS_LISTED]
    return longest + [0.0] * (SPEAKERS_LISTED - len(longest))


# Filtering overlaps


def filter_overlaps(windows: list[Json], spans: list[Span], p: Json) -> Json:
    """The fields the overlap stage adds, the two file paths aside."""
    kept = spans_that_stay(spans, p["overlap_percentage"] / 100, p["target_duration"])
    kept_keys = {rounded(span) for span in kept}
    return {
        "total_dur_window": total_length(spans),
        "total_dur_list_window": [length(span) for span in spans],
        "total_dur_list_window_timestamps": [[end, start] for start, end in spans],
        "filtered": [[end, start] for start, end in kept],
        "filtered_dur": total_length(kept),
        "filtered_dur_list": [length(span) for span in kept],
        "filtered_windows": [
            window
            for window, span in zip(windows, spans, strict=True)
            if rounded(span) in kept_keys
        ],
    }


def spans_that_stay(spans: list[Span], threshold: float, target: Seconds) -> list[Span]:
    """Sort the spans and remove one of every two that overlap by `threshold` (a ratio) or more."""
    ordered = sorted(spans)
    removed = [False] * len(ordered)
    for i, one in enumerate(ordered):
        if removed[i]:
            continue
        for j in range(i + 1, len(ordered)):
            other = ordered[j]
            if removed[j]:
                continue
            if other[0] >= one[1]:
                break
            if overlap_ratio(one, other) >= threshold:
                if second_goes(length(one), length(other), target):
                    removed[j] = True
                else:
                    removed[i] = True
                    break
    return [span for span, gone in zip(ordered, removed, strict=True) if not gone]


def overlap_ratio(a: Span, b: Span) -> float:
    """What the spans share, as a part of the shorter one; 0 where that has no duration."""
    shorter = min(length(a), length(b))
    if shorter == 0:
        return 0.0
    return max(0, min(a[1], b[1]) - max(a[0], b[0])) / shorter


def second_goes(first: Seconds, second: Seconds, target: Seconds) -> bool:
    """Of two durations the one farther from `target` goes; equally far, the shorter or second."""
    first_distance, second_distance = abs(first - target), abs(second - target)
    if first_distance == second_distance:
        return first >= second
    return second_distance > first_distance


# Small things


def names(comma_separated: str) -> set[str]:
    """The names in a comma-separated list, without the spaces around them."""
    return {name.strip() for name in comma_separated.split(",")} - {""}


def without(fields: Json, drop: set[str]) -> Json:
    """A shallow copy without the fields named in `drop`."""
    return {name: value for name, value in fields.items() if name not in drop}


def bandwidth(segment: Json) -> int | float:
    """Bandwidth in hertz, 0 where the segment has none."""
    return segment.get("metrics", {}).get("bandwidth", 0)


def duration(segment: Json) -> Seconds:
    """How long the segment lasts."""
    return segment["end"] - segment["start"]


def length(span: Span) -> Seconds:
    """How long the span lasts."""
    start, end = span
    return end - start


def rounded(span: Span) -> Span:
    """What windows and spans are matched by: the span to the microsecond."""
    start, end = span
    return round(start, 6), round(end, 6)


def total(values: Iterable[Seconds]) -> Seconds:
    """The sum, added plainly from left to right, from int 0 so that ints stay ints."""
    result: Seconds = 0
    for value in values:
        result += value
    return result


def total_length(spans: list[Span]) -> Seconds:
    """The sum of the spans' lengths, 0.0 where there are none."""
    return total(length(span) for span in spans) if spans else 0.0
