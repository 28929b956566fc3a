"""Progress is shown on a terminal and logged by jobs; the end of a run says what came out."""

import os
import pty
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Run
from helpers import ROOT, SAMPLE

from alm.jobs.progress import (
    TimeLeft,
    fraction_done,
    where_jobs_go,
    where_jobs_ran,
    work_of,
)
from alm.text import time_left


def test_how_much_of_a_task_is_done(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert fraction_done(log, 1) == 0
    log.write_text("started\n")
    assert fraction_done(log, 1) == 0
    log.write_text("x" * 10_000 + "\n1 of 4 bytes read, …\n3 of 4 bytes read, …\nmore\n")
    assert fraction_done(log, 1) == 0.75
    assert fraction_done(log, time.time() + 9) == 0, "it is that of an earlier run"


def test_work_is_time(tmp_path: Path) -> None:
    """Steps run side by side and copying does not, so with more cores it is more of the whole."""
    shard, merge = (lambda cores: work_of(False, 8e9, 0, cores)), work_of(True, 0, 8e9, 8)
    assert shard(1) == 8 * shard(8)
    assert shard(8) < merge < shard(1)


def test_the_estimate_falls() -> None:
    """Unless it was far off: then there is nothing for it but to say so."""
    left = TimeLeft()
    assert left(0, 0.0) == "estimating the time left"
    shown = [left(second, done) for second, done in ((10, 0.2), (11, 0.21), (12, 0.22), (13, 0.23))]
    assert shown == [f"about {seconds} s left" for seconds in (40, 39, 38, 37)]
    assert left(14, 0.5) == "about 14 s left"
    assert left(15, 0.25) == "about 45 s left"


def test_where_jobs_go_and_went(tmp_path: Path) -> None:
    assert where_jobs_go("local") == f"jobs run here, on {socket.gethostname()}"
    assert where_jobs_go("slurm") == "jobs go to slurm"
    for number, host in enumerate(["n2", "n10.cluster", "n2", "n3"]):
        log = tmp_path / "build" / f"{number}.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text(f"2026-01-31 12:00:00,000 INFO started on {host}, Slurm job 7\nmore\n")
    os.utime(log, (0, 0))
    (tmp_path / "stats.log").write_text("of a version that did not say it\n")
    assert where_jobs_ran(tmp_path, since=1) == "jobs ran on: n10.cluster (1), n2 (2)"
    for number in range(100):
        (tmp_path / f"{number}.log").write_text(f"… INFO started on n{number:02}\n")
    shown = where_jobs_ran(tmp_path, since=1).split(", ")
    assert shown[:2] == ["jobs ran on: n00 (1)", "n01 (1)"]
    assert shown[10:] == ["92 more hosts (93)"]


@pytest.mark.parametrize(
    ("elapsed", "before", "now", "words"),
    [
        (10, 0.0, 0.5, "about 10 s left"),
        (10, 0.5, 0.5, "estimating the time left"),
        (60, 0.0, 0.1, "about 9 min left"),
        (60, 0.8, 0.9, "about 60 s left"),
        (3600, 0.0, 0.1, "about 9.0 h left"),
    ],
)
def test_time_left(elapsed: float, before: float, now: float, words: str) -> None:
    assert time_left(elapsed, before, now) == words


@pytest.mark.workflow
def test_a_run_on_a_terminal_shows_progress_and_a_summary(tmp_path: Path) -> None:
    rows = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl")))
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(rows * 400)
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "1"]
    command += ["--config", "backend=local", "output_dir=out", f"manifest_path={manifest}"]
    command += ["shard_size=1000000000"]
    ours, theirs = pty.openpty()
    run = subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # how a terminal says that its last user has gone
        pass
    assert run.wait() == 0, shown.decode()
    text = shown.decode()
    told = re.findall(r"\[[#-]{30}\] (\d+)% done, (\d+) of (\d+) jobs, ", text)
    percent = [int(number) for number, _, _ in told]
    assert {total for _, _, total in told} == {"10"}
    assert percent == sorted(percent)
    assert any(0 < number < 100 for number in percent)
    assert re.search(r"about \d+ s left", text)
    assert "4,000 rows of 1 manifest, 318 h of recordings" in text
    assert "98,400 candidate windows, 4,800 kept" in text
    (log,) = (tmp_path / "out" / "logs" / "build").iterdir()
    assert re.search(r"INFO \d+ of \d+ bytes read, (about|est)", log.read_text())
    assert len(text.replace("\r\033[K", "").splitlines()) < 24, "it does not fit on a screen"


@pytest.mark.workflow
def test_a_run_without_a_terminal_stays_plain(sample_run: Run) -> None:
    shown = sample_run.terminal
    assert "% done, " not in shown
    assert "\033[K" not in shown
    assert "10 rows of 3 manifests" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert "10 rows of 3 manifests: 47.8 min of audio, of that" in shown
    assert ["in", "kept", "windows", "24.9", "min", "52.0", "%"] in lines
    assert ["in", "none", "22.9", "min", "48.0", "%"] in lines
    assert "246 candidate windows, 12 kept: 24.9 min one by one, each second 1.00 times" in shown
    speech = shown.partition("of speech, of that")[2].partition("246")[0]
    shares = [float(share) for share in re.findall(r"([\d.]+) %", speech)]
    assert len(shares) == 5
    assert sum(shares) == pytest.approx(100)
    assert sum(map(float, re.findall(r"([\d.]+) min", speech))) == pytest.approx(41.4)
