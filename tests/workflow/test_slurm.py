"""The delivered profile on a real Slurm of two nodes: the bytes of a local run, come what may."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from conftest import Run, RunWorkflow
from helpers import ROOT, SAMPLE

T = TypeVar("T")

pytestmark = [pytest.mark.workflow, pytest.mark.slurm, pytest.mark.engine]

PROFILE = ROOT / "workflow" / "profiles" / "slurm"
OUTPUTS = ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv")

# What is different on a machine of two cores with two people waiting.
HERE = ["--workflow-profile", str(PROFILE), "--max-threads=2"]
HERE += ["--slurm-init-seconds-before-status-checks=4", "--latency-wait=20"]


class Cluster:
    """Runs the workflow on Slurm, and other commands."""

    def __init__(self, prefix: list[str], run_workflow: RunWorkflow) -> None:
        self._prefix = prefix
        self._run = run_workflow

    def __call__(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._prefix, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def run(self, *arguments: str, **config: object) -> Run:
        return self._run(*HERE, *arguments, prefix=self._prefix, **config)

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows about a job."""
        return dict(
            field.partition("=")[::2]
            for field in self("scontrol", "--oneliner", "show", "job", number).split()
        )


@pytest.fixture
def cluster(slurm: list[str], run_workflow: RunWorkflow) -> Cluster:
    return Cluster(slurm, run_workflow)


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
        time.sleep(0.02)
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


def test_every_backend_on_two_nodes(cluster: Cluster, sample_run: Run) -> None:
    """All at once, so that nodes run several jobs, each with a Ray of its own."""
    with ThreadPoolExecutor() as pool:
        started = {
            backend: pool.submit(
                cluster.run,
                backend=backend,
                manifest_path=str(SAMPLE),
                shard_size=shard_size,
                output_dir=backend,
            )
            for backend, shard_size in (("xenna", "auto"), ("ray_data", "auto"), ("local", 200_000))
        }
        runs = {backend: run.result() for backend, run in started.items()}
    assert f"jobs run here, on {socket.gethostname()}" in sample_run.terminal
    assert f"jobs ran on: {socket.gethostname()} ({sum(sample_run.jobs.values()) - 1})" in (
        sample_run.terminal
    )

    nodes = set()
    for backend, run in runs.items():
        assert same_outputs(run, sample_run)
        assert run.stats["parameters"]["backend"] == backend
        assert "jobs go to slurm" in run.terminal
        assert re.search(r"jobs ran on: login \(\d\), n[12] \(\d", run.terminal)
        builds, overlaps = started_on(run.output, "build"), started_on(run.output, "overlap")
        assert len(builds) == run.jobs["build"]
        assert sorted(builds) == sorted(overlaps), "a shard is one Slurm job"
        for _, number in builds:
            job = cluster.job(number)
            assert job["NumCPUs"] == ("1" if backend == "local" else "2")
            assert job["TimeLimit"] == "00:20:00"
        nodes |= {node for node, _ in builds}
    assert nodes == {"n1", "n2"}
    assert "alm-" not in cluster("ls", "-A", "/run/tmp")


def test_killed_jobs_are_done_again(
    cluster: Cluster, run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    """With more memory and time. Stopped amid its work, a job is surely not done when killed."""
    rows = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl"))) * 100
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(rows)
    config = {"manifest_path": str(manifest), "keep_windows": False}
    reference = run_workflow(**config, output_dir="reference")
    backends = {"CANCELLED": "ray_data", "TIMEOUT": "local"}
    arguments = {
        "CANCELLED": [],
        "TIMEOUT": ["--set-resources", "build:runtime=attempt", "overlap:runtime=0"],
    }
    said = {"CANCELLED": "CANCELLED AT", "TIMEOUT": "DUE TO TIME LIMIT"}
    minutes = {"CANCELLED": ("00:20:00", "00:40:00"), "TIMEOUT": ("00:01:00", "00:02:00")}

    def stop_amid_work(end: str) -> tuple[str, str]:
        """How the job is going to end, and its number."""
        output = tmp_path / "work" / end
        wait_for(partial(step_in_work, output, "build"), running[end]).suspend()
        ((_, number),) = started_on(output, "build")
        return end, number

    with ThreadPoolExecutor(2 * len(backends)) as pool:
        running = {
            end: pool.submit(
                cluster.run, *arguments[end], **config, backend=backend, output_dir=end
            )
            for end, backend in backends.items()
        }
        first = dict(pool.map(stop_amid_work, running))
        with manifest.open("ab") as file:  # the runs stay with what they found at their start
            file.write(rows[: rows.index(b"\n") + 1])
        cluster("scancel", first["CANCELLED"])
        runs = {end: run.result() for end, run in running.items()}

    for end, run in runs.items():
        ((_, number),) = started_on(run.output, "build")
        killed, done = cluster.job(first[end]), cluster.job(number)
        assert (killed["JobState"], done["JobState"]) == (end, "COMPLETED")
        assert (killed["TimeLimit"], done["TimeLimit"]) == minutes[end]
        memory = [int(job["MinMemoryNode"].removesuffix("M")) for job in (killed, done)]
        assert memory[1] == 2 * memory[0] > 0
        (log,) = (tmp_path / "work" / "logs" / "slurm").rglob(f"{first[end]}.log")
        assert said[end] in log.read_text()
        assert run.stats["entries"] == 1000
        assert same_outputs(run, reference)
        assert not list(run.output.rglob("*.parts-*"))
    assert cluster("ls", "-A", "/run/tmp") == ""
    assert not {"raylet", "gcs_server"} & set(cluster("ps", "-eo", "comm=").split())
