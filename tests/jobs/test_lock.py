"""Two runs never work in one output directory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import RunWorkflow, times_of_files
from helpers import ROOT, SAMPLE, wait_until

HOLDER = """
import errno, fcntl, os, sys, time
from alm.errors import AlmError
from alm.jobs import lock

def refused(*_):
    raise OSError(errno.{errno}, os.strerror(errno.{errno}))

lock.BEAT_SECONDS = 0.2
try:
    lock.hold(sys.argv[1], {call})
except AlmError as error:
    sys.exit(str(error))
print("held", flush=True)
sys.stdin.read()
"""
KERNEL = HOLDER.format(errno="ENOLCK", call="fcntl.lockf")
REFUSED = [HOLDER.format(errno=name, call="refused") for name in ("ENOLCK", "ENOSYS", "EOPNOTSUPP")]
EVERY_WAY = pytest.mark.parametrize("way", [KERNEL, *REFUSED[:1]], ids=["kernel", "heartbeat"])


def start(way: str, output: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", way, str(output)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def holder(way: str, output: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a directory while the block runs."""
    process = start(way, output)
    try:
        assert process.stdout.readline() == "held\n", process.stderr.read()
        yield process
    finally:
        process.communicate("")


def refusal(way: str, output: Path) -> str:
    """What a second process is told; empty if it holds the directory."""
    return start(way, output).communicate("")[1].strip()


@EVERY_WAY
def test_14_04_a_second_run_is_told_who_is_there(way: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with holder(way, out) as first:
        said = refusal(way, out)
        assert f"{str(out)!r} is in use by another run: process {first.pid} on " in said
        assert ", since 20" in said
        assert "wait until it has ended, or choose another output_dir" in said
        assert len(said.splitlines()) == 1
        assert refusal(way, tmp_path / "other") == ""
    assert first.returncode == 0
    assert refusal(way, out) == ""


def test_14_04_nothing_is_left_of_a_lock_after_kill_9(tmp_path: Path) -> None:
    with holder(KERNEL, tmp_path) as first:
        first.kill()
        first.wait()
        assert refusal(KERNEL, tmp_path) == ""


@pytest.mark.parametrize("way", REFUSED, ids=["ENOLCK", "ENOSYS", "EOPNOTSUPP"])
def test_14_04_without_locks_a_dead_run_is_stale_after_a_minute(way: str, tmp_path: Path) -> None:
    file = tmp_path / "work" / "run.heartbeat"
    with holder(way, tmp_path) as first:
        first.kill()
        first.wait()
        said = refusal(way, tmp_path)
        assert "if it was killed, try again in " in said
        now = time.time()
        os.utime(file, (now, now - 58))
        assert "in use by another run" in refusal(way, tmp_path)
        os.utime(file, (now, now - 61))
        assert refusal(way, tmp_path) == ""
    assert not file.exists()
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"run.lock"}


def test_14_04_a_heart_beats_and_a_run_that_was_replaced_ends(tmp_path: Path) -> None:
    file = tmp_path / "work" / "run.heartbeat"
    with holder(REFUSED[0], tmp_path) as first:
        os.utime(file, (0, 0))
        wait_until(lambda: file.stat().st_mtime > 1e9)
        assert json.loads(file.read_bytes())["pid"] == first.pid
        file.write_bytes(b'{"run": "another"}')
        assert first.wait(300) == 1
        assert "another one has taken its place" in first.stderr.read()
    assert file.read_bytes() == b'{"run": "another"}'


def test_14_04_of_many_that_find_a_stale_heartbeat_one_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "work" / "run.heartbeat"
    file.parent.mkdir()
    file.write_bytes(b"{}")
    os.utime(file, (0, 0))
    processes = [start(REFUSED[0], tmp_path) for _ in range(5)]
    first = [process.stdout.readline() for process in processes]
    said = [process.communicate("")[1] for process in processes]
    assert sorted(first) == ["", "", "", "", "held\n"], said


@pytest.mark.workflow
@EVERY_WAY
def test_14_04_a_run_refuses_where_another_one_is(
    way: str, run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    """Its jobs hold nothing, and what only looks is not refused and leaves nothing behind."""
    prefix = []
    if way != KERNEL:
        # For the run as well: its Python reads this when it starts.
        (tmp_path / "sitecustomize.py").write_text(NO_LOCKS)
        prefix = ["env", f"PYTHONPATH={tmp_path}"]
    out = tmp_path / "out"
    config = {"manifest_path": str(SAMPLE), "output_dir": str(out), "targets": ["merge_quarantine"]}
    with holder(way, out) as first:
        before = times_of_files(out)
        run = run_workflow(check=False, prefix=prefix, **config)
        assert run.returncode != 0
        (line,) = [line for line in run.terminal.splitlines() if line.startswith("error: ")]
        assert f"process {first.pid} on " in line
        assert "Traceback" not in run.terminal
        dry = run_workflow("--dry-run", prefix=prefix, **config)
        assert dry.jobs["build"] == 1
        run_workflow("--unlock", prefix=prefix, **config)
        assert times_of_files(out).keys() == before.keys()
    run = run_workflow(prefix=prefix, **config)
    assert run.jobs == dry.jobs
    assert not (out / "work" / "run.heartbeat").exists()


NO_LOCKS = """
import errno, fcntl, os

def lockf(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

fcntl.lockf = lockf
"""
