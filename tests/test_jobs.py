"""What a script of the workflow does around its step, also when it is told to end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = """
import sys, time
from alm.files import written_whole
from alm.jobs import job_log

with job_log(sys.argv[1]), written_whole(sys.argv[2]) as file:
    print("written")
    time.sleep(600)
"""


def test_sigterm_ends_a_job_that_cleans_up_behind_itself(tmp_path: Path) -> None:
    """As on a cluster, whose second signal must not disturb the cleaning that the first began."""
    log, target = tmp_path / "job.log", tmp_path / "out" / "file"
    job = subprocess.Popen(
        [sys.executable, "-uc", SCRIPT, log, target],
        env=os.environ | {"SLURM_JOB_ID": "7"},
        stderr=subprocess.DEVNULL,
    )
    while not (log.exists() and "written" in log.read_text()):
        assert job.poll() is None
        time.sleep(0.02)
    assert len(os.listdir(target.parent)) == 1
    job.send_signal(signal.SIGTERM)
    job.send_signal(signal.SIGTERM)
    assert job.wait(60) == 128 + signal.SIGTERM
    assert os.listdir(target.parent) == []
    text = log.read_text()
    assert f"started on {socket.gethostname()}, Slurm job 7\n" in text
    assert "stopped by SIGTERM: cancelled, preempted or out of time" in text
