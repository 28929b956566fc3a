"""Samples of a run's rows: on which what-if tries its levers, and of which a preview is made.

A row is drawn by a hash of its recording, never by its place, so that the sample is the same
however the rows are cut into shards and chunks.
"""

from __future__ import annotations

import math
import re
from binascii import hexlify
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from alm.errors import RowError
from alm.files import written_whole
from alm.input import Line
from alm.rows.row import parse_row
from alm.statistics.survey import key_of, recording_key

KEY_BITS = 64
ALL = 1 << KEY_BITS
"""Above every key."""

_ABOVE = b"\xff" * (KEY_BITS // 8 + 1)
"""The same in bytes."""

TRIED_SEGMENTS = 50_000
"""All levers take 2 CPU seconds for so many segments (measured: 31 to 36 µs each)."""

ROW_SEGMENTS = 6
"""A row takes as long as so many segments, whatever it has."""

MOST_SEGMENTS = 1_000_000
MOST_ROWS = 30_000
"""More make an estimate hardly better, and one job longer, or larger by 1 kB a row."""

ONE_ROW_IN = 64
"""All levers on a row take 4 to 6 times what the run takes for it: together a tenth of the run."""

_NAME = b'"audio_filepath"'
_NAMED = re.compile(_NAME + rb'\s*:\s*("[^"\\]*")')
"""A row that names its recording once, and plainly: it need not be parsed to be left out."""


class SampledRow(NamedTuple):
    """A row that was drawn: the hash of its recording, and the text of its line."""

    key: int
    text: bytes


def rows_to_try(rows: int, segments: int) -> int:
    """How many rows of a run are tried: what 2 CPU seconds or a tenth of the run suffice for.

    It follows from the run's totals, so that the sample does not depend on what is drawn.
    """
    return int(_wanted(rows, segments))


def _wanted(rows: int, segments: int) -> float:
    each = ROW_SEGMENTS + segments / max(1, rows)
    wanted = max(TRIED_SEGMENTS / each, rows / ONE_ROW_IN)
    return max(1.0, min(wanted, MOST_SEGMENTS / each, MOST_ROWS))


def sampling_bound(rows: int, segments: int) -> int:
    """Below which key rows are kept: enough, for certain, of which :func:`rows_to_try` are tried.

    It only falls as rows are added. So what a run needs of a shard is among what the shard kept,
    however much the run has grown; and all that the run may draw from is told by its totals.
    """
    wanted = _wanted(rows, segments)
    # The number of keys below a bound spreads by its square root; rows of one recording add to it.
    share = (1.25 * wanted + 8 * math.sqrt(wanted) + 16) / max(1, rows)
    return min(ALL, int(share * ALL))


def sampling_key(recording: bytes, line: Line) -> int:
    """The hash that a row is drawn by: of its recording or, where it names none, of its line.

    Args:
        recording: what :func:`alm.statistics.survey.recording_key` says.
        line: the row's.
    """
    return int.from_bytes(recording or line.digest[: KEY_BITS // 8])


class Sampler:
    """Keeps, of rows as they come, those that what-if may need."""

    def __init__(self, file: IO[bytes]) -> None:
        self._write = file.write
        self._rows = self._segments = self._next = 0
        self._bound = self._lowest = _ABOVE

    def offer(self, recording: bytes, line: Line) -> None:
        """Write a row, given its recording's key and its line, if it is drawn so far."""
        key = recording or line.digest[: KEY_BITS // 8]
        if key < self._bound or key <= self._lowest:
            if key < self._lowest:
                self._lowest = key
            self._write(b"%b\t%b\n" % (hexlify(key), line.text.rstrip(b"\r\n")))

    def count(self, segments: int) -> None:
        """Count a row that is in the run for certain: the more there are, the fewer are drawn."""
        self._rows += 1
        self._segments += segments
        if self._rows >= self._next:
            bound = sampling_bound(self._rows, self._segments)
            self._bound = _ABOVE if bound == ALL else bound.to_bytes(KEY_BITS // 8)
            self._next = self._rows + max(16, self._rows // 16)


@contextmanager
def sampler(path: Path) -> Iterator[Sampler]:
    """What writes the sample of a chunk into a file."""
    with written_whole(path) as file:
        yield Sampler(file)


def thin_out(path: Path, rows: int, segments: int) -> None:
    """Leave, of what the chunks of a shard have drawn, what the whole shard would have."""
    bound = sampling_bound(rows, segments)
    if bound == ALL:
        return
    lowest = min((row.key for row in read_sample([path])), default=ALL)
    with open(path, "rb") as drawn, written_whole(path) as file:
        file.writelines(line for line in drawn if int(line[:16], 16) < max(bound, lowest + 1))


def is_drawn(line: Line, fraction: float | None) -> bool:
    """Whether a preview is made with the row of a line; without a fraction it always is."""
    if fraction is None:
        return True
    return sampling_key(_recording_of(line), line) < int(fraction * ALL)


def _recording_of(line: Line) -> bytes:
    """What :func:`alm.statistics.survey.recording_key` says of the row, mostly without parsing."""
    if line.raw.count(_NAME) == 1 and (named := _NAMED.search(line.raw)):
        return key_of(named[1])
    try:
        return recording_key(parse_row(line.text))
    except RowError:
        return b""


def read_sample(paths: Iterable[str | Path], bound: int = ALL) -> Iterator[SampledRow]:
    """The rows of some samples whose hash is below a bound."""
    for path in paths:
        with open(path, "rb") as file:
            for line in file:
                key, _, text = line.partition(b"\t")
                if (number := int(key, 16)) < bound:
                    yield SampledRow(number, text)
