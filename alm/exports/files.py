"""Files of an export: the same bytes each time, so gzip holds no time and no name."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from alm import files
from alm.rows import codec

LEVEL = 6
_BUFFER = 1 << 20


@contextmanager
def gzipped(path: Path) -> Iterator[BinaryIO]:
    """A gzip file to write; whole or absent."""
    with (
        files.written_whole(path) as raw,
        gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed,
        io.BufferedWriter(cast(io.RawIOBase, packed), _BUFFER) as file,
    ):
        yield file


def json_line(value: object) -> bytes:
    """A value as one line of JSON."""
    return codec.dumps(value) + b"\n"
