"""Files of another format become a manifest of ours, and every recording is answered for."""

import gzip
import json
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from helpers import shared_folder

from alm.audio import AudioOptions
from alm.config import load_config
from alm.curate import curate_manifest
from alm.engines import Execution
from alm.input import whole_file
from alm.input.shards import read_ranges
from alm.input.sources import Share
from alm.jobs.group import group_sources
from alm.jobs.prepare_shard import Preparation, prepare_shard, write_index

TIMINGS = AudioOptions(bandwidth=8000, sample_rate=16000)


def prepared(
    folder: Path,
    *paths: Path,
    kind: str = "rttm",
    share: tuple[int, int, int] = (0, 1, 1),
    audio: AudioOptions = TIMINGS,
    root: Path | None = None,
    scopes: bool = True,
) -> list[dict[str, Any]]:
    """The rows of a share of a group."""
    groups, summary = folder / "work" / "g.1.jsonl", folder / "work" / "g.1.summary.json"
    manifest = folder / "prepared.jsonl"
    spans = [whole_file(str(path)) for path in paths]
    group_sources(spans, kind, groups, summary, recognized=True)
    write_index(str(root) if root else None, None, folder / "audio.json")
    prepare_shard(
        groups,
        summary,
        Share("", *share),
        manifest,
        folder / "ranges.json",
        Preparation(kind, scopes, audio, folder / "audio.json"),
        execution=Execution("local"),
        code="",
    )
    assert read_ranges(folder / "ranges.json") == ((str(manifest), 0, manifest.stat().st_size, ""),)
    return [json.loads(line) for line in manifest.read_bytes().splitlines()]


def rttm(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"SPEAKER {line} <NA> <NA>\n" for line in lines))
    return path


def speakers(row: dict[str, Any]) -> list[str]:
    return [segment["speaker"] for segment in row["segments"]]


def test_speakers_are_named_after_their_recording(tmp_path: Path) -> None:
    path = rttm(
        tmp_path / "a.rttm",
        "a 1 0 1 <NA> <NA> x",
        "b 1 0 1 <NA> <NA> x",
        "b 1 1 1 <NA> <NA> no-speaker",
    )
    a, b = prepared(tmp_path, path)
    assert [speakers(a), speakers(b)] == [["a/x"], ["b/x", "no-speaker"]]
    assert [speakers(row) for row in prepared(tmp_path, path, scopes=False)] == [
        ["x"],
        ["x", "no-speaker"],
    ]
    assert a["segments"][0]["metrics"] == {"bandwidth": 8000}


@pytest.mark.parametrize("count", [1, 3, 50])
def test_shares_hold_each_recording_once(tmp_path: Path, count: int) -> None:
    names = [f"recording_{'x' * k}" for k in range(20)]
    path = rttm(tmp_path / "a.rttm", *(f"{name} 1 0 1 <NA> <NA> x" for name in names))
    size = 1000
    borders = [size * k // count for k in range(count + 1)]
    rows = [
        row["recording_id"]
        for start, stop in pairwise(borders)
        for row in prepared(tmp_path, path, share=(start, stop, size))
    ]
    assert rows == names


def test_what_is_no_row_is_refused_by_the_build_with_file_line_and_remedy(tmp_path: Path) -> None:
    path = rttm(tmp_path / "a.rttm", "good 1 0 1 <NA> <NA> x", "bad 1 1 -1 <NA> <NA> x")
    path.write_text(f"{path.read_text()}SPEAKER\nSPEAKER bad 1 0 1 <NA> <NA> x <NA> <NA>\n")
    prepared(tmp_path, path)
    stats = curate_manifest(
        tmp_path / "prepared.jsonl", tmp_path / "out.jsonl", quarantine=tmp_path / "bad.jsonl"
    )
    assert (stats["entries"], stats["quarantined"]) == (1, 2)
    refused = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_bytes().splitlines()]
    assert [(row["reason"], row["detail"]) for row in refused] == [
        (
            "negative_duration",
            f"{path}, line 2: the segment ends at 0 s, before it starts at 1 s; correct or "
            "remove it",
        ),
        (
            "invalid_line",
            f"{path}, line 3: 'SPEAKER' names no recording, or is no RTTM at all; correct or "
            "remove it",
        ),
    ]


def test_audio_is_measured_in_chunks_or_missed(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    np = pytest.importorskip("numpy")
    noise = 0.1 * np.random.default_rng(17).normal(size=32000)
    soundfile.write(tmp_path / "a.wav", noise, 16000)
    path = rttm(tmp_path / "a.rttm", "a 1 0 1 <NA> <NA> x", "b 1 0 1 <NA> <NA> x")
    a, b = prepared(tmp_path, path, root=tmp_path, audio=AudioOptions())
    assert a["segments"][0]["metrics"] == {"bandwidth": 8000}
    assert (a["audio_filepath"], a["duration"]) == (f"{tmp_path}/a.wav", 2.0)
    assert b["alm_refused"][0] == "audio_missing"
    kept = prepared(tmp_path, path, root=tmp_path, audio=AudioOptions(missing="keep"))
    assert [row.get("audio_sample_rate") for row in kept] == [16000, None]


@pytest.mark.parametrize("corpus", ["ami-test", "voxconverse-dev"])
def test_real_diarizations_give_the_windows_of_their_sorted_manifests(
    tmp_path: Path, corpus: str
) -> None:
    """Lines of VoxConverse are grouped by speaker."""
    real = shared_folder() / "real"
    prepared(tmp_path, real / f"{corpus}.rttm.gz", scopes=False)
    with gzip.open(real / f"{corpus}.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row["segments"].sort(key=itemgetter("start", "end"))
    (tmp_path / "sorted.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def windows(name: str) -> tuple[int, list[Any]]:
        out = tmp_path / f"{name}.out"
        stats = curate_manifest(tmp_path / f"{name}.jsonl", out)
        rows = map(json.loads, out.read_bytes().splitlines())
        fields = ("windows", "filtered_windows", "filtered", "stats", "filtered_dur")
        return stats["filtered_windows"], [[row[field] for field in fields] for row in rows]

    assert windows("prepared") == windows("sorted")
    assert windows("prepared")[0] > 100


def test_17_04_gaps_that_curator_fills_stop_no_window(tmp_path: Path) -> None:
    """Its sample as its tagging would have written it: a no-speaker segment in each gap."""
    sample = shared_folder() / "sample" / "sample_input.jsonl"
    filled = []
    for row in map(json.loads, sample.read_text().splitlines()):
        segments = row["segments"]
        gaps = [
            {"speaker": "no-speaker", "start": one["end"], "end": other["start"], "text": ""}
            for one, other in pairwise(segments)
            if other["start"] > one["end"]
        ]
        del row["audio_sample_rate"]
        everything = sorted([*segments, *gaps], key=itemgetter("start", "end"))
        filled.append(row | {"audio_item_id": row["audio_filepath"], "segments": everything})
    source = tmp_path / "tagged.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in filled))
    audio = AudioOptions(bandwidth="given", sample_rate=16000)
    prepared(tmp_path, source, kind="curator", audio=audio, scopes=False)

    def kept(manifest: Path, **config: Any) -> tuple[int, int, list[Any]]:
        asked, out = load_config({"overlap_percentage": 50} | config), tmp_path / "out.jsonl"
        stats = curate_manifest(manifest, out, asked.window, asked.overlap)
        rows = map(json.loads, out.read_bytes().splitlines())
        return (
            *(stats["windows"], stats["filtered_windows"]),
            [row["filtered_windows"] for row in rows],
        )

    known = kept(sample)
    assert known[:2] == (181, 25)
    assert kept(tmp_path / "prepared.jsonl", input_format="curator") == known
    assert kept(tmp_path / "prepared.jsonl")[:2] == (0, 0)
