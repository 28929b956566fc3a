"""One run at a time in an output directory.

The kernel holds the lock for as long as the main process of the run lives, so that none is left
after ``kill -9``; the file says who that is. Where the file system refuses locks, a heartbeat takes
their place: a file that the run touches, and that counts for nothing once it is a minute old.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import json
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from alm.errors import AlmError

LOCK, HEARTBEAT = "run.lock", "run.heartbeat"
"""Below ``work``; each holds who has it, as JSON."""

BEAT_SECONDS = 10.0
STALE_SECONDS = 60.0

_HELD_BY_ANOTHER = {errno.EACCES, errno.EAGAIN}


class LockedError(AlmError):
    """Another run works in the output directory."""


def hold(output_dir: str | Path, lock: Callable[[int, int], object] = fcntl.lockf) -> None:
    """Hold an output directory until this process ends.

    Args:
        output_dir: it is made if it is not there.
        lock: the system's call, not of the kind that forked processes share.

    Raises:
        LockedError: another run holds it.
        AlmError: nothing can be written there.
    """
    folder = Path(output_dir) / "work"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Never closed: that would give up the lock, however often the file is open.
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD_BY_ANOTHER:
                raise _locked(output_dir, _read(folder / LOCK), "") from None
            _hold_by_heartbeat(output_dir, folder / HEARTBEAT)
        else:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _owner())
    except OSError as error:
        raise AlmError(
            f"output_dir = {str(output_dir)!r}: cannot write {str(error.filename or folder)!r}: "
            f"{error.strerror}; choose another one, or make room and let your account write there"
        ) from error


def _owner() -> bytes:
    since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "since": since}
    return json.dumps(owner | {"run": uuid.uuid4().hex}).encode() + b"\n"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _locked(output_dir: str | Path, owner: bytes, remedy: str) -> LockedError:
    try:
        known = json.loads(owner)
        who = f"process {known['pid']} on {known['host']}, since {known['since']}"
    except (ValueError, KeyError, TypeError):
        who = "a process that has not yet said which"
    return LockedError(
        f"output_dir = {str(output_dir)!r} is in use by another run: {who}; wait until it has "
        f"ended, or choose another output_dir{remedy}"
    )


def _hold_by_heartbeat(output_dir: str | Path, path: Path) -> None:
    owner = _owner()
    while not _created(path, owner):
        seen = _read(path)
        age = _age(path)
        if age is None:
            continue  # it has just gone
        if age < STALE_SECONDS:
            raise _locked(
                output_dir,
                seen,
                f" (if it was killed, try again in {STALE_SECONDS - age:.0f} s: this file system "
                "has no locks)",
            )
        _put_away(path, seen)
    beat = threading.Thread(target=_beat, args=(path, owner), daemon=True)
    beat.start()
    atexit.register(_give_up, path, owner)


def _created(path: Path, owner: bytes) -> bool:
    """Whether the file was not there, and is now: only one of several gets it."""
    try:
        with path.open("xb") as file:
            file.write(owner)
    except FileExistsError:
        return False
    return True


def _age(path: Path) -> float | None:
    """How many seconds ago a file was touched, by the clock of its file system."""
    now = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    now.touch()
    try:
        return now.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return None
    finally:
        now.unlink()


def _put_away(path: Path, stale: bytes) -> None:
    """Remove the file of a run that is dead, unless another run has taken its place meanwhile."""
    away = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with suppress(FileNotFoundError):
        path.rename(away)
        if _read(away) != stale:
            with suppress(FileExistsError):
                os.link(away, path)
        away.unlink()


def _beat(path: Path, owner: bytes) -> None:
    """Touch the file from time to time; end this process if another run has taken its place."""
    while True:
        time.sleep(BEAT_SECONDS)
        with suppress(OSError):
            if (found := _read(path)) == owner:
                os.utime(path)
            elif found:
                print(
                    f"error: this run stood still for {STALE_SECONDS:.0f} s, and another one has "
                    f"taken its place ({path}); start again when that has ended",
                    file=sys.stderr,
                    flush=True,
                )
                os._exit(1)


def _give_up(path: Path, owner: bytes) -> None:
    if _read(path) == owner:
        path.unlink(missing_ok=True)
