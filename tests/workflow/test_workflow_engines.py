"""The workflow on a real Ray: the same bytes as without, computed in the engine's workers."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from conftest import Run, RunWorkflow, shared_run, workflow_in
from helpers import ROOT, SAMPLE, wait_until

from alm.jobs.record import read_record
from alm.verify import verify

pytestmark = [pytest.mark.workflow, pytest.mark.engine]


def workers(log: Path) -> list[int]:
    """The processes that worked on the chunks of a job, by its log."""
    return [int(pid) for pid in re.findall(r"done by process (\d+)", log.read_text())]


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("backend", ["xenna", "ray_data"])
def test_engines_give_the_same_bytes(
    run_workflow: RunWorkflow, sample_run: Run, backend: str, cores: int
) -> None:
    local = sample_run
    run = run_workflow("--config", f"backend={backend}", manifest_path=str(SAMPLE), cores=cores)
    for name in ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv"):
        assert (run.output / name).read_bytes() == (local.output / name).read_bytes()
    assert run.stats["parameters"]["backend"] == backend

    ours, theirs = (read_record(each.output)[0] for each in (run, local))
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


BIG = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl"))) * 100
"""A manifest whose shards take a while."""

IN_SHARDS = {"shard_size": len(BIG) // 3, "keep_windows": False}


@pytest.fixture(scope="session")
def in_shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """That manifest, and what `local` makes of it."""

    def make(folder: Path) -> Run:
        manifest = folder / "big.jsonl"
        manifest.write_bytes(BIG)
        return workflow_in(folder)(manifest_path=str(manifest), **IN_SHARDS)

    with shared_run(tmp_path_factory, "in_shards", make) as run:
        yield run


class EngineRun:
    """A run of several shards that can be killed, and whose processes can be told from others.

    Its temporary folder is its own, and short, so that Ray's sockets fit; its processes carry
    the name of that folder, or of the engine's own below it, in their environment.
    """

    def __init__(self, folder: Path, temporary: Path, manifest: Path, backend: str) -> None:
        self.folder = folder
        self.temporary = temporary
        self._command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        self._command += ["--configfile", str(ROOT / "config" / "pipeline.yaml"), "--cores", "2"]
        config = {"manifest_path": manifest, "output_dir": "out", "backend": backend, **IN_SHARDS}
        self.config = config

    def start(self, *arguments: str) -> None:
        with (self.folder / "terminal").open("wb") as terminal:
            self.process = subprocess.Popen(
                [
                    *self._command,
                    *arguments,
                    "--config",
                    *(f"{k}={v}" for k, v in self.config.items()),
                ],
                cwd=self.folder,
                env={**os.environ, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=terminal,
            )

    def finish(self) -> str:
        self.process.wait()
        return (self.folder / "terminal").read_text()

    def log(self) -> str:
        """All that was said in it."""
        (log,) = (self.folder / ".snakemake" / "log").glob("*.log")
        return log.read_text()

    def has_built(self) -> bool:
        """Whether it did what it was to do with `--until build`, of one shard."""
        seals = (self.folder / "out" / "work" / "seals" / "build").iterdir()
        return self.process.returncode == 0 and len(list(seals)) == 1

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
def engine_run(tmp_path: Path, in_shards: Run) -> Iterator[Callable[[str], EngineRun]]:
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as temporary:
        runs = []

        def make(backend: str) -> EngineRun:
            manifest = in_shards.output.parent / "big.jsonl"
            runs.append(EngineRun(tmp_path, Path(temporary), manifest, backend))
            return runs[0]

        yield make
        for run in runs:
            run.kill_all()


@pytest.mark.parametrize("backend", ["xenna", "ray_data"])
def test_a_killed_run_leaves_nothing_and_goes_on(
    engine_run: Callable[[str], EngineRun], in_shards: Run, backend: str
) -> None:
    run = engine_run(backend)
    run.start()
    wait_until(run.is_at_work)
    assert {run.pid_of(part) for part in ENGINE} < run.processes().keys()
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    wait_until(lambda: not run.processes(), seconds=50)  # of themselves some would need a minute
    assert list(run.temporary.glob("alm-*")) == []

    run.start("--unlock")
    run.finish()
    run.start()
    assert "jobs ran on: " in run.finish()
    assert run.processes() == {}
    assert list(run.temporary.glob("alm-*")) == []
    for name in ("alm_output.jsonl", "stats.tsv"):
        assert (run.folder / "out" / name).read_bytes() == (in_shards.output / name).read_bytes()


@pytest.mark.parametrize("part", ENGINE[1:])
def test_a_killed_engine_is_named_and_the_next_job_starts_its_own(
    engine_run: Callable[[str], EngineRun], part: str
) -> None:
    run = engine_run("ray_data")
    run.config["shard_size"] = len(BIG)
    run.start("--retries", "1", "--until", "build")
    wait_until(run.is_at_work)
    os.kill(run.pid_of(part), signal.SIGKILL)
    terminal = run.finish()
    said = "error: (the engine's process, or the Ray below it, ended unexpectedly|Ray failed)"
    assert len(re.findall(said, run.log())) == 1, terminal
    assert terminal.count("failed: build of shard") == 1
    assert "RuleException" not in terminal
    assert run.has_built()
    assert run.processes() == {}
    assert list(run.temporary.glob("alm-*")) == []


def test_a_worker_that_is_killed_while_it_starts_is_replaced(
    engine_run: Callable[[str], EngineRun],
) -> None:
    """Ray itself may wait for it for ever, if it is one of the first."""
    run = engine_run("ray_data")
    run.config["shard_size"] = len(BIG)
    run.start("--until", "build")
    starting = "--worker-launch-time-ms="
    wait_until(lambda: any(starting in command for command in run.processes().values()))
    pids = [pid for pid, command in run.processes().items() if starting in command]
    os.kill(pids[0], signal.SIGKILL)
    run.finish()
    assert run.has_built()


def test_one_engine_serves_a_run_and_none_is_started_for_nothing(
    engine_run: Callable[[str], EngineRun], in_shards: Run
) -> None:
    """And its token shows nowhere."""
    run = engine_run("ray_data")
    run.start()
    wait_until(run.is_at_work)
    token = psutil.Process(run.pid_of("raylet/raylet")).environ()["RAY_AUTH_TOKEN"]
    assert len(token) == 64
    assert all(token not in command for command in run.processes().values())
    (folder,) = run.temporary.glob("alm-*")
    assert folder.stat().st_mode & 0o077 == 0

    assert "jobs ran on: " in run.finish()
    assert all(token not in log.read_text() for log in (run.folder / "out" / "logs").rglob("*.log"))
    logs = [log.read_text() for log in (run.folder / "out" / "logs").glob("[bo]*/*.log")]
    nodes = set(re.findall(r"Ray node (\w+)", "".join(logs)))
    assert len(logs) == 2 * in_shards.jobs["build"] > 2
    assert len(nodes) == 1

    (run.folder / "out" / "logs" / "engine.log").unlink()
    (run.folder / "out" / "stats.tsv").unlink()
    run.start()
    assert "jobs ran on: " in run.finish()
    assert not (run.folder / "out" / "logs" / "engine.log").exists()
