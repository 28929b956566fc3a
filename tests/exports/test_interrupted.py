"""Clips when the disk is full or the job is killed: nothing half, and the same bytes afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import corpus
import pytest
from helpers import ROOT, wait_until

pytest.importorskip("soundfile")

CUT = """
import resource, signal, sys
from pathlib import Path
from alm.engines import Execution
from alm.jobs.clips import cut_clips
from alm.params import ClipParams
folder, largest = Path(sys.argv[1]), int(sys.argv[2])
if largest:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
outputs = [folder / name for name in ("clips", "index", "refused", "summary")]
cut_clips(
    folder / "examples", *outputs, kind="plain", params=ClipParams(),
    execution=Execution("local", threads=8), code="",
)
"""


def start(folder: Path, largest: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CUT, str(folder), str(largest)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def test_18_a_full_disk_or_a_kill_leaves_no_clips_and_the_next_run_the_same(tmp_path: Path) -> None:
    import exporting

    manifest = corpus.write(tmp_path, [f"talk{number}" for number in range(8)])
    exporting.run([manifest], tmp_path / "once", exports=["audio"], target_window_duration=60)
    once = tmp_path / "once/work/0"
    full = start(once.parent / "0", 2_000_000)
    expected = {name: (once / f"plain.{name}").read_bytes() for name in ("clips", "index")}
    _, said = full.communicate()
    assert full.returncode
    assert b"File too large" in said
    assert not (once / "clips").exists()
    assert not (once / "summary").exists()
    killed = start(once)
    wait_until(lambda: any(once.glob("clips.parts-*/*")) or killed.poll() is not None)
    time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    again = start(once)
    again.communicate()
    assert again.returncode == 0
    assert {name: (once / name).read_bytes() for name in expected} == expected
    assert not list(once.glob("*.parts-*"))
