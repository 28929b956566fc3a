"""Progress is shown on a terminal and logged by jobs; the end of a run says what came out."""

import gzip
import json
import logging
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, RunWorkflow
from helpers import ROOT, SAMPLE, wait_until

from alm.compiled import announcement, status
from alm.input import read_lines, whole_file
from alm.jobs.failure import why_it_failed
from alm.jobs.meter import LoggedShare, MeterFile
from alm.jobs.progress import (
    TimeLeft,
    fraction_done,
    where_jobs_go,
    where_jobs_ran,
    work_of,
)
from alm.jobs.terminal import Failure, Jobs, Quiet, Terminal, name_failures
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
    assert "4,000 rows of 1 manifest: 318 h of audio" in text
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


def record_of(event: str, level: int = logging.INFO, text: str = "", **more: Any) -> Any:
    record = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    vars(record).update(event=event, **more)
    return record


def test_19_06_the_terminal_has_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings and what is said here; errors of jobs at the end, unless there is more to say."""
    logger = logging.getLogger("test_19_06")
    terminal = Terminal(sys.stderr, logger)
    nothing = "Nothing to be done", lambda: "all is there"
    quiet = Quiet(terminal, lambda: True, True, nothing)
    logger.addFilter(quiet)
    assert not quiet.filter(record_of("job_info", text="rule build: …"))
    assert quiet.filter(record_of("", logging.WARNING, "careful"))
    assert quiet.filter(record_of("", logging.ERROR, "no such rule")), "before any job runs"
    assert not quiet.filter(record_of("", text="Nothing to be done"))
    quiet.hold()
    assert not quiet.filter(record_of("job_error", logging.ERROR, "Error in rule build"))
    assert capsys.readouterr().err == "all is there\n"
    quiet.release()
    assert capsys.readouterr().err == "Error in rule build\n"
    quiet.release(show=False)
    assert not quiet.filter(record_of("error", logging.ERROR, "WorkflowError"))
    quiet.release()
    assert capsys.readouterr().err == ""
    for loud in (
        Quiet(terminal, lambda: False, True, nothing),
        Quiet(terminal, lambda: True, False, nothing),
    ):
        assert loud.filter(record_of("job_info", text="rule build: …"))


def test_19_06_jobs_are_followed(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(sys.stderr, logging.getLogger("test_19_06"))
    jobs = Jobs(name_failures(terminal))
    for number in range(9):
        jobs.emit(record_of("job_info", jobid=number, wildcards={"shard": f"{number:02}"}))
    jobs.emit(record_of("job_finished", job_id=0))
    for number in range(1, 9):
        more = {"jobid": number, "rule_name": "build", "log": [f"build/{number}.log"]}
        jobs.emit(record_of("job_error", logging.ERROR, **more))
    assert (jobs.done, jobs.started, len(jobs.failures)) == ({0}, set(range(9)), 8)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "failed: build of shard 01, see build/1.log"
    assert said[5:] == ["failed: more jobs, see the log of the run"]
    jobs.are_stopped = True
    jobs.emit(record_of("job_error", logging.ERROR, **more))
    assert len(jobs.failures) == 8


def test_19_06_why_a_run_failed(tmp_path: Path) -> None:
    logs, quarantine = tmp_path / "logs", tmp_path / "quarantine.jsonl"
    logs.mkdir()
    row = {"manifest_filepath": "m.jsonl", "line_number": 7, "byte_offset": 5}
    row |= {"detail": "segments[3]: end is null; it must be a number", "reason": "wrong_type"}
    quarantine.write_text(json.dumps(row) + "\n")
    assert why_it_failed(logs, quarantine, 1) is None
    killed = [Failure("build of shard 01", "build/01.log")]
    why = why_it_failed(logs, quarantine, 1, killed)
    assert "build of shard 01 ended without saying why" in why
    assert "memory" in why
    began = "2026-01-31 12:00:00,000 ERROR "
    (logs / "merge_output.log").write_text(f"{began}1 of 9 rows …; max_invalid_fraction = 0.05 …\n")
    assert why_it_failed(logs, quarantine, 1, killed) == (
        "1 of 9 rows …; max_invalid_fraction = 0.05 … The first: m.jsonl, line 7 (byte 5): "
        "segments[3]: end is null; it must be a number [wrong_type]"
    )
    (logs / "merge_output.log").write_text(f"{began}manifest 'm' was changed\n")
    assert why_it_failed(logs, quarantine, 1, killed) == "manifest 'm' was changed"


def test_19_06_workers_tell_how_much_they_have_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of compressed manifests, which are one chunk: as they are stored."""
    monkeypatch.setattr("alm.jobs.meter.INTERVAL", 0)
    rows = b"".join(
        b'{"n": %d, "x": "%b"}\n' % (n, os.urandom(40).hex().encode()) for n in range(60_000)
    )
    for name, content in (("m.jsonl", rows), ("m.jsonl.gz", gzip.compress(rows, 1))):
        path = tmp_path / name
        path.write_bytes(content)
        meter = MeterFile(tmp_path / f"{name}.part")
        parts = [(tmp_path / f"{name}.part", len(content))]
        shares = []
        for number, _ in enumerate(read_lines(whole_file(str(path)), meter=meter)):
            if number % 10_000 == 0:
                shares.append(MeterFile.total(parts) / len(content))
        assert shares == sorted(shares)
        assert 0.3 < shares[3] < 0.8
        parts[0][0].touch()
        assert MeterFile.total(parts) == len(content)


def hears_ctrl_c() -> None:
    """A process whose shell has put the tests into the background would inherit deafness."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.workflow
def test_19_06_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    """And nothing of what its jobs say then; the same command goes on."""
    rows = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl")))
    (tmp_path / "m.jsonl").write_bytes(rows * 200)
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "1"]
    command += ["--config", "backend=local", "output_dir=out", "manifest_path=m.jsonl"]
    command += ["shard_size=10000000"]
    run = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        process_group=0,
        encoding="utf-8",
        preexec_fn=hears_ctrl_c,
    )
    wait_until(lambda: list(tmp_path.glob("out/logs/build/*.log")))
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate()
    assert run.returncode == 1
    *_, where, last = said.splitlines()
    assert where.startswith("log of the run: .snakemake/log/")
    assert re.fullmatch(
        r"interrupted by Ctrl-C: \d+ of \d+ jobs are done; the same command goes on from there",
        last,
    )
    assert "Traceback" not in said
    assert "failed" not in said
    assert len(said.splitlines()) < 10
    log = tmp_path / where.removeprefix("log of the run: ")
    assert last in log.read_text()


@pytest.mark.workflow
def test_19_06_the_rest_is_in_the_log(sample_run: Run) -> None:
    said = sample_run.terminal.splitlines()
    if status().form == "python":  # why, and the remedy, take a longer line
        said.remove(announcement())
    assert len(said) < 30
    assert max(map(len, said)) < 130
    assert said[-1].startswith("log of the run: ")
    assert "rule overlap:" not in sample_run.terminal
    for text in ("rule overlap:", "SNAKEMAKE", *said[3:]):
        assert text in sample_run.log


@pytest.mark.workflow
def test_19_06_nothing_to_be_done_says_where_all_is(
    run_workflow: RunWorkflow, sample_copy: Run
) -> None:
    said = run_workflow(manifest_path=str(SAMPLE)).terminal
    assert "nothing to be done, all of this is there:\n10 rows of 3 manifests" in said
    assert f"output: {Path('out', 'alm_output.jsonl')}\n" in said
    loud = run_workflow("--quiet", "host", "--forcerun", "stats", manifest_path=str(SAMPLE))
    assert "rule stats:" in loud.terminal


def test_19_06_a_share_of_nothing_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before: a shard without a byte, if its job took long enough to be asked for its progress."""
    monkeypatch.setattr("alm.jobs.meter.INTERVAL", 0)
    LoggedShare(0, "read").reach(0)
