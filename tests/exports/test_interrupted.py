"""Clips when the disk is full or the job is killed: nothing half, and the same bytes afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import corpus
import exporting
import pytest
from helpers import ROOT, wait_until

pytest.importorskip("soundfile")

CUT = """
import sys
from pathlib import Path
from alm.engines import Execution
from alm.jobs.clips import cut_clips
from alm.jobs.log import job_log
from alm.params import ClipParams
examples, folder = map(Path, sys.argv[1:])
outputs = [folder / name for name in ("plain.clips", "plain.index", "refused", "summary")]
with job_log(folder / "log", outputs):
    cut_clips(
        examples, *outputs, kind="plain", params=ClipParams(),
        execution=Execution("local", threads=8), code="",
    )
"""

EXPORT = """
import sys
from pathlib import Path
from alm.jobs.export import export
from alm.jobs.log import job_log
from alm.params import ExportParams
clips, folder = map(Path, sys.argv[1:])
sources = {name: [clips / f"plain.{name}"] for name in ("clips", "index")}
with job_log(folder / "log", []):
    export("webdataset", sources, folder / "webdataset", ExportParams())
"""

ON_A_DISK = """
mount -t tmpfs -o size=1m none "$1"
"$2" -c "$3" "$4" "$1"; echo $?
ls -A "$1"
mount -o remount,size=1g "$1"
"$2" -c "$3" "$4" "$1"; echo $?
cp -r "$1" "$5"
"""
"""A step on a disk that is too small for it, and once more when there is room."""

NAMES = ("plain.clips", "plain.index")


def start(work: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", CUT, work / "examples", work], env=environment)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("once")
    manifest = corpus.write(folder, [f"talk{number}" for number in range(8)])
    return exporting.run([manifest], folder, exports=["webdataset"], target_window_duration=60)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a file system")
@pytest.mark.parametrize("step", [CUT, EXPORT], ids=["clips", "export"])
def test_18_on_a_full_disk_a_step_says_so_and_the_next_run_has_the_same_bytes(
    once: Path, tmp_path: Path, step: str
) -> None:
    work, disk = once / "work/0", tmp_path / "disk"
    disk.mkdir()
    source = work / "examples" if step is CUT else work
    command = ["unshare", "-m", "sh", "-c", ON_A_DISK, "sh", disk]
    command += [sys.executable, step, source, tmp_path / "copy"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1", "log", "0"]
    (said,) = run.stderr.splitlines()
    assert "No space left on device: make room where output_dir is, then start again" in said
    made = [work / name for name in NAMES] if step is CUT else sorted(once.glob("webdataset/*"))
    for path in made:
        copied = tmp_path / "copy" / path.relative_to(work if step is CUT else once)
        assert copied.read_bytes() == path.read_bytes()


def test_18_a_kill_leaves_no_clips_and_the_next_run_the_same(once: Path) -> None:
    work = once / "work/0"
    expected = {name: (work / name).read_bytes() for name in NAMES}
    for name in NAMES:
        (work / name).unlink()
    killed = start(work)
    wait_until(lambda: any(work.glob("plain.clips.parts-*/*")) or killed.poll() is not None)
    time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert start(work).wait() == 0
    assert {name: (work / name).read_bytes() for name in expected} == expected
    assert not list(work.glob("*.parts-*"))
