"""How much of a long reading is done, on a terminal."""

from __future__ import annotations

import time
from typing import TextIO

from alm.text import time_left

INTERVAL = 1.0
"""Seconds between two looks at the progress."""


class Progress:
    """Shows on a terminal how much of ``total`` bytes has been read.

    Nothing is shown where the output is no terminal, or the total is 0, that is unknown.
    """

    def __init__(self, total: int, done: str, terminal: TextIO) -> None:
        self._total, self._done, self._verb = total, 0, done
        self._terminal = terminal if total and terminal.isatty() else None
        self._began = self._shown = time.monotonic()

    def add(self, size: int) -> None:
        """Note that ``size`` more bytes have been read."""
        self._done += size
        if self._terminal and (now := time.monotonic()) - self._shown >= INTERVAL:
            self._shown = now
            share = min(1.0, self._done / self._total)
            left = time_left(now - self._began, 0, share)
            self._terminal.write(f"\r\033[K{share:.0%} {self._verb}, {left}")
            self._terminal.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal:
            self._terminal.write("\r\033[K")
            self._terminal.flush()
