"""What an output was made from is known in `output_dir`, whatever Snakemake remembers of it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, RunWorkflow, times_of_files, workflow_in
from helpers import SAMPLE

from alm.jobs.identity import OVER_ALL_SHARDS
from alm.jobs.seals import OF_EXPORTS

pytestmark = pytest.mark.workflow

OF_A_RUN = OVER_ALL_SHARDS - {"sweep", "splits", "export_quarantine", "data_card", *OF_EXPORTS}
"""The rules over all shards that a run needs which was asked for neither a sweep nor exports."""

OUTPUTS = ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv")
ROWS = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl"))).splitlines(True)


def outputs(run: Run) -> dict[str, bytes]:
    return {name: (run.output / name).read_bytes() for name in OUTPUTS}


def fresh_run(folder: Path, **config: Any) -> Run:
    """The same where nothing was run before, as far as :func:`outputs` looks."""
    return workflow_in(folder / "fresh")(targets=["merge_output", "stats"], **config)


def test_14_01_another_order_of_manifests_is_another_output(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    """And every rule over all shards is done again, and no other."""
    paths = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl")]
    for path, rows in zip(paths, (ROWS[:5], [*ROWS[5:], b"{}\n"]), strict=True):
        Path(path).write_bytes(b"".join(rows))
    config = {"shard_size": 150_000, "max_invalid_fraction": 0.5}
    first = run_workflow(manifest_path=paths, **config)
    assert first.jobs["build"] > 1
    turned = run_workflow(manifest_path=paths[::-1], **config)
    assert turned.jobs.keys() == {"all", *OF_A_RUN}
    names = [row["manifest_filepath"] for row in turned.lines("alm_output.jsonl")]
    assert names == sorted(names, reverse=True)
    assert outputs(turned) == outputs(fresh_run(tmp_path, manifest_path=paths[::-1], **config))


def go_elsewhere(folder: Path) -> None:
    """Leave only the outputs in the working directory, as one in which nothing was run."""
    for path in folder.iterdir():
        if path.name != "out":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.usefixtures("sample_copy")
def test_14_02_other_parameters_are_not_ignored_where_snakemake_knows_nothing(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    go_elsewhere(tmp_path / "work")
    config = {"manifest_path": str(SAMPLE), "target_window_duration": 30}
    before = times_of_files(tmp_path / "work" / "out")
    dry = run_workflow("--dry-run", **config)
    assert dry.jobs.keys() == {"all", "build", "overlap", *OF_A_RUN}
    assert times_of_files(tmp_path / "work" / "out") == before
    run = run_workflow(**config)
    assert outputs(run) == outputs(fresh_run(tmp_path, **config))
    assert run_workflow("--dry-run", **config).jobs == {}
    back = run_workflow("--dry-run", manifest_path=str(SAMPLE))
    assert back.jobs.keys() == dry.jobs.keys()


@pytest.mark.usefixtures("sample_copy")
def test_14_02_only_what_a_change_changes_is_done_again_elsewhere(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    go_elsewhere(tmp_path / "work")
    assert run_workflow("--dry-run", manifest_path=str(SAMPLE)).jobs == {}
    jobs = run_workflow("--dry-run", manifest_path=str(SAMPLE), overlap_percentage=80).jobs
    assert jobs.keys() == {"all", "overlap", *OF_A_RUN}


def test_14_02_another_manifest_is_not_ignored_elsewhere_even_if_it_is_older(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(ROWS[0] + ROWS[1])
    run_workflow(manifest_path=str(manifest))
    go_elsewhere(tmp_path / "work")
    manifest.write_bytes(ROWS[1] + ROWS[0])  # of the same size
    os.utime(manifest, (1e9, 1e9))
    again = run_workflow(manifest_path=str(manifest))
    assert again.jobs.keys() == {"all", "shard", "build", "overlap", *OF_A_RUN}
    names = [json.loads(row)["audio_filepath"] for row in (ROWS[1], ROWS[0])]
    assert [row["audio_filepath"] for row in again.lines("alm_output.jsonl")] == names
    shards = again.output / "work" / "shards"
    assert len(list(shards.iterdir())) == 1  # what stood for the former version went


@pytest.mark.usefixtures("sample_copy")
def test_14_02_what_is_edited_during_a_run_ends_it(run_workflow: RunWorkflow) -> None:
    """A job that reads other code or another configuration than the run that started it."""
    config = {"manifest_path": str(SAMPLE)}
    job = ("--mode", "remote", "--dry-run")
    assert run_workflow(*job, prefix=["env", "ALM_IDENTITY="], **config).returncode == 0
    run = run_workflow(*job, prefix=["env", "ALM_IDENTITY=another"], check=False, **config)
    assert run.returncode != 0
    assert "the configuration was changed while the run was under way; start again" in run.terminal
