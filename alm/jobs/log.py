"""What every script of the workflow needs around its job: a log, and visible errors."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import alm
from alm import files
from alm.errors import AlmError
from alm.processes import end_with_parent, ensure_streams

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def share_package() -> None:
    """Let all processes started from here import this package, installed or not."""
    paths = [str(Path(alm.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


@contextmanager
def job_log(path: str | Path, outputs: Iterable[str | Path]) -> Iterator[None]:
    """Send all output of this process and its children to the log file ``path``.

    At the end the ``outputs`` are settled on the disk: Snakemake counts the job as done from then
    on, and must not be wrong about that after a power failure.

    The first line says where the job runs. The process ends when the Snakemake that started it
    does, and after an error. Its message also goes to the terminal, where Snakemake alone would
    only name the log; an error that is not one of ours leaves its traceback in the log. SIGTERM,
    by which a cluster ends jobs that are cancelled, preempted or out of time, ends the block with
    SystemExit, so that it can clean up behind itself.
    """
    end_with_parent(signal.SIGTERM)
    ensure_streams()
    terminal = os.fdopen(
        os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding, errors="backslashreplace"
    )
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except OSError as error:
        why = files.obstacle(Path(path).parent) or error.strerror
        print(f"error: cannot write {path}: {why}", file=terminal, flush=True)
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log, stream.fileno())
    os.close(log)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logger = logging.getLogger("alm")
    logger.setLevel(logging.INFO)
    logger.info("started on %s%s", socket.gethostname(), _slurm_job())
    signal.signal(signal.SIGTERM, _exit_once)
    try:
        yield
        files.settle(outputs)
    except SystemExit:
        logger.error("stopped by SIGTERM: cancelled, preempted or out of time")
        raise
    except AlmError as error:
        message = str(error)
        logger.error("%s", message)
    except OSError as error:
        message = f"{_refused(error)} (see {path})"
        logger.exception("%s", _refused(error))
    except Exception as error:
        message = f"{type(error).__name__}: {error} (an unexpected error: see {path})"
        logger.exception("unexpected error")
    else:
        logger.info("done")
        return
    print(f"error: {message}", file=terminal, flush=True)
    sys.exit(1)


def _refused(error: OSError) -> str:
    if error.errno not in _FULL:
        return str(error)
    return (
        f"{error}: make room where output_dir is, then start again: what is done stays done, and "
        "nothing half is left"
    )


def _slurm_job() -> str:
    number = os.environ.get("SLURM_JOB_ID")
    return f", Slurm job {number}" if number else ""


def _exit_once(number: int, frame: object) -> None:
    """End the process, ignoring further signals: Slurm sends several."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)
