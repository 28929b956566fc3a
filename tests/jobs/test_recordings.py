"""The table of recordings, and those that the report draws: the same however the work is cut."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import SAMPLE

from alm import OverlapParams, WindowParams
from alm.exports.example import Kept, examples
from alm.input import discover, whole_file
from alm.input.shards import plan_shards
from alm.jobs import recordings as job
from alm.jobs.build import build_chunk
from alm.jobs.overlap import overlap_chunk
from alm.jobs.recordings import write_recordings
from alm.report.recordings import MOST_DATA, recordings
from alm.rows import codec

WINDOW, OVERLAP = WindowParams(), OverlapParams(50).resolved(WindowParams())


def listed(source: Path, folder: Path, shard_size: int) -> tuple[bytes, list[dict[str, Any]]]:
    """The table, and the recordings that the report shows."""
    tables, records = [], []
    folder.mkdir()
    for shard in plan_shards(discover(str(source)), shard_size):
        built = [folder / f"{shard.name}.{k}" for k in range(5)]
        done = [folder / f"{shard.name}.{k}" for k in range(5, 9)]
        build_chunk(shard.ranges, built, params=WINDOW, stop_at_invalid=False)
        overlap_chunk([whole_file(str(built[0]))], done, params=OVERLAP, stop_at_invalid=False)
        records.append(built[0])
        tables.append(done[3])
    write_recordings(tables, records, folder / "tsv", folder / "json", OVERLAP)
    return (folder / "tsv").read_bytes(), json.loads((folder / "json").read_bytes())


def a_row(name: str, seconds: int, text: str = "word") -> dict[str, Any]:
    segments = [
        {"start": at, "end": at + 4, "speaker": f"s{at // 4 % 2}", "text": text}
        | {"metrics": {"bandwidth": 9000}}
        for at in range(0, seconds, 4)
    ]
    return {"audio_filepath": name, "audio_sample_rate": 16000, "segments": segments}


def put(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_19_04_the_table_is_that_of_the_rows(sample_run: Any, tmp_path: Path) -> None:
    text, shown = listed(SAMPLE, tmp_path / "out", 1 << 30)
    header, *lines = (line.split("\t") for line in text.decode().splitlines())
    table = [dict(zip(header, line, strict=True)) for line in lines]
    rows = sample_run.lines("alm_output.jsonl")
    assert [each["audio_filepath"] for each in table] == [row["audio_filepath"] for row in rows]
    assert [int(each["filtered_windows"]) for each in table] == [
        len(row["filtered_windows"]) for row in rows
    ]
    audio = sample_run.stats["audio"]
    for name, total in (("kept_dur", "kept_dur"), ("kept_window_dur", "kept_window_dur")):
        assert sum(float(each[name]) for each in table) == pytest.approx(audio[total], abs=0.01)
    assert text == (sample_run.output / "recordings.tsv").read_bytes()
    assert len(shown) == len(rows)
    for each in shown:
        (row,) = (row for row in rows if row["audio_filepath"] == each["name"])
        windows = each["drawing"]["windows"] if each["drawing"] else []
        assert [[w["end"], w["start"]] for w in windows] == [
            [round(end, 2), round(start, 2)] for end, start in row["filtered"]
        ]
        said = " ".join(s["text"] for w in row["filtered_windows"] for s in w["segments"])
        assert " ".join(text for w in windows for _, text in w["turns"]).split() == said.split()


def test_19_04_any_cut_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many shards, and however few recordings wait to be picked from."""
    rows = [a_row(f"{number}.wav", 40 + 4 * number) for number in range(60)]
    source = put(tmp_path / "m.jsonl", rows)
    monkeypatch.setattr(job, "OF_EACH", 5)
    whole = listed(source, tmp_path / "whole", 1 << 30)
    monkeypatch.setattr(job, "_POOL", 25)
    assert listed(source, tmp_path / "cut", 20_000) == whole
    _, shown = whole
    assert [each["why"] for each in shown] == ["poorest"] * 5 + ["richest"] * 5 + ["random"] * 5
    assert len({each["name"] for each in shown}) == 15
    assert max(each["gain"] for each in shown[:5]) == 0
    gains = [each["gain"] for each in shown[5:10]]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 0.8


def test_19_04_windows_know_what_their_clips_are_called(tmp_path: Path) -> None:
    """If the audio is exported, before or after: so does the export name them."""
    row = a_row("/data/a b.wav", 300)
    _, shown = listed(put(tmp_path / "m.jsonl", [row]), tmp_path / "out", 1 << 30)
    clips, windows = shown[0]["drawing"]["clips"], shown[0]["drawing"]["windows"]
    assert len(windows) > 1
    for drawn in windows:
        segments = [s for s in row["segments"] if s["start"] >= drawn["start"]]
        (example,) = examples(row, [Kept(segments, drawn["end"])], 300, "m.jsonl")
        assert (clips, f"{clips}-{drawn['clip']}") == (example["recording"], example["id"])


def test_19_04_names_stay_in_their_line(tmp_path: Path) -> None:
    names = ["a\tb", "a\nb", "\udc80", {"no": ["text"]}, None, "\\t"]
    source = put(tmp_path / "m.jsonl", [a_row(name, 8) for name in names])
    text, shown = listed(source, tmp_path / "out", 1 << 30)
    spelled = [line.split("\t")[1] for line in text.decode().splitlines()[1:]]
    assert spelled == ["a\\tb", "a\\nb", "\\udc80", '{"no":["text"]}', "null", "\\\\t"]
    assert {each["name"] for each in shown} == set(spelled)


def test_19_04_what_cannot_be_drawn_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = {"start": -9e289, "end": 9e289, "speaker": "a", "metrics": {"bandwidth": 9000}}
    rows = [
        {"audio_filepath": "far", "audio_sample_rate": 16000, "segments": [segment]},
        {"audio_filepath": "none", "audio_sample_rate": 16000, "segments": [], "duration": 10**400},
        {"audio_filepath": "still", "audio_sample_rate": 16000}
        | {"segments": [segment | {"start": 0, "end": 0}]},
        a_row("large", 4000),
        {"audio_filepath": "short", "audio_sample_rate": 16000}
        | {"segments": [segment | {"start": 0, "end": 3e-323}]},
    ]
    monkeypatch.setattr(job, "MOST_BYTES", 10_000)
    text, shown = listed(put(tmp_path / "m.jsonl", rows), tmp_path / "out", 1 << 30)
    assert len(text.splitlines()) == 6
    assert [each["drawing"] for each in shown] == [None] * 5


def test_19_04_the_page_stays_small(tmp_path: Path) -> None:
    """However much is said in windows: texts lose their ends, a few keep them whole."""
    _, shown = listed(
        put(tmp_path / "m.jsonl", [a_row("a", 2_000, "many words " * 20)]),
        tmp_path / "out",
        1 << 30,
    )
    stats = {"filtered_windows": 1, "entries": 240}
    one = recordings(stats, shown)
    assert one["drawings"] == [shown[0]["drawing"]]
    many = recordings(stats, shown * 160)
    assert len(codec.dumps(many["drawings"])) < 1.2 * MOST_DATA
    assert all(each and each["cut"] for each in many["drawings"])
    windows = many["drawings"][0]["windows"]
    assert len(windows) > 10
    assert all(window["turns"][0][1].startswith("many words") for window in windows)
