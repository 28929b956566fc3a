"""Samples of a run's rows: on which what-if tries its levers, and of which a preview is made.

A row is drawn by a hash of its recording, never by its place, so that the sample is the same
however the rows are cut into shards and chunks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from alm.errors import RowError
from alm.files import written_whole
from alm.input import ByteRange, Line, is_compressed
from alm.rows.row import parse_row
from alm.statistics.survey import key_of, recording_key

KEY_BITS = 64
COMPRESSION = 10
"""Assumed compression ratio."""

WHOLE_BYTES = 32 << 20
"""Of manifests that are sampled whole."""

LEAST_SHARE = 64
"""At least one recording in so many is in the sample."""


_NAME = b'"audio_filepath"'
_NAMED = re.compile(_NAME + rb'\s*:\s*("[^"\\]*")')
"""A row that names its recording once, and plainly: it need not be parsed to be left out."""


class SampledRow(NamedTuple):
    """A row that was drawn: the hash of its recording, and the text of its line."""

    key: int
    text: bytes


def one_in(ranges: Iterable[ByteRange]) -> int:
    """One recording in how many is drawn from a run: 1, 4, 16 or 64.

    A run that grows beyond a few bounds below a GB asks for another share, and so for other builds;
    beyond them its builds stay as they are.

    Args:
        ranges: those of all shards.
    """
    size = sum(
        (span.stop - span.start) * (COMPRESSION if is_compressed(span.path) else 1)
        for span in ranges
    )
    share = 1
    while share < LEAST_SHARE and size > share * WHOLE_BYTES:
        share *= 4
    return share


def sampling_key(recording: bytes, line: Line) -> int:
    """The hash that a row is drawn by: of its recording or, where it names none, of its line.

    Args:
        recording: what :func:`alm.statistics.survey.recording_key` says.
        line: the row's.
    """
    return int.from_bytes(recording or line.digest[: KEY_BITS // 8])


@contextmanager
def sampler(path: Path, one_in: int) -> Iterator[Callable[[bytes, Line], None]]:
    """What writes a row, given its recording's key and its line, into a file if it is drawn."""
    bound = (1 << KEY_BITS) // one_in
    with written_whole(path) as file:

        def offer(recording: bytes, line: Line) -> None:
            key = sampling_key(recording, line)
            if key < bound:
                file.write(b"%016x\t%b\n" % (key, line.text.rstrip(b"\r\n")))

        yield offer


def is_drawn(line: Line, fraction: float | None) -> bool:
    """Whether a preview is made with the row of a line; without a fraction it always is."""
    if fraction is None:
        return True
    return sampling_key(_recording_of(line), line) < int(fraction * (1 << KEY_BITS))


def _recording_of(line: Line) -> bytes:
    """What :func:`alm.statistics.survey.recording_key` says of the row, mostly without parsing."""
    if line.raw.count(_NAME) == 1 and (named := _NAMED.search(line.raw)):
        return key_of(named[1])
    try:
        return recording_key(parse_row(line.text))
    except RowError:
        return b""


def read_sample(paths: Iterable[str | Path], bound: int = 1 << KEY_BITS) -> Iterator[SampledRow]:
    """The rows of some samples whose hash is below a bound."""
    for path in paths:
        with open(path, "rb") as file:
            for line in file:
                key, _, text = line.partition(b"\t")
                if (number := int(key, 16)) < bound:
                    yield SampledRow(number, text)
