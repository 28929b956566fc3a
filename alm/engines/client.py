"""What jobs use to talk to a driver: find that of the run, or start one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, TypeVar

from alm.engines import REMEDY, Execution, require
from alm.errors import EngineError
from alm.processes import is_our_peer, is_private

C = TypeVar("C")
R = TypeVar("R")

SHARED = "ALM_ENGINE_SOCKET"
"""The environment variable by which jobs find the driver of their run."""

UNIX_SOCKET_PATH_BYTES = 107
LONGEST_SOCKET = "/ray/session_2026-11-22_18-35-37_327443_1234567/sockets/dash_MetricsHead"
"""What Ray appends to a driver's folder, at its longest (a process id of seven digits)."""

EXIT_SECONDS = 30.0
"""Time limit for a driver to end everything that it started."""

LOST = (
    "the engine's process, or the Ray below it, ended unexpectedly: "
    f"if it was killed for memory, give the job more of it, or {REMEDY}"
)


class DriverProcess:
    """A driver that ends when this object is stopped or this process ends.

    It is told by the pipe that is its standard input: nobody else has the other end. It listens
    in a private folder near the root of a local disk, so that the paths of sockets fit.
    """

    def __init__(self, execution: Execution, log: IO[bytes] | None = None) -> None:
        self.folder = _temporary_folder()
        self.socket = str(self.folder / "socket")
        package = str(Path(__file__).parents[2])
        python_path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.socket)
            listener.listen()
            command = [sys.executable, "-P", "-m", "alm.engines.driver", str(self.folder)]
            command += [str(listener.fileno()), json.dumps(execution)]
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # What killed processes leave in their temporary folder goes with ours.
                env={**os.environ, "PYTHONPATH": python_path, "TMPDIR": str(self.folder)},
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C is for those who started it
            )

    def stop(self) -> None:
        """End the driver and all that it started, and wait until they are gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.returncode:
            self._kill_session()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_session(self) -> None:
        """Clean up for a keeper that was killed: Ray's agents outlive their raylet by a minute.

        All that it started is in its session.
        """
        for pid in require("psutil").pids():
            with suppress(OSError):  # it may be gone, or none of our business
                if os.getsid(pid) == self.process.pid:
                    os.kill(pid, signal.SIGKILL)


class RemoteEngine:
    """See `alm.engines.Engine`: the driver at the other end of a connection."""

    def __init__(self, connection: Connection, threads: int) -> None:
        self.threads = threads
        self._connection = connection

    def map_chunks(
        self,
        function: Callable[[C], R],
        chunks: Sequence[C],
        on_done: Callable[[int, R], None],
    ) -> list[R]:
        results: dict[int, R] = {}
        _send(self._connection, (function, chunks, self.threads))
        while len(results) < len(chunks):
            index, result = _receive(self._connection)
            results[index] = result
            on_done(index, result)
        return [results[index] for index in range(len(chunks))]


@contextmanager
def ask_driver(execution: Execution, folder: Path) -> Iterator[RemoteEngine]:
    """The engine of the run's driver, or of one that is started for this block."""
    with _connect(execution) as connection:
        _send(connection, str(folder.absolute()))
        available = _receive(connection)
        threads = available if execution.ray_address else min(available, execution.threads)
        yield RemoteEngine(connection, threads)


def share_driver(execution: Execution, log: IO[bytes]) -> DriverProcess:
    """Start the driver of a run: the jobs that this process starts from now on find it."""
    driver = DriverProcess(execution, log)
    os.environ[SHARED] = driver.socket
    return driver


@contextmanager
def _connect(execution: Execution) -> Iterator[Connection]:
    """Connect to the driver of the run, or else start one that lives as long as this connection."""
    shared = None if execution.ray_address else os.environ.get(SHARED)
    connection = _connection_to(shared)
    if shared and connection:
        with connection:
            try:
                yield connection
            except BaseException:
                connection.close()
                _wait_until_gone(shared)
                raise
        return
    driver = DriverProcess(execution)
    try:
        connection = _connection_to(driver.socket)
        if connection is None:
            raise EngineError(LOST)
        with connection:
            yield connection
    finally:
        driver.stop()


def _wait_until_gone(path: str) -> None:
    """Wait until nothing works on the chunks of a failed job any more: its driver ends with it."""
    deadline = time.monotonic() + EXIT_SECONDS
    while (probe := _connection_to(path)) and time.monotonic() < deadline:
        probe.close()
        time.sleep(0.02)


def _connection_to(path: str | None) -> Connection | None:
    """A connection to a socket; None if nobody listens, or somebody else.

    What comes over it is unpickled, and so may do anything. When a driver has ended, its folder is
    gone, and the name free for all who can write to the temporary folder.
    """
    if path is None or not is_private(Path(path).parent):
        return None
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return None
        return Connection(client.detach()) if is_our_peer(client) else None


def _send(connection: Connection, message: Any) -> None:
    try:
        connection.send(message)
    except ConnectionError as lost:
        raise EngineError(LOST) from lost


def _receive(connection: Connection) -> Any:
    """What the driver answers; raises what it failed with."""
    try:
        answer, error = connection.recv()
    except (EOFError, ConnectionError) as lost:
        raise EngineError(LOST) from lost
    if error is not None:
        raise error
    return answer


def _temporary_folder() -> Path:
    name = "alm-" + secrets.token_hex(4)
    longest = os.path.join(tempfile.gettempdir(), name) + LONGEST_SOCKET
    fits = len(os.fsencode(longest)) <= UNIX_SOCKET_PATH_BYTES
    folder = Path(tempfile.gettempdir() if fits else "/tmp") / name
    folder.mkdir(mode=0o700)
    return folder
