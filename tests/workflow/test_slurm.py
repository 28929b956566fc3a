"""The delivered profile on a real Slurm of two nodes: the bytes of a local run, come what may.

Most of a run on Slurm is waiting, so all runs that are looked at here start at once.
"""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from conftest import Run, run_snakemake, workflow_in
from helpers import ROOT, SAMPLE, importer

from alm.jobs.record import read_record
from alm.provenance.versions import versions

T = TypeVar("T")

pytestmark = [pytest.mark.workflow, pytest.mark.slurm]

PROFILE = ROOT / "workflow" / "profiles" / "slurm"
OUTPUTS = ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv")

# What is different on a machine of two cores with two people waiting.
HERE = ["--workflow-profile", str(PROFILE), "--max-threads=2"]
HERE += ["--slurm-init-seconds-before-status-checks=4", "--latency-wait=20"]

IN_SHARDS = {"manifest_path": str(SAMPLE), "shard_size": 100_000}

MANY = {"manifest_path": "m.jsonl", "keep_windows": False}
"""A manifest that takes a while, where the runs that are disturbed start."""


class Cluster:
    """Runs the workflow on Slurm from a folder, and other commands."""

    def __init__(self, prefix: list[str], folder: Path) -> None:
        self._prefix = prefix
        self._run = workflow_in(folder)
        self.folder = folder

    def __call__(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._prefix, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def run(self, *arguments: str, **config: object) -> Run:
        return self._run(*HERE, *arguments, prefix=self._prefix, **config)

    def run_module(self, **config: object) -> Run:
        """Run a Snakefile of ten lines, in an empty folder, that imports the workflow."""
        folder = self.folder / "importer"
        folder.mkdir()
        snakefile = importer(output_dir="out", **config)
        assert len(snakefile.splitlines()) <= 10
        (folder / "Snakefile").write_text(snakefile)
        arguments = ["--cores", "2", *HERE]
        return run_snakemake(folder, arguments, folder / "out", prefix=self._prefix)

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows about a job."""
        return dict(
            field.partition("=")[::2]
            for field in self("scontrol", "--oneliner", "show", "job", number).split()
        )


@dataclass
class Runs:
    """What ran on the cluster, and the jobs that were killed, by how they ended."""

    cluster: Cluster
    by_name: dict[str, Run]
    killed: dict[str, str]


@pytest.fixture(scope="session")
def runs(slurm: list[str], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Runs undisturbed, and two whose jobs are stopped amid their work, so that they end there."""
    folder = tmp_path_factory.mktemp("runs")
    cluster = Cluster(slurm, folder)
    manifest = folder / "m.jsonl"
    rows = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl"))) * 100
    manifest.write_bytes(rows)
    timeout = ["--set-resources", "build:runtime=attempt", "overlap:runtime=0"]
    with ThreadPoolExecutor() as pool:
        started = {
            "CANCELLED": pool.submit(
                cluster.run, **MANY, backend="ray_data", output_dir="CANCELLED"
            ),
            "TIMEOUT": pool.submit(
                cluster.run, *timeout, **MANY, backend="local", output_dir="TIMEOUT"
            ),
            "xenna": pool.submit(
                cluster.run, manifest_path=str(SAMPLE), backend="xenna", output_dir="xenna"
            ),
            "module": pool.submit(cluster.run_module, **IN_SHARDS, backend="local"),
        }

        def stop_amid_work(end: str) -> tuple[str, str]:
            """How the job is going to end, and its number."""
            output = folder / end
            wait_for(partial(step_in_work, output, "build"), started[end]).suspend()
            ((_, number),) = started_on(output, "build")
            return end, number

        killed = dict(pool.map(stop_amid_work, ("CANCELLED", "TIMEOUT")))
        with manifest.open("ab") as file:  # the runs stay with what they found at their start
            file.write(rows[: rows.index(b"\n") + 1])
        cluster("scancel", killed["CANCELLED"])
        finished = {name: run.result() for name, run in started.items()}
    return Runs(cluster, finished, killed)


def same_outputs(run: Run, reference: Run) -> bool:
    return all(
        (run.output / name).read_bytes() == (reference.output / name).read_bytes()
        for name in OUTPUTS
    )


def started_on(output: Path, step: str) -> list[tuple[str, str]]:
    """Host and number of the Slurm job of each job of a step, by their logs."""
    logs = (log.read_text() for log in (output / "logs" / step).glob("*.log"))
    return [re.search(r"INFO started on (\w+), Slurm job (\d+)", log).groups() for log in logs]


def wait_for(look: Callable[[], T | None], done: Future[Run]) -> T:
    """What ``look`` finds, while the run lasts."""
    while not (found := look()):
        assert not done.done(), done.result().terminal
        time.sleep(0.05)
    return found


def step_in_work(output: Path, step: str) -> psutil.Process | None:
    """The process of a step that has begun to write parts."""
    if not list((output / "work" / step).glob("*.parts-*/*")):
        return None
    for process in psutil.process_iter():
        try:
            log = os.readlink(f"/proc/{process.pid}/fd/1")
        except OSError:
            continue
        if log.startswith(str(output / "logs" / step)):
            return process
    return None


def test_a_backend_with_and_without_an_engine_on_two_nodes(runs: Runs, sample_run: Run) -> None:
    """All at once, so that nodes run several jobs, each with a Ray of its own."""
    assert f"jobs run here, on {socket.gethostname()}" in sample_run.terminal
    assert f"jobs ran on: {socket.gethostname()} ({sum(sample_run.jobs.values()) - 1})" in (
        sample_run.terminal
    )
    run = runs.by_name["xenna"]
    assert same_outputs(run, sample_run)
    assert run.stats["parameters"]["backend"] == "xenna"
    assert "jobs go to slurm" in run.terminal
    assert re.search(r"jobs ran on: login \(\d\), n[12] \(\d", run.terminal)

    nodes = set()
    for name, cpus in (("xenna", "2"), ("module", "1")):
        run = runs.by_name[name]
        builds, overlaps = started_on(run.output, "build"), started_on(run.output, "overlap")
        assert len(builds) == run.jobs["build"]
        assert sorted(builds) == sorted(overlaps), "a shard is one Slurm job"
        for _, number in builds:
            job = runs.cluster.job(number)
            assert job["NumCPUs"] == cpus
            assert job["TimeLimit"] == "00:20:00"
        nodes |= {node for node, _ in builds}
    assert nodes == {"n1", "n2"}


def test_imported_as_a_module(runs: Runs, sample_run: Run) -> None:
    """In the form that this process has, and jobs on nodes that make the same plan."""
    run = runs.by_name["module"]
    assert same_outputs(run, sample_run)
    assert run.jobs["build"] > 1
    assert not (run.output / "work/plan.json").exists()  # without hooks nobody writes it
    made_by = read_record(run.output)[0]["made_by"]
    assert {made["versions"]["kernel"] for made in made_by} == {versions()["kernel"]}


def test_killed_jobs_are_done_again(runs: Runs, tmp_path: Path) -> None:
    """With more memory and time. Stopped amid its work, a job is surely not done when killed."""
    rows = (runs.cluster.folder / "m.jsonl").read_bytes().splitlines(keepends=True)[:1000]
    run_workflow = workflow_in(tmp_path / "work")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "m.jsonl").write_bytes(b"".join(rows))
    reference = run_workflow(targets=["merge_output", "stats"], **MANY)
    said = {"CANCELLED": "CANCELLED AT", "TIMEOUT": "DUE TO TIME LIMIT"}
    minutes = {"CANCELLED": ("00:20:00", "00:40:00"), "TIMEOUT": ("00:01:00", "00:02:00")}

    for end, first in runs.killed.items():
        run = runs.by_name[end]
        ((_, number),) = started_on(run.output, "build")
        killed, done = runs.cluster.job(first), runs.cluster.job(number)
        assert (killed["JobState"], done["JobState"]) == (end, "COMPLETED")
        assert (killed["TimeLimit"], done["TimeLimit"]) == minutes[end]
        memory = [int(job["MinMemoryNode"].removesuffix("M")) for job in (killed, done)]
        assert memory[1] == 2 * memory[0] > 0
        (log,) = (runs.cluster.folder / "logs" / "slurm").rglob(f"{first}.log")
        assert said[end] in log.read_text()
        assert run.stats["entries"] == 1000
        assert same_outputs(run, reference)
        assert not list(run.output.rglob("*.parts-*"))
    left = runs.cluster("ls", "-A", "/run/tmp").split()
    # A Snakemake that Slurm kills after KillWait leaves its own folder: not ours to remove.
    assert [name for name in left if not re.fullmatch(r"snakemake\w{8}", name)] == []
    assert not {"raylet", "gcs_server"} & set(runs.cluster("ps", "-eo", "comm=").split())
