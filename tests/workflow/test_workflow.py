"""The workflow from end to end, without an engine."""

import json
import os
import shutil
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from conftest import Run, RunWorkflow, copy_of
from helpers import ROOT, SAMPLE, shared_folder

pytestmark = pytest.mark.workflow

GOOD_ROW = (SAMPLE / "interviews.jsonl").read_bytes().splitlines(keepends=True)[0]


def check_figures(run: Run, name: str) -> None:
    """Against those that the README shows, computed by other code than ours."""
    expected = json.loads((ROOT / "tests" / "sample_expected.json").read_text())[name]
    lost = expected.pop("lost")
    assert {key: round(run.stats[key], 3) for key in expected} == expected
    assert {key: round(run.stats["lost"][key], 3) for key in lost} == lost
    assert run.lines("quarantine.jsonl") == []
    rows = run.lines("alm_output.jsonl")
    assert len(rows) == expected["entries"]
    assert sum(len(row["filtered_windows"]) for row in rows) == expected["filtered_windows"]


def test_shipped_sample(sample_run: Run) -> None:
    check_figures(sample_run, "pipeline")


def test_a_ready_made_configuration(run_workflow: RunWorkflow) -> None:
    """One for all: `test_curate.py` holds what each of them says to its figures."""
    ready_made = (ROOT / "config" / "short_windows.yaml",)
    run = run_workflow(
        targets=["merge_output", "stats"], configfiles=ready_made, manifest_path=str(SAMPLE)
    )
    check_figures(run, "short_windows")


def test_manifests_of_the_reference(run_workflow: RunWorkflow) -> None:
    sample = shared_folder() / "sample"
    one, nested = str(sample / "sample_input.jsonl"), str(sample / "nested_manifests")
    run = run_workflow(targets=["merge_output", "stats"], manifest_path=[one, nested])
    assert run.stats["entries"] == 5 + 20
    table = [line.split("\t") for line in (run.output / "stats.tsv").read_text().splitlines()]
    rows = {row[0]: dict(zip(table[0], row, strict=True)) for row in table[1:]}
    figures = [
        (int(row["windows"]), int(row["filtered_windows"]), float(row["filtered_dur"]))
        for row in rows.values()
    ]
    assert figures == [(181, 25, 3035.5)] * 5
    assert [row["manifest_filepath"] for row in run.lines("alm_output.jsonl")] == [
        path for path in rows for _ in range(5)
    ]


def test_same_bytes_for_any_cores_and_shards(sharded_run: Run, sample_run: Run) -> None:
    run = sharded_run
    assert run.jobs["build"] >= 2
    assert sample_run.jobs["build"] == 1
    for name in ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv"):
        assert (run.output / name).read_bytes() == (sample_run.output / name).read_bytes()
    assert run.stats["lost"] == sample_run.stats["lost"]


def test_overrides_arrive_with_their_types(run_workflow: RunWorkflow) -> None:
    run = run_workflow(
        "--config",
        "target_window_duration=60",
        "overlap_percentage=30",
        "truncation=false",
        "keep_windows=False",
        "target_duration=null",
        "drop_fields=",
        f"manifest_path={SAMPLE}",
        targets=["merge_output", "stats"],
    )
    parameters = run.stats["parameters"]
    assert parameters["target_window_duration"] == 60
    assert parameters["overlap_percentage"] == 30
    assert parameters["truncation"] is False
    assert parameters["keep_windows"] is False
    assert parameters["target_duration"] is None
    assert parameters["drop_fields"] == ""
    assert run.stats["truncation_events"] == 0
    assert run.stats["windows"] > 0
    row = run.lines("alm_output.jsonl")[0]
    assert "windows" not in row
    assert "words" in row["filtered_windows"][0]["segments"][0]
    assert all(54 <= duration <= 66 for duration in row["total_dur_list_window"])


MISTAKES = {
    "overlap_percentage=101": "overlap_percentage = 101 is not allowed",
    "tolerance=1": "tolerance = 1 is not allowed",
    "target_window_duration=0": "target_window_duration = 0 is not allowed",
    "max_speakers=two": "max_speakers = 'two' is not allowed: it must be an integer",
    "backend=dask": "xenna, ray_data or local",
    "tolerence=0.2": "did you mean tolerance?",
}


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        (list(MISTAKES), list(MISTAKES.values())),
        (["min_speakers=6"], ["at most max_speakers = 5"]),
        (["output_dir=s3://bucket/out"], ["a directory, not a URL"]),
        (["manifest_path=/nowhere/at/all"], ["'/nowhere/at/all' does not exist"]),
    ],
    ids=["values", "together", "output_dir", "manifests"],
)
def test_bad_configuration_stops_before_any_job(
    run_workflow: RunWorkflow, config: list[str], messages: list[str]
) -> None:
    run = run_workflow("--config", *config, check=False)
    assert run.returncode != 0
    assert [message for message in messages if message not in run.terminal] == []
    assert not run.output.exists()


def test_14_09_a_manifest_dated_in_the_future(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"

    def put(rows: int, seconds: float) -> None:
        manifest.write_bytes(GOOD_ROW * rows)
        os.utime(manifest, (time.time() + seconds,) * 2)

    put(1, 90)
    settings = {"manifest_path": str(manifest), "targets": ["merge_output", "stats"]}
    assert run_workflow(**settings).stats["entries"] == 1
    assert run_workflow("--dry-run", **settings).jobs == {}
    put(2, 80)
    assert run_workflow(**settings).stats["entries"] == 2
    put(1, -90_000_000)  # and one from an archive
    assert run_workflow(**settings).stats["entries"] == 1
    assert run_workflow("--dry-run", **settings).jobs == {}


def test_14_09_no_rule_takes_a_file_as_its_input_that_this_run_does_not_make(
    run_workflow: RunWorkflow, sample_copy: Run
) -> None:
    """Snakemake compares the times of inputs, which others may have set to anything."""
    listed = run_workflow("--detailed-summary", manifest_path=str(SAMPLE)).terminal
    lines = [line.split("\t") for line in listed.splitlines()]
    (header,) = (line for line in lines if line[0] == "output_file")
    rows = [dict(zip(header, line, strict=True)) for line in lines if line[0].startswith("out/")]
    inputs = {path for row in rows for path in row["input-file(s)"].split(",")} - {"-", ""}
    assert len(inputs) > 5
    assert {path.partition("/")[0] for path in inputs} == {"out"}


@pytest.mark.parametrize("place", ["file/x", "link", "link/x"])
def test_14_13_a_place_that_cannot_be_written_stops_before_any_job(
    run_workflow: RunWorkflow, tmp_path: Path, place: str
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "file").touch()
    (tmp_path / "work" / "link").symlink_to("nowhere")
    run = run_workflow(output_dir=place, manifest_path=str(SAMPLE), check=False)
    assert run.returncode == 1
    assert f"output_dir = {place!r} cannot be written: {place[:4]!r} is a " in run.terminal
    assert "Traceback" not in run.terminal
    assert run.terminal.count('File "') == 1  # Snakemake's own, of the line in the workflow


def test_14_13_a_run_whose_stderr_is_closed_ends_well(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    (tmp_path / "m.jsonl").write_bytes(GOOD_ROW)
    prefix = ["sh", "-c", 'exec "$@" 2>&-', "sh"]
    run = run_workflow(manifest_path=str(tmp_path / "m.jsonl"), prefix=prefix)
    assert run.stats["entries"] == 1


def test_too_many_invalid_rows_end_the_run(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    """And leave no output, not even one that was there before."""
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(GOOD_ROW * 9 + b"{}\n")
    for merge in (True, False):
        targets = ["merge_output"]
        run = run_workflow(targets=targets, manifest_path=str(manifest), merge=merge, check=False)
        assert run.returncode != 0
        assert "1 of 10 rows (10.000%) could not be processed (missing_field 1)" in run.terminal
        assert "max_invalid_fraction" in run.terminal
        assert len(run.lines("quarantine.jsonl")) == 1
        assert list(run.output.glob("alm_output*")) == []
        if merge:
            run = run_workflow(
                targets=targets, manifest_path=str(manifest), max_invalid_fraction=0.1
            )
            assert "build" not in run.jobs
            assert len(run.lines("alm_output.jsonl")) == 9


def test_an_index_of_the_shards_instead_of_one_file(
    run_workflow: RunWorkflow, sharded_run: Run, tmp_path: Path
) -> None:
    """The same bytes, and nothing is computed again; of two results only the new one stays."""
    config = {"manifest_path": str(SAMPLE), "shard_size": 120_000}
    merged = copy_of(sharded_run, tmp_path / "work")
    expected = (merged.output / "alm_output.jsonl").read_bytes()
    assert f"output: {Path('out', 'alm_output.jsonl')}\n" in merged.terminal

    run = run_workflow(merge=False, **config)
    assert run.jobs.keys() == {"all", "merge_output", "stats", "pages", "provenance"}
    assert f"output: {Path('out', 'alm_output.index.jsonl')}\n" in run.terminal
    index = run.lines("alm_output.index.jsonl")
    parts = [(run.output / entry["path"]).read_bytes() for entry in index]
    assert len(parts) > 2
    assert b"".join(parts) == expected
    assert [(entry["rows"], entry["bytes"]) for entry in index] == [
        (len(part.splitlines()), len(part)) for part in parts
    ]
    assert not (run.output / "alm_output.jsonl").exists()
    assert run_workflow("--dry-run", merge=False, **config).jobs == {}

    again = run_workflow(**config)
    assert again.jobs.keys() == {"all", "merge_output", "stats", "pages", "provenance"}
    assert (again.output / "alm_output.jsonl").read_bytes() == expected
    assert not (again.output / "alm_output.index.jsonl").exists()


def test_on_invalid_fail_names_file_and_line(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(GOOD_ROW * 3 + b"\n{}\n" + GOOD_ROW)
    run = run_workflow(
        manifest_path=str(manifest), on_invalid="fail", shard_size=10_000, check=False
    )
    assert run.returncode != 0
    assert f"{manifest}, line 5" in run.terminal
    assert not (run.output / "alm_output.jsonl").exists()


@pytest.mark.usefixtures("sample_copy")
def test_a_change_reruns_only_what_it_changes(run_workflow: RunWorkflow) -> None:
    assert run_workflow("--dry-run", manifest_path=str(SAMPLE)).jobs == {}

    jobs = run_workflow("--dry-run", manifest_path=str(SAMPLE), overlap_percentage=80).jobs
    assert jobs["overlap"] == jobs["merge_output"] == 1
    assert "build" not in jobs
    assert "shard" not in jobs

    others = {"selection": "total", "min_turns": 2, "max_speaker_share": 0.9}
    others |= {"min_speech_share": 0.1, "window_profile": True}
    jobs = run_workflow("--dry-run", manifest_path=str(SAMPLE), **others).jobs
    assert jobs["overlap"] == 1
    assert "build" not in jobs

    jobs = run_workflow("--dry-run", manifest_path=str(SAMPLE), backend="ray_data").jobs
    assert "build" not in jobs
    assert "overlap" not in jobs

    jobs = run_workflow("--dry-run", manifest_path=str(SAMPLE), min_speakers=1).jobs
    assert jobs["build"] == jobs["overlap"] == 1


def test_what_an_interrupted_job_left_is_made_again(
    run_workflow: RunWorkflow, sample_copy: Run
) -> None:
    note = urlsafe_b64encode(b"out/stats.json").decode()
    (sample_copy.output.parent / ".snakemake" / "incomplete" / note).write_text("{}")
    again = run_workflow(manifest_path=str(SAMPLE))
    assert again.jobs["stats"] == 1
    assert "build" not in again.jobs


@pytest.mark.usefixtures("sample_copy")
def test_changed_code_reruns_only_what_it_changes(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    """Of another clone with the same code, which only the record names, too."""
    root = tmp_path / "copy"
    for name in ("alm", "config", "envs", "workflow"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", root)
    config = {"manifest_path": str(SAMPLE), "root": root}
    config |= {"prefix": ["env", "ALM_COMPILED=python"]}  # a build would take a while
    jobs = run_workflow("--dry-run", **config).jobs
    assert jobs.keys() == {"all", "provenance"}

    def edit(module: str) -> dict[str, int]:
        path = root / "alm" / module
        path.write_text(path.read_text() + "\n# edited\n")
        return run_workflow("--dry-run", **config).jobs

    jobs = edit("jobs/overlap.py")
    assert jobs["overlap"] == 1
    assert "build" not in jobs
    jobs = edit("windows/build.py")
    assert jobs["build"] == jobs["overlap"] == 1
    assert "shard" not in jobs


def test_one_manifest_more_reruns_few_shards(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    """And 1,000 manifests of five rows each are a few jobs, not thousands."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    row = b'{"audio_sample_rate":16000,"segments":[],"note":"%s"}\n' % (b"x" * 200)
    for number in range(1000):
        (folder / f"m{number:04}.jsonl").write_bytes(row * 5)
    plan = run_workflow("--dry-run", manifest_path=str(folder))
    assert set(plan.jobs.values()) == {1}  # of each rule one job

    config = {"manifest_path": str(folder), "shard_size": 150_000}
    run = run_workflow(targets=["merge_output", "stats"], **config)
    shards = run.jobs["build"]
    assert 4 <= shards <= 33  # packed shards hold from a quarter of the size to four times it
    assert run.stats["entries"] == 5000

    (folder / "m0500-more.jsonl").write_bytes(row)
    run = run_workflow(targets=["merge_output", "stats"], **config)
    assert run.jobs["build"] == run.jobs["overlap"] <= 3 < shards
    assert run.stats["entries"] == 5001
    assert len((run.output / "stats.tsv").read_text().splitlines()) == 1 + 1001


def test_an_empty_manifest_gives_empty_output(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(b"")
    run = run_workflow(targets=["merge_output", "stats"], manifest_path=str(tmp_path / "m.jsonl"))
    assert run.lines("alm_output.jsonl") == []
    assert run.stats["entries"] == run.stats["quarantined"] == 0
