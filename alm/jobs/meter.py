"""How much of a long reading is done: on a terminal, in a log, and from a worker to its job."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from alm.text import time_left

INTERVAL = 1.0
"""Seconds between two looks at the progress."""

logger = logging.getLogger("alm")


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


class LoggedShare:
    """Logs how many of ``total`` bytes are done, in steps of a percent, for the main process."""

    def __init__(self, total: int, verb: str) -> None:
        self._total, self._verb = total, verb
        self._done, self._logged = 0, 0
        self._began = self._looked = time.monotonic()

    def __call__(self, size: int) -> None:
        """Note that ``size`` more bytes are done."""
        self.reach(self._done + size)

    def reach(self, done: int) -> None:
        """Note how many bytes are done."""
        self._done = min(done, self._total)
        now = time.monotonic()
        if now - self._looked < INTERVAL or not self._total:
            return
        self._looked = now
        if 100 * (self._done - self._logged) >= self._total:
            self._logged = self._done
            left = time_left(now - self._began, 0, self._done / self._total)
            logger.info("%d of %d bytes %s, %s", self._done, self._total, self._verb, left)


class MeterFile:
    """Tells a job how many bytes its worker has read, through a small file beside its part.

    It may be on another machine, and a file that is half written does no harm.
    """

    def __init__(self, part: Path) -> None:
        self._path = part.with_name(f".read-{part.name}")
        self._read, self._written = 0, time.monotonic()

    def __call__(self, size: int) -> None:
        """Note that ``size`` more bytes have been read."""
        self._read += size
        if (now := time.monotonic()) - self._written >= INTERVAL:
            self._written = now
            with suppress(OSError):
                self._path.write_text(str(self._read))

    @classmethod
    def total(cls, parts: Iterable[tuple[Path, int]]) -> int:
        """How many bytes have been read for some parts, each given with how many it takes."""
        return sum(size if part.exists() else min(size, cls._of(part)) for part, size in parts)

    @staticmethod
    def _of(part: Path) -> int:
        try:
            return int(part.with_name(f".read-{part.name}").read_text())
        except (OSError, ValueError):
            return 0
