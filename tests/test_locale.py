"""In a locale whose encoding is not UTF-8 all is as it is in one (issue 14, item 12)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Run, workflow_in
from helpers import ROOT, SAMPLE

LATIN_1 = "ISO-8859-1"
NAMES = ["gespräch 对话 👍.jsonl", "Ã¼.jsonl"]
"""The second one is what the name `ü.jsonl` looks like in ISO-8859-1."""

ROW = next(SAMPLE.rglob("*.jsonl")).read_bytes().splitlines(keepends=True)[0]


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Environments in which Python takes names for ASCII, and for ISO-8859-1."""
    folder = tmp_path_factory.mktemp("locales")
    make = ["localedef", "--no-archive", "-i", "C", "-f", LATIN_1, str(folder / "latin1")]
    if not shutil.which("localedef") or subprocess.run(make, check=False).returncode:
        pytest.skip("needs localedef and its charmaps (Debian: libc-bin, locales)")
    plainly = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    return {
        "ASCII": {"LC_ALL": "C", **plainly},
        LATIN_1: {"LC_ALL": "latin1", "LOCPATH": str(folder), **plainly},
    }


@pytest.fixture(params=["ASCII", LATIN_1])
def locale(
    request: pytest.FixtureRequest,
    locales: dict[str, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    for name, value in locales[request.param].items():
        monkeypatch.setenv(name, value)
    show = "import sys; print(sys.getfilesystemencoding())"
    assert subprocess.check_output([sys.executable, "-c", show]) != b"utf-8\n"
    return request.param


def put(folder: Path) -> None:
    """A folder of manifests, each with a good and a bad row."""
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(ROW + b"{}\n")


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, env=environment, capture_output=True
    )


def test_14_12_the_command_names_manifests_as_they_are(locale: str, tmp_path: Path) -> None:
    put(tmp_path / "in")
    name = f"in/{NAMES[0]}"
    done = command("alm.cli", "curate", name, "out", "--quarantine", "bad", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for output in ("out", "bad"):
        written = (tmp_path / output).read_bytes()
        assert f'"manifest_filepath":"{name}"'.encode() in written
    done = command("alm.cli", "curate", "in/größe.jsonl", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1


PAGES = ("overview", "windows", "manifests", "quarantine")


@pytest.fixture(scope="session")
def in_utf_8(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("utf8")
    put(folder / "in")
    return workflow_in(folder)(manifest_path="in", max_invalid_fraction=1.0)


@pytest.mark.workflow
def test_14_12_a_run_gives_the_same_outputs_and_report(
    in_utf_8: Run, locale: str, tmp_path: Path
) -> None:
    put(tmp_path / "in")
    run = workflow_in(tmp_path)(manifest_path="in", max_invalid_fraction=1.0)
    files = ["alm_output.jsonl", "quarantine.jsonl", "stats.tsv", "stats.parquet", "stats.json"]
    for name in (*files, *(f"report/{page}.html" for page in PAGES)):
        assert (run.output / name).read_bytes() == (in_utf_8.output / name).read_bytes(), name
    assert NAMES[0] in (run.output / "report/manifests.html").read_text(encoding="utf-8")
    for code in ("alm.cli verify", "alm.verify"):
        done = command(*code.split(), "out", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"\n") == 1, done.stdout
    one = f"in/{NAMES[0]}"  # as a text of YAML, and as the locale has it
    again = workflow_in(tmp_path)
    plans = [
        again("--dry-run", max_invalid_fraction=1.0, manifest_path=one),
        again("--dry-run", "--config", f"manifest_path={one}", max_invalid_fraction=1.0),
    ]
    assert [plan.jobs.get("shard") for plan in plans] == [1, 1]
    (tmp_path / "in" / NAMES[0]).write_bytes(ROW * 2)
    done = command("alm.verify", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert b"was changed since the run" in done.stdout


@pytest.mark.workflow
def test_14_12_an_output_directory_that_would_get_another_name_is_refused(
    locale: str, tmp_path: Path
) -> None:
    run = workflow_in(tmp_path)(manifest_path=str(SAMPLE), output_dir="größe", check=False)
    assert run.returncode != 0
    assert "set PYTHONUTF8=1 in the environment" in run.terminal
    assert "Traceback" not in run.terminal
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] in ([], [".snakemake"])
