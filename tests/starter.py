"""Starts Snakemake many times, but imports it once: two thirds of a start are imports.

Run by its path, this waits for requests and forks a process for each, which then is what
`python -m snakemake` is after its imports: with its own folder, environment and streams.
"""

import json
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

NO_MATTER = {"PYTEST_CURRENT_TEST"}
"""Variables that differ from test to test."""


class Starter:
    """The process that forks, with the environment that it was started in."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = what_matters(environment)
        self._busy = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd="/",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> tuple[int, str] | None:
        """The exit code and all output of one run; None if it needs a process of its own.

        That is so in another environment, which Python or an import may have looked at, and while
        another run is under way, or for ever after one that a test did not wait for.
        """
        if what_matters(environment) != self._environment or not self._busy.acquire(blocking=False):
            return None
        with NamedTemporaryFile() as said:
            request = [said.name, str(folder), dict(environment), list(arguments)]
            print(json.dumps(request), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            # Not after an error: the next answer would be that of this run.
            self._busy.release()
            return code, said.read().decode(errors="replace")


def what_matters(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in NO_MATTER}


def serve() -> None:
    """Answer each request by the exit code of its process."""
    answers = os.fdopen(os.dup(1), "w")
    for needed in ("snakemake.cli", "jsonschema"):  # and nothing of alm, which tests edit
        __import__(needed)
    for line in sys.stdin:
        if not (child := os.fork()):
            become(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def become(said: str, folder: str, environment: dict[str, str], arguments: list[str]) -> None:
    """Run Snakemake in this process, and end with it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for source, mode, streams in (("/dev/null", os.O_RDONLY, [0]), (said, os.O_WRONLY, [1, 2])):
        opened = os.open(source, mode | os.O_APPEND)
        for stream in streams:
            os.dup2(opened, stream)
        os.close(opened)
    sys.path[0] = folder
    sys.argv[1:] = arguments
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve()
