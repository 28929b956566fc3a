"""How processes end."""

from __future__ import annotations

import ctypes
import signal
from contextlib import suppress

PR_SET_PDEATHSIG = 1


def end_with_parent(signum: signal.Signals) -> None:
    """Have the kernel send this process ``signum`` when its parent dies, even by ``kill -9``."""
    with suppress(AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)
