"""How processes end."""

from __future__ import annotations

import ctypes
import os
import signal
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
