"""The statistics of a run against figures computed from its input and output, by other means."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import Run, RunWorkflow
from helpers import ROOT, shared_folder

pytestmark = pytest.mark.workflow

SAMPLE = ROOT / "workflow" / "sample" / "manifests"
MILLISECOND = 0.001
LOOKED_AT = ("merge_output", "stats")
"""The rules whose outputs are."""


def read_rows(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.rglob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def covered(intervals: list[tuple[float, float]]) -> int:
    """Milliseconds that lie in an interval, counted one by one."""
    inside: set[int] = set()
    for start, end in intervals:
        inside.update(range(round(start / MILLISECOND), round(end / MILLISECOND)))
    return len(inside)


def same(seconds: float, milliseconds: float) -> bool:
    return seconds == pytest.approx(milliseconds * MILLISECOND, abs=0.02)


def check(run: Run, rows: list[dict[str, Any]]) -> None:
    """Compare with a run that kept everything: `words` and candidate windows included."""
    output = run.lines("alm_output.jsonl")
    stats = run.stats
    length = kept = speech = 0.0
    funnel = [0.0] * 5
    distributions: dict[str, Counter[str]] = {
        name: Counter()
        for name in ("window_duration", "speakers_per_window", "windows_per_recording")
    }
    for row, result in zip(rows, output, strict=True):
        length += max(row["duration"], max(s["end"] for s in row["segments"])) / MILLISECOND
        kept += covered([(start, end) for end, start in result["filtered"]])
        distributions["windows_per_recording"][str(len(result["filtered_windows"]))] += 1
        for window in result["filtered_windows"]:
            segments = window["segments"]
            duration = segments[-1]["end"] - segments[0]["start"]
            distributions["window_duration"][str(int(duration))] += 1
            labels = {s["speaker"] for s in segments if s.get("speaker")}
            distributions["speakers_per_window"][str(len(labels))] += 1
            last = segments[-1]["end"]
            speech += covered([(s["start"], min(s["end"], last)) for s in segments])

        def seconds(windows: list[dict[str, Any]], row: dict[str, Any] = row) -> float:
            longest: dict[float, float] = {}
            for window in windows:
                for s in window["segments"]:
                    length = s["end"] - s["start"]
                    longest[s["start"]] = max(length, longest.get(s["start"], 0))
            assert len({s["start"] for s in row["segments"]}) == len(row["segments"])
            return sum(longest.values()) / MILLISECOND

        durations = [(s["end"] - s["start"], s["metrics"]["bandwidth"]) for s in row["segments"]]
        passes = row["audio_sample_rate"] >= 16000
        funnel[0] += sum(d for d, _ in durations) / MILLISECOND
        funnel[1] += sum(d for d, _ in durations) * passes / MILLISECOND
        funnel[2] += sum(d for d, b in durations if b >= 8000) * passes / MILLISECOND
        funnel[3] += seconds(result["windows"])
        funnel[4] += seconds(result["filtered_windows"])

    audio = stats["audio"]
    assert same(audio["recording_dur"], length)
    assert same(audio["kept_dur"], kept)
    assert audio["yield"] == pytest.approx(kept / length, rel=1e-4)
    assert same(audio["window_speech_dur"], speech)
    assert same(
        audio["window_speech_dur"] + audio["window_silence_dur"],
        stats["filtered_dur"] / MILLISECOND,
    )
    assert audio["recordings"] == len({row["audio_filepath"] for row in rows})
    for step, milliseconds in zip(stats["funnel"], funnel, strict=True):
        assert same(step["seconds"], milliseconds), step
    assert all(a["seconds"] >= b["seconds"] for a, b in pairwise(stats["funnel"]))
    for name, counted in distributions.items():
        assert stats["distributions"][name] == counted, name

    for reason, amount in stats["lost"].items():
        total = sum(result["stats"].get(reason, 0) for result in output)
        assert amount == pytest.approx(total, abs=1e-6)
    losses = {finding["loss"]: finding for finding in stats["diagnosis"]}
    for reason in ("bw", "sr", "spk", "win", "no_spkr", "next_seg_bm"):
        amount = stats["lost"][f"lost_{reason}"]
        assert (f"lost_{reason}" in losses) == (amount > 0)
        if amount:
            finding = losses[f"lost_{reason}"]
            assert finding["amount"] == amount
            assert finding["seconds"] == stats["lost"][f"dur_lost_{reason}"]
            assert finding["share"] == pytest.approx(finding["seconds"] / stats["total_dur"])
    stopped = sum(stats["distributions"]["stopped_by"].values())
    assert stopped == stats["lost"]["lost_win"]


def test_manifests_of_the_reference(run_workflow: RunWorkflow) -> None:
    folder = shared_folder() / "sample" / "nested_manifests"
    run = run_workflow(targets=LOOKED_AT, manifest_path=str(folder), shard_size=40_000)
    check(run, read_rows(folder))
    assert run.stats["audio"]["recordings"] == 5
    assert run.stats["smells"]["repeated_recording"]["count"] == 20


def test_the_sample(sample_run: Run) -> None:
    run = sample_run
    check(run, read_rows(SAMPLE))
    found = {finding["loss"]: finding for finding in run.stats["diagnosis"]}
    assert next(iter(found)) == "lost_win"
    assert "2.93 min at 8000 Hz" in found["lost_sr"]["finding"]
    assert "7 with 1" in found["lost_spk"]["finding"]

    table = pq.read_table(run.output / "stats.parquet")
    lines = [line.split("\t") for line in (run.output / "stats.tsv").read_text().splitlines()]
    assert table.column_names == lines[0]
    assert [list(map(str, row.values())) for row in table.to_pylist()] == lines[1:]
    assert [line[3] for line in lines[1:]] == ["154", "15", "77"]
    kinds = {name: type(value) for name, value in table.to_pylist()[0].items()}
    assert kinds["windows"] is int
    assert kinds["kept_dur"] is float


def test_smells_are_counted(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    def segment(start: float, end: float, **more: Any) -> dict[str, Any]:
        return {"start": start, "end": end, "metrics": {"bandwidth": 8000}, **more}

    words = [{"word": "a", "start": 4.9, "end": 5.2}, {"word": "b", "start": 5.3, "end": 6.4}]
    rows = [
        [segment(0, 2), segment(4, 6), segment(3, 5), segment(3.5, 4.5)],
        [segment(1, 1), segment(3, 2), segment(5, 6, words=words), segment(7, 8, words=[{}])],
        [segment(0, 30, speaker="a"), segment(62, 110, speaker="b")],
        [{"start": 0, "end": 1}, {"start": 1, "end": 2, "speaker": "no-speaker", "metrics": {}}],
    ]
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(
        "".join(
            json.dumps(
                {"audio_filepath": f"{k // 2}.wav", "audio_sample_rate": 16000, "segments": s}
            )
            + "\n"
            for k, s in enumerate(rows)
        )
    )
    stats = run_workflow(targets=LOOKED_AT, manifest_path=str(manifest)).stats
    counts = {name: each["count"] for name, each in stats["smells"].items() if "cause" not in each}
    assert counts == {
        "out_of_order": 1,
        "overlapping": 2,
        "nested": 1,
        "zero_duration": 1,
        "negative_duration": 1,
        "words_outside": 1,
        "long_silence": 1,
        "repeated_recording": 4,
    }
    assert stats["audio"]["segments_without_bandwidth"] == 2
    assert stats["audio"]["rows_without_bandwidth"] == 1
    assert stats["audio"]["speakers"] == 2
