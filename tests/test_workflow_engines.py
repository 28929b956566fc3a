"""The workflow on a real Ray: the same bytes as without, computed in the engine's workers."""

import re
from pathlib import Path

import pytest
from conftest import Run, RunWorkflow
from helpers import ROOT, shared_folder

pytestmark = [pytest.mark.workflow, pytest.mark.engine]

SAMPLE = ROOT / "workflow" / "sample" / "manifests"


def workers(log: Path) -> list[int]:
    """The processes that worked on the chunks of a job, by its log."""
    return [int(pid) for pid in re.findall(r"done by process (\d+)", log.read_text())]


def figures(run: Run) -> list[tuple[int, int, float]]:
    """Windows, kept windows and kept seconds of each manifest."""
    header, *rows = (
        line.split("\t") for line in (run.output / "stats.tsv").read_text().splitlines()
    )
    columns = [header.index(n) for n in ("windows", "filtered_windows", "filtered_dur")]
    return [(int(r[columns[0]]), int(r[columns[1]]), float(r[columns[2]])) for r in rows]


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("backend", ["xenna", "ray_data"])
def test_engines_give_the_same_bytes(run_workflow: RunWorkflow, backend: str, cores: int) -> None:
    before = set(Path("/tmp").glob("alm-*"))
    reference = shared_folder() / "sample"
    manifests = [
        str(reference / "sample_input.jsonl"),
        str(reference / "nested_manifests"),
        str(SAMPLE),
    ]
    local = run_workflow(manifest_path=manifests, output_dir="local")
    run = run_workflow(
        "--config", f"backend={backend}", manifest_path=manifests, output_dir="out", cores=cores
    )
    assert figures(run)[:5] == [(181, 25, 3035.5)] * 5
    for name in ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv"):
        assert (run.output / name).read_bytes() == (local.output / name).read_bytes()
    assert run.stats["parameters"]["backend"] == backend

    for step in ("build", "overlap"):
        (local_log,) = (local.output / "logs" / step).iterdir()
        assert len(set(workers(local_log))) == 1
        (log,) = (run.output / "logs" / step).iterdir()
        assert len(workers(log)) >= 2 * cores
        assert len(set(workers(log))) <= cores
        assert not set(workers(log)) & set(workers(local_log))
    assert set(Path("/tmp").glob("alm-*")) <= before
