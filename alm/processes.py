"""How processes end, and whose they are."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import stat
import struct
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1


def ensure_streams() -> None:
    """Let what is written to a standard stream that was closed vanish, instead of failing.

    Python has None in the place of such a stream.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def end_with_parent(signum: signal.Signals) -> None:
    """Have the kernel send this process ``signum`` when its parent dies, even by ``kill -9``."""
    with suppress(AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)


def is_private(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder is one of our user's, and nobody else can put anything into it."""
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def is_our_peer(connected: socket.socket) -> bool:
    """Whether our user's process is at the other end of a Unix socket, as the kernel knows it."""
    if not hasattr(socket, "SO_PEERCRED"):  # Linux only
        return True
    credentials = struct.Struct("3i")
    found = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
    _, user, _ = credentials.unpack(found)
    return bool(user == os.geteuid())
