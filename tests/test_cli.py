"""The command ``alm``: how it asks; what it then does is in test_curate.py and test_verify.py."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from helpers import ROOT

from alm import OverlapParams, WindowParams, __version__, curate_manifest
from alm.cli import main
from alm.text import duration

MANIFEST = ROOT / "workflow/sample/manifests/meetings/standups.jsonl"
GOOD = b'{"audio_sample_rate": 16000, "segments": []}\n'


def run(*arguments: str | Path, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "alm.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, **{"cwd": ROOT} | options
    )


def told(capsys: pytest.CaptureFixture) -> str:
    """The one line on stderr, nothing on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err.rstrip("\n")


def test_it_curates_as_the_function_does_by_default(tmp_path, capsys):
    stats = curate_manifest(MANIFEST, tmp_path / "a")
    assert main(["curate", str(MANIFEST), str(tmp_path / "b")]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert told(capsys) == (
        f"3 rows, {stats['windows']} candidate windows, {stats['filtered_windows']} kept: "
        f"{duration(stats.seconds('filtered_dur'))}; 0 rows quarantined"
    )


def test_every_parameter_reaches_its_stage(tmp_path):
    window = {
        "target_window_duration": 30.5,
        "tolerance": 0.2,
        "min_sample_rate": 8000,
        "min_bandwidth": 4000,
        "min_speakers": 1,
        "max_speakers": 3,
        "truncation": False,
        "drop_fields": "",
        "drop_fields_top_level": "words",
        "loss_details": True,
        "sort_segments": True,
        "no_speaker": "silence",
        "max_gap": 20,
        "window_ends": "any",
    }
    overlap = {
        "overlap_percentage": 60,
        "target_duration": None,
        "keep_windows": False,
        "selection": "coverage",
        "min_turns": 3,
        "max_speaker_share": 0.95,
        "min_speech_share": 0.5,
        "window_profile": True,
    }
    given = []
    for name, value in {**window, **overlap}.items():
        if isinstance(value, bool):
            given.append(f"--{name}" if value else f"--no-{name}")
        else:
            given += [f"--{name}", "null" if value is None else str(value)]
    for stage, values in ((WindowParams, window), (OverlapParams, overlap)):
        assert {field.name for field in fields(stage)} == values.keys()
        assert all(getattr(stage(), name) != value for name, value in values.items())

    curate_manifest(MANIFEST, tmp_path / "a", WindowParams(**window), OverlapParams(**overlap))
    assert main(["curate", str(MANIFEST), str(tmp_path / "b"), *given]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_help_names_every_parameter_with_its_meaning_and_default(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as stop:
        main(["curate", "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    options = re.findall(r"^ +--(\w+)[ ,].*\n? {2,}\w.* \(default: \S+\)$", text, re.MULTILINE)
    parameters = [field.name for stage in (WindowParams, OverlapParams) for field in fields(stage)]
    assert options == parameters
    assert re.search(r"--min_speakers NUMBER\s+.*distinct speakers.*\(default: 2\)\n", text)
    assert not re.search(r"``|%%", text)


def test_it_names_its_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"alm {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "alm: error: the following arguments are required: COMMAND (see alm --help)"),
        (["curate", "in"], "the following arguments are required: OUT (see alm curate --help)"),
        (["curate", "in", "out", "--overlap", "50"], "unrecognized arguments: --overlap 50"),
        (["verify"], "alm verify: error: the following arguments are required: DIR"),
        (["curate", "in", "out", "--min_speakers", "two"], "min_speakers = 'two' is not allowed"),
        (["curate", "in", "out", "--tolerance", "nan"], "tolerance = nan is not allowed: it must"),
        (["curate", "in", "out", "--max_speakers", "1"], "at most max_speakers = 1"),
        (["curate", "gone", "out"], "manifest 'gone' does not exist or is not a file"),
        (["curate", ".", "out"], "manifest '.' does not exist or is not a file"),
        (["curate", "in", "in"], "must be different files"),
        (["curate", "in", "out", "--quarantine", "./out"], "must be different files"),
        (["curate", "in", "."], "is not a file: name one to write"),
        (["curate", "in", "out", "--quarantine", "/dev/null"], "'/dev/null' is not a file"),
        (["curate", "in", "in/out"], "cannot write in/out: "),
        (["curate", "in", "-"], "OUT must be a file"),
        (["curate", "torn.gz", "out"], "manifest 'torn.gz' is damaged or incomplete"),
        (["verify", "."], "'provenance.json' does not exist: name the output_dir of a run"),
        (["verify", "in"], "cannot read 'in/provenance.json': Not a directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_code_2(
    tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    Path("in").write_bytes(GOOD)
    Path("torn.gz").write_bytes(b"\x1f\x8b\x08")
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert message in told(capsys)
    assert sorted(os.listdir()) == ["in", "torn.gz"]
    assert Path("in").read_bytes() == GOOD


def test_a_bad_row_ends_it_with_code_1_or_goes_where_it_was_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_bytes(GOOD + b"broken\n")
    assert main(["curate", "in.jsonl", "out.jsonl"]) == 1
    line = told(capsys)
    assert line.startswith("alm curate: error: in.jsonl, line 2 (byte 45): ")
    assert line.endswith(": --quarantine BAD.jsonl")
    assert os.listdir() == ["in.jsonl"]

    assert main(["curate", "in.jsonl", "out.jsonl", "--quarantine", "bad.jsonl"]) == 0
    assert told(capsys) == "1 row, 0 candidate windows, 0 kept: 0 s; 1 row quarantined"
    assert json.loads(Path("bad.jsonl").read_bytes())["line_number"] == 2


def test_any_name_of_a_file_can_be_told(tmp_path):
    done = run("curate", os.fsdecode(b"gone \xff"), "out", cwd=tmp_path, env=paths_of_the_source())
    assert (done.returncode, done.stdout) == (2, "")
    assert "gone" in done.stderr
    assert done.stderr.count("\n") == 1


def paths_of_the_source() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def test_progress_is_shown_on_a_terminal_and_goes(monkeypatch, tmp_path):
    monkeypatch.setattr("alm.jobs.meter.INTERVAL", 0)
    mine, its = pty.openpty()
    with open(mine, "rb", buffering=0) as screen, open(its, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert main(["curate", str(MANIFEST), str(tmp_path / "out")]) == 0
        terminal.flush()
        shown = ""
        while "3 rows, " not in shown:  # a terminal may give what was written piece by piece
            shown += screen.read(10_000).decode()
    *lines, last = shown.split("\r\033[K")
    assert lines[-1] == "100% curated, about 1 s left"
    assert last.startswith("3 rows, ")


def test_an_interruption_leaves_nothing_and_is_one_line(tmp_path, monkeypatch, capsys):
    shutil.copy(MANIFEST, tmp_path / "in.jsonl")

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alm.jobs.meter.Progress.add", interrupt)
    assert main(["curate", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")]) == 130
    assert told(capsys) == "alm curate: error: interrupted"
    assert os.listdir(tmp_path) == ["in.jsonl"]


@pytest.mark.parametrize("closed", ["2>&-", ">&-", ">&- 2>&-", "<&-"])
def test_14_13_closed_streams_are_no_error(tmp_path, closed):
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "alm.cli"]
    for arguments, code in ((["curate", MANIFEST, "out"], 0), (["verify", "none"], 2)):
        done = subprocess.run(
            [*shell, *arguments], cwd=tmp_path, env=paths_of_the_source(), capture_output=True
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stderr + done.stdout
    assert (tmp_path / "out").read_bytes().count(b"\n") == 3


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("file/out", "'file' is a file, not a directory: name another place"),
        ("link/out", "'link' is a link to 'nowhere', which does not exist: make that folder, or"),
    ],
)
def test_14_13_a_target_that_cannot_be_made_is_explained(
    tmp_path, capsys, monkeypatch, target, why
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    assert main(["curate", str(MANIFEST), target]) == 2
    assert f"cannot write {target}: {why}" in told(capsys)


def test_14_13_a_working_directory_that_is_gone(tmp_path, capsys, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["curate", str(MANIFEST), "out"]) == 2
    assert "cannot write out: the working directory is gone: change to one that" in told(capsys)
    for arguments in (["curate", "in", str(tmp_path / "out")], ["verify", "out"]):
        assert main(arguments) == 2
        told(capsys)
