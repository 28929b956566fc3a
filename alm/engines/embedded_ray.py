"""One embedded Ray for one job: started, used, and gone without a trace.

Also what the engines on top of it share: how the outcome of a chunk travels to the driver.
"""

from __future__ import annotations

import os
import pickle
import secrets
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import psutil

from alm.engines import REMEDY, one_line, require
from alm.errors import EngineError

C = TypeVar("C")
R = TypeVar("R")

OBJECT_STORE_BYTES = 100 * 2**20
"""Ray wants at least 75 MiB; the engines move only chunks and summaries."""

UNIX_SOCKET_PATH_BYTES = 107
LONGEST_SOCKET = "/ray/session_2026-11-22_18-35-37_327443_1234567/sockets/dash_MetricsHead"
"""What Ray appends to its temporary folder, at its longest (a process id of seven digits)."""

EXIT_SECONDS = 10.0
"""How long killed processes may take to be gone."""


@contextmanager
def embedded_ray(threads: int, *, needs: str, dashboard: bool = False) -> Iterator[ModuleType]:
    """Run a new Ray of ``threads`` CPUs, and yield the module ``needs``.

    That module is imported here, for two reasons: Ray reads part of its environment when it is
    imported, and a missing package should show before the seconds that a start costs.

    The new Ray joins no other and shares nothing with others on the machine: it has its own
    random token, since its ports listen on all interfaces, and its own temporary folder. On the
    way out its processes, the folder, and changes to ``os.environ`` are undone.

    Raises EngineError when a package is missing, Ray does not start, or Ray reports a failure of
    its own, such as workers that died, to the body of the ``with`` statement.
    """
    with _environment(), _temporary_folder() as folder:
        ray = require("ray")
        module = require(needs)
        ours = _descendants()
        try:
            _start(ray, folder, threads=threads, dashboard=dashboard)
            yield module
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"Ray failed ({one_line(error)}): "
                f"if workers were killed for memory, give the job more of it, or {REMEDY}"
            ) from error
        finally:
            _stop(ray, ours)


def attempt(function: Callable[[C], R], chunk: C) -> tuple[R | None, Exception | None]:
    """In a worker: ``function(chunk)`` or the exception it raised, either one picklable.

    Exceptions travel as values, since Ray wraps those it sees and Ray Data prints them at length.
    """
    try:
        return function(chunk), None
    except Exception as error:
        error.add_note(f"In the worker process {os.getpid()}:\n{traceback.format_exc()}")
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            stand_in = RuntimeError(f"{type(error).__name__}: {error}")
            stand_in.__notes__ = error.__notes__
            return None, stand_in
        return None, error


def _start(ray: Any, folder: Path, *, threads: int, dashboard: bool) -> None:
    """Start Ray in ``folder``; raises EngineError."""
    try:
        _forget_earlier_tokens()
        started = ray.init(
            address="local",
            num_cpus=threads,
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=dashboard,
            dashboard_host="127.0.0.1",
            logging_level="WARNING",
            _temp_dir=str(folder / "ray"),
        )
        # Xenna asks for the actors of the Ray of the host, and fails where there are several.
        os.environ["RAY_ADDRESS"] = started.address_info["address"]
    except Exception as error:
        raise EngineError(f"Ray does not start ({one_line(error)}): {REMEDY}") from error


def _forget_earlier_tokens() -> None:
    """Make a Ray that was imported or used before in this process look at the environment again.

    Ray keeps the mode that it found when it was imported, and the token that it read first.
    """
    raylet = import_module("ray._raylet")
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _environment() -> Iterator[None]:
    """Set what Ray and its workers read from ``os.environ``, and restore all of that afterwards.

    cosmos-xenna refuses a Ray whose API server lists fewer actors than the two limits here.
    """
    before = dict(os.environ)
    for name in ("RAY_ADDRESS", "RAY_AUTH_TOKEN_PATH"):
        os.environ.pop(name, None)
    python_path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    os.environ |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_MAX_LIMIT_FROM_API_SERVER": "40000",
        "RAY_MAX_LIMIT_FROM_DATA_SOURCE": "40000",
        "PYTHONPATH": os.pathsep.join(filter(None, python_path)),
        "PYTHON_LOG": os.environ.get("PYTHON_LOG", "error"),
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A private folder, near the root of a local disk so that Ray's socket paths fit.

    Ray opens the permissions of the folder it is given, so that one has to be inside this.
    """
    name = "alm-" + secrets.token_hex(4)
    longest = os.path.join(tempfile.gettempdir(), name) + LONGEST_SOCKET
    fits = len(os.fsencode(longest)) <= UNIX_SOCKET_PATH_BYTES
    folder = Path(tempfile.gettempdir() if fits else "/tmp") / name
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(ray: Any, ours: set[psutil.Process]) -> None:
    """Shut Ray down, and kill what it started and leaves behind.

    Ray lets workers in the middle of a chunk, and the dashboard's helpers, notice by themselves
    that it is gone; until then they could go on writing.
    """
    started = _descendants() - ours
    ray.shutdown(wait_for_processes=True)
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + EXIT_SECONDS
    while any(map(_is_alive, started)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _descendants() -> set[psutil.Process]:
    """The processes below this one; when one ends, those below it are no longer among them."""
    return set(psutil.Process().children(recursive=True))


def _is_alive(process: psutil.Process) -> bool:
    """Whether it can still do something; a zombie waits only for its parent to look."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
