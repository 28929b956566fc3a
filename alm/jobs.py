"""What every script of the workflow does around its step: a log, and errors that show."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import alm
from alm.errors import AlmError


def share_package() -> None:
    """Let all processes started from here import this package, installed or not."""
    paths = [str(Path(alm.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send all output of this process and its children to the log file ``path``.

    An error of ours ends the process with its message in the log and on the terminal, where
    Snakemake alone would only name the log; any other error leaves its traceback in the log.
    """
    terminal = os.fdopen(os.dup(2), "w")
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log, stream.fileno())
    os.close(log)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("alm").setLevel(logging.INFO)
    try:
        yield
        logging.getLogger("alm").info("done")
    except AlmError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        print(f"error: {error}", file=terminal, flush=True)
        raise SystemExit(1) from error
