"""Previews: the same recordings however the work is cut, and estimates that hold."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import RunWorkflow
from helpers import SAMPLE

from alm import OverlapParams, WindowParams
from alm.engines import Execution
from alm.input import Line, discover
from alm.input.shards import plan_shards
from alm.jobs.build import build_shard
from alm.jobs.overlap import overlap_shard
from alm.jobs.sample import is_drawn, sampling_key
from alm.jobs.what_if import try_levers
from alm.keys import DEFAULTS
from alm.rows.row import parse_row
from alm.statistics.survey import recording_key
from alm.verify import verify

WINDOW = WindowParams(target_window_duration=30, tolerance=0.3, min_speakers=1)
OVERLAP = OverlapParams(50).resolved(WINDOW)
VALUES = DEFAULTS | {"no_speaker": "stop"}
VALUES |= {"target_window_duration": 30, "tolerance": 0.3, "min_speakers": 1}


def made(folder: Path, source: Path, shard_size: int, fraction: float | None) -> dict[str, Any]:
    """The rows of the output, and the `sample` of the statistics."""
    folder.mkdir()
    rows, samples, summaries, lines = [], [], [], 0
    for shard in plan_shards(discover(str(source)), shard_size):
        at = folder / shard.name
        names = ("records", "quarantine", "recordings", "lines", "built")
        build_shard(
            shard.ranges,
            *(Path(f"{at}.{name}") for name in names),
            WINDOW,
            sample=Path(f"{at}.sample"),
            sample_fraction=fraction,
            stop_at_invalid=False,
            execution=Execution("local", 2),
            code="c",
        )
        overlap_shard(
            *(
                Path(f"{at}.{name}")
                for name in ("records", "rows", "late", "digests", "table", "done")
            ),
            OVERLAP,
            stop_at_invalid=False,
            execution=Execution("local", 2),
            code="c",
        )
        rows += Path(f"{at}.rows").read_bytes().splitlines()
        lines += len(Path(f"{at}.lines").read_bytes()) // 16
        samples.append(f"{at}.sample")
        summaries += [f"{at}.built", f"{at}.done"]
    target = folder / "what_if.json"
    try_levers(samples, summaries, target, VALUES, fraction)
    return {"rows": rows, "lines": lines, **json.loads(target.read_bytes())}


def write(path: Path, recordings: int, seed: int) -> Path:
    """Two rows a recording; what they hold does not depend on the seed, which names them."""
    dice = random.Random(5)
    lines = []
    for number in range(recordings):
        for _ in range(2):
            segments, time = [], 0.0
            for _ in range(dice.randint(1, 40)):
                lasts = dice.uniform(1, 6)
                times = {"start": round(time, 3), "end": round(time + lasts, 3)}
                segments.append({**times, "speaker": "a", "metrics": {"bandwidth": 9000}})
                time += lasts + dice.expovariate(1)
            name = f"{seed}/{number}.wav"
            row = {"audio_filepath": name, "audio_sample_rate": 16000, "segments": segments}
            lines.append(json.dumps(row) + "\n")
    path.write_text("".join(lines))
    return path


def test_19_a_preview_is_the_same_however_the_work_is_cut(tmp_path: Path) -> None:
    source = write(tmp_path / "m.jsonl", 100, 1)
    every = made(tmp_path / "all", source, 1 << 30, None)
    one = made(tmp_path / "one", source, 1 << 30, 0.3)
    many = made(tmp_path / "many", source, 30_000, 0.3)
    assert one == many
    assert 30 <= len(one["rows"]) <= 90
    assert set(one["rows"]) < set(every["rows"])
    names = [json.loads(row)["audio_filepath"] for row in one["rows"]]
    assert len(names) == 2 * len(set(names))
    assert one["lines"] == every["lines"] == 200  # the digests are those of the manifest
    assert every["sample"] is None
    assert one["sample"]["rows"] == len(one["rows"])
    assert one["sample"]["rows_of_all"] == 200


def test_19_what_a_preview_estimates_holds_for_all(tmp_path: Path) -> None:
    source = write(tmp_path / "m.jsonl", 150, 0)
    every = made(tmp_path / "all", source, 1 << 30, None)["what_if"][0]
    held = told = 0
    for seed in range(20):
        source = write(tmp_path / "m.jsonl", 150, seed)
        found = made(tmp_path / f"{seed}", source, 1 << 30, 0.3)["sample"]
        for name in ("kept_hours", "covered_hours", "silence_hours"):
            if found[name]["low"] is not None:
                told += 1
                assert found[name]["low"] < found[name]["estimated"] < found[name]["high"]
                held += found[name]["low"] <= every[name]["before"] <= found[name]["high"]
    assert told >= 50
    assert held >= 0.9 * told


@pytest.mark.parametrize(
    "row",
    [
        {"audio_filepath": "a.wav", "segments": []},
        {"segments": [], "audio_filepath": 'ä\n"b"\\.wav'},
        {"segments": [], "audio_filepath": None},
        {"segments": [{"audio_filepath": "inner"}], "audio_filepath": "outer"},
        {"audio_filepath": "said twice", "note": '"audio_filepath": "said"'},
        {"segments": []},
    ],
)
def test_19_rows_are_drawn_by_their_recording_without_parsing(row: dict[str, Any]) -> None:
    for spelled in (json.dumps(row), json.dumps(row, ensure_ascii=False, separators=(",", ":"))):
        line = Line(0, 1, spelled.encode() + b"\n")
        key = sampling_key(recording_key(parse_row(line.text)), line)
        assert is_drawn(line, (key + 2048) / 2**64)
        assert not is_drawn(line, (key - 2048) / 2**64)
    assert is_drawn(Line(0, 1, b"no JSON"), 1.0)
    assert is_drawn(Line(0, 1, b"no JSON"), None)


@pytest.mark.workflow
def test_19_every_output_of_a_preview_says_so(run_workflow: RunWorkflow) -> None:
    run = run_workflow(manifest_path=str(SAMPLE), sample_fraction=0.5)
    says = "This is a preview, made with 50.0 % of the recordings"
    assert says in run.terminal
    for page in ("overview", "windows", "manifests", "quarantine", "runtime"):
        assert says in (run.output / "report" / f"{page}.html").read_text()
    sample = run.stats["sample"]
    assert sample["fraction"] == 0.5
    assert 0 < sample["rows"] < sample["rows_of_all"] == 10
    assert len(run.lines("alm_output.jsonl")) == sample["rows"]
    with (run.output / "stats.tsv").open() as file:
        assert {row["sample_fraction"] for row in csv.DictReader(file, dialect="excel-tab")} == {
            "0.5"
        }
    record = json.loads((run.output / "provenance.json").read_bytes())
    assert record["parameters"]["sample_fraction"] == 0.5
    assert list(verify(run.output)) == []
