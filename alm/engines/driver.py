"""The process that drives an engine: ``python -m alm.engines.driver FOLDER LISTENER EXECUTION``.

It serves one job after another. It ends, with all that it started and with its folder, as soon as
its standard input ends (whoever started it stops it or is no more), it is told to terminate, a job
goes away, or the work of a job fails: so chunks stop that nobody waits for any more.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import select
import shutil
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from alm.engines import Execution, require
from alm.errors import EngineError

PR_SET_CHILD_SUBREAPER = 36
KILL_INTERVAL = 0.01


def main() -> NoReturn:
    """See the description of this module."""
    folder, listener_fd, execution = sys.argv[1:]
    _adopt_orphans()
    _end_when_told(Path(folder))
    listener = socket.socket(fileno=int(listener_fd))
    listener.set_inheritable(False)
    try:
        session = require("alm.engines.ray_session").Session(
            Execution(*json.loads(execution)), Path(folder)
        )
        while True:
            with _accept(listener) as connection:
                _serve(session, connection, Path(folder))
    except Exception as error:
        _fail(_accept(listener), error, Path(folder))


def _accept(listener: socket.socket) -> Connection:
    return Connection(listener.accept()[0].detach())


def _serve(session: Any, connection: Connection, folder: Path) -> None:
    """Do the work of one job: it asks with a folder, is told the threads, and sends the work."""
    try:
        session.check(connection.recv())
        connection.send((session.threads, None))
        function, chunks, threads = connection.recv()
        finished = threading.Event()
        watch = threading.Thread(target=_end_when_gone, args=(connection, finished, folder))
        watch.start()
        for number, outcome in enumerate(session.map_chunks(function, chunks, threads), start=1):
            if number == len(chunks):
                finished.set()
            connection.send((outcome, None))
        watch.join()
    except (EOFError, ConnectionError):
        _end(folder)
    except Exception as error:
        _fail(connection, error, folder)


def _fail(connection: Connection, error: Exception, folder: Path) -> NoReturn:
    """Tell a job why its work failed, once nothing works on it any more."""
    _kill_children()
    with suppress(OSError):
        connection.send((None, _picklable(error)))
    _end(folder)


def _picklable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return EngineError(f"{type(error).__name__}: {error}")
    return error


def _end_when_gone(connection: Connection, finished: threading.Event, folder: Path) -> None:
    """Wait until the job closes its end: jobs send nothing more."""
    connection.poll(None)
    if not finished.is_set():
        _end(folder)


def _end_when_told(folder: Path) -> None:
    """Watch the standard input and SIGTERM, whatever the main thread is at, and whatever handler
    Ray puts in place of ours.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)

    def watch() -> None:
        while True:
            ready, _, _ = select.select([0, told], [], [])
            if 0 in ready or signal.SIGTERM in os.read(told, 1):
                _end(folder)

    threading.Thread(target=watch, daemon=True).start()


_ending = threading.Lock()


def _end(folder: Path) -> NoReturn:
    _ending.acquire()
    _kill_children()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _adopt_orphans() -> None:
    """Become the parent of processes below whose own parent ends, so that all can be found."""
    with suppress(AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _kill_children() -> None:
    """Kill all processes below this one, and wait until they are gone."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for process in require("psutil").Process().children(recursive=True):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        time.sleep(KILL_INTERVAL)


if __name__ == "__main__":
    main()
