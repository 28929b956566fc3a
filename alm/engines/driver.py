"""The two processes of an engine: a keeper, and the driver that starts or joins a Ray.

``python -m alm.engines.driver FOLDER LISTENER EXECUTION`` is the keeper. It runs the driver below
it and, when that ends, takes away all that was started, and the folder. The end comes when its
standard input ends (the process that started it stops it, or is gone), when it gets SIGTERM, and
when the driver ends. Ray ends the process that uses it when it dies itself: hence two of them.
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
import subprocess
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from alm.engines import Execution, require
from alm.errors import EngineError
from alm.processes import end_with_parent, is_our_peer

PR_SET_CHILD_SUBREAPER = 36
KILL_INTERVAL = 0.01


def keep(folder: str, listener: str, execution: str) -> None:
    """Run the driver, and clean up everything it leaves."""
    with suppress(AttributeError):  # Linux only: be the parent of those whose own parent ends
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    for signum in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(signum, lambda *_: None)
    driver = subprocess.Popen(
        [sys.executable, "-P", "-m", __spec__.name, "drive", folder, listener, execution],
        stdin=subprocess.DEVNULL,
        pass_fds=[int(listener)],
    )
    while driver.poll() is None:
        ready, _, _ = select.select([0, told], [], [])
        if 0 in ready or signal.SIGTERM in os.read(told, select.PIPE_BUF):
            break
    _kill_children()
    shutil.rmtree(folder, ignore_errors=True)


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


def drive(folder: str, listener_fd: str, execution: str) -> None:
    """Start the engine, then serve one job after another until one fails or goes away."""
    end_with_parent(signal.SIGKILL)
    listener = socket.socket(fileno=int(listener_fd))
    listener.set_inheritable(False)
    session = failure = None
    try:
        session = require("alm.engines.session").Session(
            Execution(*json.loads(execution)), Path(folder)
        )
    except Exception as error:
        failure = error
    while True:
        with accept_our_own(listener) as connection:
            try:
                if failure is not None:
                    raise failure
                _serve(session, connection)
            except Exception as error:
                with suppress(ConnectionError):  # nobody is there if that is the error
                    connection.send((None, _picklable(error)))
                return


def accept_our_own(listener: socket.socket) -> Connection:
    """Wait for a job; whoever is not of our user is turned away before a byte is read."""
    while True:
        client, _ = listener.accept()
        with client:
            if is_our_peer(client):
                return Connection(client.detach())


def _serve(session: Any, connection: Connection) -> None:
    """Do the work of one job: it asks with a folder, is told the threads, and sends the work."""
    session.check(connection.recv())
    connection.send((session.threads, None))
    function, chunks, threads = connection.recv()
    finished = threading.Event()
    watch = threading.Thread(target=_end_when_gone, args=(connection, finished))
    watch.start()
    for number, outcome in enumerate(session.map_chunks(function, chunks, threads), start=1):
        if number == len(chunks):
            finished.set()
        connection.send((outcome, None))
    watch.join()


def _end_when_gone(connection: Connection, finished: threading.Event) -> None:
    """Wait until the job closes its end: jobs send nothing more."""
    connection.poll(None)
    if not finished.is_set():
        os._exit(1)


def _picklable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return EngineError(f"{type(error).__name__}: {error}")
    return error


def main() -> NoReturn:
    """Run as the keeper, or as the driver if told to; skips what Ray does at exit."""
    arguments = sys.argv[1:]
    if arguments[0] == "drive":
        drive(*arguments[1:])
    else:
        keep(*arguments)
    os._exit(0)


if __name__ == "__main__":
    main()
