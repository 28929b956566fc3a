"""What a script of the workflow does around its step, also when it is told to end."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from helpers import wait_until

SCRIPT = """
import sys, time
from alm.files import written_whole
from alm.jobs.log import job_log

with job_log(sys.argv[1], [sys.argv[2]]), written_whole(sys.argv[2]) as file:
    print("written")
    time.sleep(600)
"""


def test_outputs_are_settled_before_a_job_is_done(tmp_path: Path) -> None:
    """One that cannot be, here as it is not there, fails the job."""
    script = "import sys; from alm.jobs.log import job_log\n"
    script += "with job_log(*sys.argv[1:2], sys.argv[2:]): pass"
    (tmp_path / "made").touch()
    for names, code in ((["made"], 0), (["made", "missing"], 1)):
        log = tmp_path / "job.log"
        command = [sys.executable, "-c", script, log, *(tmp_path / name for name in names)]
        job = subprocess.run(command, capture_output=True, text=True, check=False)
        assert job.returncode == code
        assert ("INFO done" in log.read_text()) == (code == 0)
        assert ("No such file" in job.stderr) == (code == 1)


def test_sigterm_ends_a_job_that_cleans_up_behind_itself(tmp_path: Path) -> None:
    """As on a cluster, whose second signal must not disturb the cleaning that the first began."""
    log, target = tmp_path / "job.log", tmp_path / "out" / "file"
    job = subprocess.Popen(
        [sys.executable, "-uc", SCRIPT, log, target],
        env=os.environ | {"SLURM_JOB_ID": "7"},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: (log.exists() and "written" in log.read_text()) or job.poll() is not None)
    assert job.poll() is None
    assert len(os.listdir(target.parent)) == 1
    job.send_signal(signal.SIGTERM)
    job.send_signal(signal.SIGTERM)
    assert job.wait(300) == 128 + signal.SIGTERM
    assert os.listdir(target.parent) == []
    text = log.read_text()
    assert f"started on {socket.gethostname()}, Slurm job 7\n" in text
    assert "stopped by SIGTERM: cancelled, preempted or out of time" in text
