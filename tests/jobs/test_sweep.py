"""Sweeps: every figure is that of a plain run, and the page says what to choose."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, RunWorkflow
from helpers import SAMPLE

from alm.config import load_config
from alm.engines import Execution
from alm.errors import InvalidRowError, ParameterError
from alm.input import discover, whole_file
from alm.input.shards import plan_shards
from alm.jobs.build import build_chunk
from alm.jobs.identity import STAGES
from alm.jobs.overlap import overlap_chunk
from alm.jobs.sweep import write_sweep
from alm.jobs.sweep_shard import sweep_shard
from alm.keys import DEFAULTS
from alm.records import record as record_module
from alm.statistics import trials
from alm.statistics.counters import total
from alm.statistics.levers import combinations, setting
from alm.statistics.summary import add_summaries

VALUES = {name: DEFAULTS[name] for name in STAGES} | {"no_speaker": "stop"}
Json = dict[str, Any]


def talk(dice: random.Random, **more: Any) -> Json:
    segments, time = [], 0.0
    for _ in range(dice.randint(5, 120)):
        lasts = dice.uniform(0.5, 9)
        words = [{"word": "w", "end": time + lasts / 2}, {"word": "w", "end": time + lasts}]
        speaker = dice.choice([*"aaabbbccc" * 3, "no-speaker", None])
        metrics = {"bandwidth": dice.choice([5000, *[8000, 12000] * 20])}
        segment = {"start": time, "end": time + lasts, "speaker": speaker, "metrics": metrics}
        segments.append(segment | {"words": words})
        time += lasts + dice.choice([-0.5, 0.2, 1, 2, 3, 12])
    if dice.random() < 0.3:
        dice.shuffle(segments)
    rate = dice.choice([8000, 16000, 44100])
    return {"audio_filepath": "a.wav", "audio_sample_rate": rate, "segments": segments, **more}


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Rows of which some are refused whatever the parameters, and some depending on them."""
    dice = random.Random(3)
    found = [talk(dice) for _ in range(40)]
    found += [talk(dice, note=nested(300)), {"segments": []}]
    found[0]["segments"][0]["words"] = nested(300)  # which are dropped
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join([*map(json.dumps, found), "", "no JSON"]) + "\n")
    return path


def swept(manifest: Path, folder: Path, grid: Json, shard_size: int = 100_000) -> list[Json]:
    """The rows of the table."""
    counted = []
    for shard in plan_shards(discover(str(manifest)), shard_size):
        counted.append(folder / f"{shard.name}.counted")
        sweep_shard(
            shard.ranges,
            counted[-1],
            VALUES,
            grid,
            stop_at_invalid=False,
            execution=Execution("local", 2),
            code="c",
        )
    assert len(counted) > 1 or shard_size > 1 << 20
    write_sweep(counted, folder / "sweep.tsv", folder / "sweep.html", VALUES, grid)
    with (folder / "sweep.tsv").open(newline="") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))


def plain(manifest: Path, folder: Path, values: Json) -> Json:
    """The same figures of a plain run."""
    window, overlap = setting(values)
    parts = [folder / name for name in "abcdefghi"]
    span = whole_file(str(manifest))
    built = build_chunk([span], parts[:5], params=window, stop_at_invalid=False)
    records = whole_file(str(parts[0]))
    done = overlap_chunk([records], parts[5:], params=overlap, stop_at_invalid=False)
    summary = add_summaries([built, done])
    run, survey = total(summary.stats.values()), summary.survey
    kept, covered = survey.seconds("kept_window_dur") / 3600, run.seconds("kept_dur") / 3600
    return {
        "quarantined": run["quarantined"],
        "candidates": run["windows"],
        "windows": run["filtered_windows"],
        "kept_hours": kept,
        "covered_hours": covered,
        "repeated_hours": max(0.0, kept - covered),
        "silence_hours": survey.seconds("window_silence_dur") / 3600,
        "overlap_hours": survey.seconds("window_overlap_dur") / 3600,
    }


@pytest.mark.parametrize(
    "grid",
    [
        {"target_window_duration": [30, 60.0], "selection": ["greedy", "total", "coverage"]},
        {"sort_segments": [False, True], "no_speaker": ["stop", "silence"], "max_gap": [None, 5]},
        {"min_bandwidth": [0, 5000.5, 8000], "min_sample_rate": [8000, 16000], "tolerance": [0.3]},
        {"min_turns": [None, 8], "max_speaker_share": [None, 0.6], "overlap_percentage": [0, 70]},
        {"window_ends": ["any"], "truncation": [True, False], "target_duration": [None, 100]},
    ],
)
@pytest.mark.parametrize("most", [512 << 20, 3_000])
def test_19_each_figure_is_that_of_a_plain_run(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grid: Json, most: int
) -> None:
    """Also where rows are refused because of their output, at 3 kB."""
    monkeypatch.setattr(record_module, "MOST_BYTES", most)
    monkeypatch.setattr(record_module, "PIECE_BYTES", min(most, record_module.PIECE_BYTES))
    monkeypatch.setattr(trials, "MOST_BYTES", most)
    found = swept(manifest, tmp_path, grid)
    assert len(found) == len(combinations(grid))
    refused = set()
    for row, combination in zip(found, combinations(grid), strict=True):
        written = {
            name: {None: "null", True: "true", False: "false"}.get(value, str(value))
            if not isinstance(value, float | int) or isinstance(value, bool)
            else str(value)
            for name, value in combination.items()
        }
        wanted = plain(manifest, tmp_path, {**VALUES, **combination})
        assert row == written | {name: str(value) for name, value in wanted.items()}
        refused.add(wanted["quarantined"])
    assert min(refused) >= 3
    assert (max(refused) > 3) == (most == 3_000)


def test_19_the_table_does_not_depend_on_the_shards(manifest: Path, tmp_path: Path) -> None:
    grid = {"tolerance": [0.1, 0.3], "selection": ["greedy", "total"]}
    swept(manifest, tmp_path, grid)
    many = (tmp_path / "sweep.tsv").read_bytes(), (tmp_path / "sweep.html").read_bytes()
    swept(manifest, tmp_path, grid, 1 << 30)
    assert many == ((tmp_path / "sweep.tsv").read_bytes(), (tmp_path / "sweep.html").read_bytes())


def test_19_the_table_of_a_preview_says_so_in_each_row(manifest: Path, tmp_path: Path) -> None:
    grid = {"tolerance": [0.1, 0.3]}
    whole = swept(manifest, tmp_path, grid, 1 << 30)
    counted = list(tmp_path.glob("*.counted"))
    write_sweep(counted, tmp_path / "tsv", tmp_path / "page", VALUES, grid, 0.25)
    with (tmp_path / "tsv").open(newline="") as file:
        found = list(csv.DictReader(file, dialect="excel-tab"))
    assert found == [{**row, "sample_fraction": "0.25"} for row in whole]
    assert "This is a preview, made with 25.0 %" in (tmp_path / "page").read_text()


def test_19_the_page_marks_today_and_the_front(manifest: Path, tmp_path: Path) -> None:
    found = swept(manifest, tmp_path, {"tolerance": [0.1, 0.3], "selection": ["greedy", "total"]})
    page = (tmp_path / "sweep.html").read_text()
    assert page.count("<circle") == 3
    assert page.count("<rect") == 1
    assert page.count("today's setting</b>") == 1
    assert "font-weight: 700" in page
    best = max(found, key=lambda row: float(row["covered_hours"]))
    lines = page.partition("<tbody>")[2].rpartition("<tbody>")[2]
    first = lines.partition("</tr>")[0]
    for name in ("tolerance", "selection"):
        assert f"{name}: {best[name]}" in first
    assert "(on the front)" in first
    swept(manifest, tmp_path, {"tolerance": [0.2, 0.3], "min_speakers": [1], "truncation": [True]})
    page = (tmp_path / "sweep.html").read_text()
    assert "Today's setting is\nnot among them" in page
    assert "<rect" not in page
    assert "Which value of both?" not in page


def test_19_a_bad_row_stops_where_it_is_asked_to(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRowError, match=r"in\.jsonl, line 41 .*\[too_deep\]"):
        sweep_shard(
            [whole_file(str(manifest))],
            tmp_path / "counted",
            VALUES,
            {"tolerance": [0.1, 0.2]},
            stop_at_invalid=True,
            execution=Execution("local"),
            code="c",
        )


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"tolerances": [0.1]}, "sweep = .* up to 5 parameters that decide which windows stay"),
        ({"drop_fields": ["words"]}, "up to 5 parameters"),
        ({"tolerance": 0.1}, r"sweep\[tolerance\]|up to 5 parameters"),
        ({"tolerance": []}, "up to 5 parameters"),
        ({}, "up to 5 parameters"),
        ({"tolerance": [0.1, 1.5]}, "sweep, tolerance = 1.5: tolerance = 1.5 is not allowed"),
        ({"min_speakers": [2, 6]}, "sweep, min_speakers = 6: .* at most max_speakers = 5"),
        ({"tolerance": [k / 600 for k in range(501)]}, "sweep has 501 combinations; at most 500"),
    ],
)
def test_19_a_grid_that_cannot_be_tried_is_refused(grid: Json, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        load_config({"sweep": grid})


@pytest.mark.workflow
def test_19_a_sweep_runs_nothing_else(sample_copy: Run, run_workflow: RunWorkflow) -> None:
    grid = {"target_window_duration": [60, 120], "selection": ["greedy", "coverage"]}
    run = run_workflow("--", "sweep", manifest_path=str(SAMPLE), sweep=grid)
    assert run.jobs == {"sweep_shard": run.jobs["sweep_shard"], "sweep": 1}
    with (run.output / "sweep.tsv").open(newline="") as file:
        found = list(csv.DictReader(file, dialect="excel-tab"))
    (row,) = (
        r for r in found if (r["target_window_duration"], r["selection"]) == ("120", "greedy")
    )
    assert int(row["windows"]) == run.stats["filtered_windows"]
    assert float(row["kept_hours"]) == run.stats["audio"]["kept_window_dur"] / 3600
    again = run_workflow("--dry-run", manifest_path=str(SAMPLE), sweep=grid)
    assert "Nothing to be done" in again.terminal
    nothing = run_workflow("--", "sweep", manifest_path=str(SAMPLE), check=False)
    assert nothing.returncode == 1
    assert "there is nothing to compare: write a grid" in nothing.terminal
