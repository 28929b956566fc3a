"""Last step of a run: the summaries of all shards -> its statistics."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from alm import files
from alm.input.shards import read_ranges
from alm.params import OverlapParams, WindowParams
from alm.statistics.counters import COUNTS, COVERAGE, LOSSES, SECONDS, Stats, total
from alm.statistics.diagnosis import SMELLS, diagnose
from alm.statistics.outcome import SAMPLED
from alm.statistics.shares import share
from alm.statistics.summary import Summary, add_summaries
from alm.statistics.units import doubtful_settings, doubts
from alm.windows.filter import FILTERS, SELECTIONS

DISTRIBUTIONS = (
    "window_duration",
    "speakers_per_window",
    "dominant_speaker",
    "window_silence",
    "windows_per_recording",
    "recording_yield",
    "lost_duration",
    "stopped_by",
    "too_few_speakers",
    "sample_rate",
)
DISTRIBUTIONS_IN_SECONDS = ("bandwidth_dur", "sample_rate_dur")

KEY_BYTES = 8
KEYS_AT_ONCE = 1 << 25
"""They take some 800 MB while they are sorted."""


def aggregate(
    shards: Sequence[str | Path],
    summaries: Sequence[str | Path],
    recordings: Sequence[str | Path],
    stats_json: str | Path,
    stats_tsv: str | Path,
    stats_parquet: str | Path,
    window: WindowParams,
    overlap: OverlapParams,
    parameters: Mapping[str, Any],
    versions: Mapping[str, str],
    *,
    what_if: str | Path | None = None,
) -> None:
    """Add up the statistics of all shards, and draw conclusions.

    Args:
        shards: the files that say what each shard holds, in input order.
        summaries: the summaries of each shard's build and overlap.
        recordings: the recording keys of each shard.
        stats_json: output, the run as a whole, durations in seconds.
        stats_tsv: output, a row a manifest; of a preview each ends with its ``sample_fraction``.
        stats_parquet: output, the same table.
        window: the parameters of the first stage.
        overlap: those of the second, ``target_duration`` resolved.
        parameters: the configuration of the run.
        versions: of the packages that took part.
        what_if: what :func:`alm.jobs.what_if.try_levers` wrote, if levers were tried.
    """
    summary = add_summaries(Summary.read(path) for path in summaries)
    run, survey = total(summary.stats.values()), summary.survey
    distinct, repeated = count_recordings(recordings)
    survey.count("recordings", distinct)
    survey.count("smell_repeated_recording", repeated)
    manifests = list(dict.fromkeys(span.path for shard in shards for span in read_ranges(shard)))
    content = {
        **run.as_dict(),
        "manifests": len(manifests),
        "audio": _audio(run, survey),
        "funnel": _funnel(run, survey, window, overlap),
        "selection": _selection(run, survey, overlap),
        "diagnosis": [f._asdict() for f in diagnose(run, survey, window, overlap)],
        **(json.loads(Path(what_if).read_bytes()) if what_if else {"what_if": [], "sample": None}),
        "smells": {
            name: {"count": survey[f"smell_{name}"], "meaning": meaning}
            for name, meaning in SMELLS.items()
        }
        | {name: asdict(doubt) for name, doubt in doubts(run, survey, window).items()},
        "doubtful_settings": doubtful_settings(window, overlap),
        "distributions": {
            **{name: survey.family(name) for name in DISTRIBUTIONS},
            **{name: survey.family_seconds(name) for name in DISTRIBUTIONS_IN_SECONDS},
        },
        "parameters": dict(parameters),
        "versions": dict(versions),
    }
    with files.written_whole(stats_json) as file:
        file.write(json.dumps(content, indent=2, allow_nan=False).encode() + b"\n")
    sampled = parameters.get("sample_fraction")
    _write_tables(manifests, summary.stats, stats_tsv, stats_parquet, sampled)


def count_recordings(paths: Sequence[str | Path], at_once: int = KEYS_AT_ONCE) -> tuple[int, int]:
    """How many recordings there are, and how many rows share theirs with another row.

    Args:
        paths: files of keys, which are evenly spread numbers of 8 bytes.
        at_once: about how many keys to hold in memory. For more there are several passes over
            the files, each for the keys that begin with the same bits.
    """
    rows = sum(os.path.getsize(path) for path in paths) // KEY_BYTES
    bits = max(0, math.ceil(math.log2(rows / at_once))) if rows else 0
    distinct = repeated = 0
    for first_bits in range(1 << bits):
        parts = (np.fromfile(path, dtype=np.uint64) for path in paths)
        keys = np.concatenate([part[part >> (64 - bits) == first_bits] for part in parts])
        keys.sort()
        same_as_next = np.concatenate(([False], keys[1:] == keys[:-1], [False]))
        distinct += len(keys) - int(np.count_nonzero(same_as_next))
        repeated += int(np.count_nonzero(same_as_next[1:] | same_as_next[:-1]))
    return distinct, repeated


def _audio(run: Stats, survey: Stats) -> dict[str, float]:
    """Audio read and kept, in seconds; overlaps are counted once.

    ``yield`` is the share of the recordings that kept windows cover, ``speech_yield`` the share
    of the speech that lies in them. ``kept_window_dur`` are the hours of the kept windows, one by
    one, and ``times_kept`` says how often a second that is kept lies in one of them, on average.
    """
    windows = survey.seconds("kept_window_dur")
    recording, kept = run.seconds("recording_dur"), run.seconds("kept_dur")
    speech, kept_speech = run.seconds("total_dur"), survey.seconds("kept_speech_dur")
    return {
        "recordings": survey["recordings"],
        "speakers": survey["speakers"],
        "segments": survey["segments"],
        "recording_dur": recording,
        "kept_dur": kept,
        "kept_window_dur": windows,
        "times_kept": windows / kept if kept > 0 else 0.0,
        "yield": share(kept, recording),
        "speech_dur": speech,
        "kept_speech_dur": kept_speech,
        "speech_yield": share(kept_speech, speech),
        "window_speech_dur": survey.seconds("window_speech_dur"),
        "window_silence_dur": survey.seconds("window_silence_dur"),
        "window_overlap_dur": survey.seconds("window_overlap_dur"),
        "window_unlabelled_dur": survey.seconds("window_unlabelled_dur"),
        "silence_segments": run["silence_segments"],
        "silence_segments_dur": run.seconds("dur_silence_segments"),
        "rows_without_bandwidth": survey["rows_without_bandwidth"],
        "segments_without_bandwidth": survey["segments_without_bandwidth"],
        "segments_unlabelled": survey["segments_unlabelled"],
    }


def _selection(run: Stats, survey: Stats, overlap: OverlapParams) -> dict[str, Any]:
    """What became of the candidates, and what each selection would have kept of those that passed.

    Each candidate that filters took counts for the first that it failed. Of each selection the
    windows, their sum, and what they cover, each second once (seconds).
    """
    return {
        "made": overlap.selection,
        "candidates": run["windows"],
        "filtered_by": {name: survey[f"filtered_by_{name}"] for name in FILTERS},
        "not_selected": survey["passed_filters"] - run["filtered_windows"],
        "selected": run["filtered_windows"],
        "choices": {
            name: {
                "windows": survey[f"choice_windows/{name}"],
                "filtered_dur": survey.seconds(f"choice_dur/{name}"),
                "kept_dur": survey.seconds(f"choice_covered_dur/{name}"),
            }
            for name in SELECTIONS
        },
    }


def _funnel(
    run: Stats, survey: Stats, window: WindowParams, overlap: OverlapParams
) -> list[dict[str, Any]]:
    """Seconds of speech that are left after each step, each a part of the one before."""
    steps = {
        "speech in the input": run.seconds("total_dur"),
        f"sample rate of {window.min_sample_rate:g} Hz or more": survey.seconds(
            "passing_sample_rate_dur"
        ),
        f"bandwidth of {window.min_bandwidth:g} Hz or more": survey.seconds(
            "passing_bandwidth_dur"
        ),
        f"in a window of {window.shortest:g} to {window.longest:g} s with "
        f"{window.min_speakers} to {window.max_speakers} speakers": survey.seconds("candidate_dur"),
        f"in a kept window, overlaps below {overlap.overlap_percentage:g} %": survey.seconds(
            "kept_speech_dur"
        ),
    }
    return [{"step": step, "seconds": seconds} for step, seconds in steps.items()]


def _write_tables(
    manifests: Sequence[str],
    stats: Mapping[str, Stats],
    stats_tsv: str | Path,
    stats_parquet: str | Path,
    sampled: float | None,
) -> None:
    lost = [f"{prefix}{reason}" for reason in LOSSES for prefix in ("lost_", "dur_lost_")]
    header = ["manifest_filepath", *COUNTS, *SECONDS, *COVERAGE, *lost]
    rows = []
    for manifest in manifests:
        row = stats[manifest].as_dict()
        row |= row.pop("lost") | {name: stats[manifest].seconds(name) for name in COVERAGE}
        rows.append([manifest, *(row[name] for name in header[1:])])
    if sampled is not None:
        header.append(SAMPLED)
        rows = [[*row, float(sampled)] for row in rows]

    text = io.StringIO()
    writer = csv.writer(text, dialect="excel-tab", lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    with files.written_whole(stats_tsv) as file:
        file.write(text.getvalue().encode(errors="surrogateescape"))

    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    table = pa.table({name: _column(values) for name, values in columns.items()})
    with files.written_whole(stats_parquet) as file:
        pq.write_table(table, file)


def _column(values: Sequence[Any]) -> pa.Array:
    """Names, ints or floats, by buffers: to look at values itself, pyarrow imports pandas."""
    if not isinstance(values[0], str):
        kind = np.float64 if isinstance(values[0], float) else np.int64
        buffers = [None, pa.py_buffer(np.array(values, kind))]
        return pa.Array.from_buffers(pa.from_numpy_dtype(kind), len(values), buffers)
    names = [
        name.encode(errors="surrogateescape").decode(errors="replace").encode() for name in values
    ]
    ends = np.cumsum([0, *map(len, names)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(names))]
    return pa.Array.from_buffers(pa.string(), len(names), buffers)
