"""The workflow on a real Ray: the same bytes as without, computed in the engine's workers."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from conftest import Run, RunWorkflow
from helpers import ROOT, shared_folder

from alm.jobs.provenance import read_record
from alm.verify import verify

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

    ours, theirs = (read_record(each.output) for each in (run, local))
    assert ours["output"] == theirs["output"]
    assert ours["manifests"] == theirs["manifests"]
    package = {"xenna": "cosmos-xenna", "ray_data": "ray"}[backend]
    for made in ours["made_by"]:
        assert made["backend"] == backend
        assert made["versions"][package] == ours["versions"][package]
    assert all("ray" not in made["versions"] for made in theirs["made_by"])
    assert list(verify(run.output)) == []

    for step in ("build", "overlap"):
        (local_log,) = (local.output / "logs" / step).iterdir()
        assert len(set(workers(local_log))) == 1
        (log,) = (run.output / "logs" / step).iterdir()
        assert len(workers(log)) >= (2 * cores if cores > 1 else 1)
        assert len(set(workers(log))) <= cores
        assert not set(workers(log)) & set(workers(local_log))
        assert "Ray node" in log.read_text()


ENGINE = ["alm.engines.driver /", "alm.engines.driver drive", "raylet/raylet"]
"""What tells the keeper, the driver and their Ray by their command lines."""


class EngineRun:
    """A run of several shards that can be killed, and whose processes can be told from others.

    Its temporary folder is its own, and short, so that Ray's sockets fit; its processes carry
    the name of that folder, or of the engine's own below it, in their environment.
    """

    def __init__(self, folder: Path, temporary: Path, backend: str) -> None:
        self.folder = folder
        self.temporary = temporary
        manifest = folder / "big.jsonl"
        manifest.write_bytes((shared_folder() / "sample" / "sample_input.jsonl").read_bytes() * 400)
        self._command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        self._command += ["--configfile", str(ROOT / "config" / "pipeline.yaml"), "--cores", "2"]
        self._config = [f"manifest_path={manifest}", "shard_size=4000000", "keep_windows=false"]
        self._config += [f"backend={backend}"]

    def start(self, *arguments: str, output: str = "out", backend: str | None = None) -> None:
        config = [*self._config, f"output_dir={output}"]
        config += [f"backend={backend}"] if backend else []
        with (self.folder / "terminal").open("wb") as terminal:
            self.process = subprocess.Popen(
                [*self._command, *arguments, "--config", *config],
                cwd=self.folder,
                env={**os.environ, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=terminal,
            )

    def finish(self) -> str:
        self.process.wait()
        return (self.folder / "terminal").read_text()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.processes()
            time.sleep(0.02)

    def is_at_work(self) -> bool:
        """Whether a worker writes a part."""
        assert self.process.poll() is None, self.finish()
        return any((self.folder / "out" / "work" / "build").glob("*.parts-*/*"))

    def processes(self) -> dict[int, str]:
        """The command lines of what lives of this run."""
        found = {}
        ours = b"TMPDIR=" + bytes(self.temporary)
        for process in psutil.process_iter():
            try:
                # psutil itself reads no further than to where Ray's processes write their titles.
                environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
                is_ours = any(variable.startswith(ours) for variable in environment)
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found[process.pid] = " ".join(process.cmdline())
            except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
                continue
        return found

    def pid_of(self, part: str) -> int:
        (pid,) = [pid for pid, command in self.processes().items() if part in command]
        return pid

    def kill_all(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def engine_run(tmp_path: Path) -> Iterator[Callable[[str], EngineRun]]:
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as temporary:
        runs = []

        def make(backend: str) -> EngineRun:
            runs.append(EngineRun(tmp_path, Path(temporary), backend))
            return runs[0]

        yield make
        for run in runs:
            run.kill_all()


@pytest.mark.parametrize("backend", ["xenna", "ray_data"])
def test_a_killed_run_leaves_nothing_and_goes_on(
    engine_run: Callable[[str], EngineRun], backend: str
) -> None:
    run = engine_run(backend)
    run.start()
    run.wait_for(run.is_at_work)
    assert {run.pid_of(part) for part in ENGINE} < run.processes().keys()
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    run.wait_for(lambda: not run.processes(), 20)
    assert list(run.temporary.glob("alm-*")) == []

    run.start("--unlock")
    run.finish()
    run.start()
    assert "steps (100%) done" in run.finish()
    assert run.processes() == {}
    assert list(run.temporary.glob("alm-*")) == []
    run.start(output="local", backend="local")
    assert "steps (100%) done" in run.finish()
    for name in ("alm_output.jsonl", "stats.tsv"):
        ours, theirs = (run.folder / output / name for output in ("out", "local"))
        assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("part", ENGINE)
def test_a_killed_engine_is_named_and_the_next_job_starts_its_own(
    engine_run: Callable[[str], EngineRun], part: str
) -> None:
    run = engine_run("ray_data")
    run.start("--retries", "1")
    run.wait_for(run.is_at_work)
    os.kill(run.pid_of(part), signal.SIGKILL)
    terminal = run.finish()
    said = "error: (the engine's process, or the Ray below it, ended unexpectedly|Ray failed)"
    assert len(re.findall(said, terminal)) == 1, terminal
    assert "steps (100%) done" in terminal
    assert run.processes() == {}
    assert list(run.temporary.glob("alm-*")) == []


def test_a_worker_that_is_killed_while_it_starts_is_replaced(
    engine_run: Callable[[str], EngineRun],
) -> None:
    """Ray itself may wait for it for ever, if it is one of the first."""
    run = engine_run("ray_data")
    run.start()
    starting = "--worker-launch-time-ms="
    run.wait_for(lambda: any(starting in command for command in run.processes().values()))
    pids = [pid for pid, command in run.processes().items() if starting in command]
    os.kill(pids[0], signal.SIGKILL)
    assert "steps (100%) done" in run.finish()


def test_one_engine_serves_a_run_and_none_is_started_for_nothing(
    engine_run: Callable[[str], EngineRun],
) -> None:
    run = engine_run("ray_data")
    run.start()
    assert "steps (100%) done" in run.finish()
    logs = [log.read_text() for log in (run.folder / "out" / "logs").glob("[bo]*/*.log")]
    nodes = set(re.findall(r"Ray node (\w+)", "".join(logs)))
    assert len(logs) == 6
    assert len(nodes) == 1

    (run.folder / "out" / "logs" / "engine.log").unlink()
    (run.folder / "out" / "stats.tsv").unlink()
    run.start()
    assert "steps (100%) done" in run.finish()
    assert not (run.folder / "out" / "logs" / "engine.log").exists()


def test_the_token_shows_nowhere(engine_run: Callable[[str], EngineRun]) -> None:
    run = engine_run("ray_data")
    run.start()
    run.wait_for(run.is_at_work)
    token = psutil.Process(run.pid_of("raylet/raylet")).environ()["RAY_AUTH_TOKEN"]
    assert len(token) == 64
    assert all(token not in command for command in run.processes().values())
    (folder,) = run.temporary.glob("alm-*")
    assert folder.stat().st_mode & 0o077 == 0
    run.finish()
    for log in (run.folder / "out" / "logs").rglob("*.log"):
        assert token not in log.read_text()
