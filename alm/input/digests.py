"""Checksums of lines: one a line, and one of many lines that does not depend on how they are cut.

Shards, chunks and workers each see some lines of a file. A checksum of all its bytes could only be
had by reading the file again from the front; the checksum of its lines' checksums is put together
from what each of them computed on the bytes that went through its hands.

The hash is XXH3 with 128 bits. It sees damage as well as SHA-256 does, for a sixteenth of the time
(measured: 2.6 µs for a row of 59 kB of output, where SHA-256 would make a shard's jobs a tenth
slower). It does not protect against someone who wants to do harm; but who can change an output
can change its checksum, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from xxhash import xxh3_128, xxh3_128_digest

from alm.errors import DamageError

DIGEST_BYTES = 16
"""Of a line's digest in a file of them."""

PIECE = 1 << 20
"""Bytes of a file that are held at a time."""

line_digest = xxh3_128_digest
"""The digest of a line with its line break, where it has one."""

new_digest = xxh3_128
"""A digest to be updated: of a line that comes in pieces, or of the digests of lines."""


def file_digest(path: str | Path) -> str:
    """The digest of a whole file, in hexadecimal."""
    digest = new_digest()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def damaged(path: str | Path) -> DamageError:
    """The error that a file between two jobs is not as it was written."""
    return DamageError(
        f"{str(path)!r} is not as its job wrote it: it was edited, or damaged on its way to the "
        "disk and back. Delete it and start again: it is made anew, with what depends on it"
    )


class Lines(Protocol):
    """What lines are read from: a binary file, for instance."""

    def readline(self, size: int, /) -> bytes: ...


def digest_lines(file: Lines, size: int) -> Iterator[tuple[bytes, int]]:
    """The digest and the length of each line in the next ``size`` bytes, in bounded memory."""
    line, length = new_digest(), 0
    while size > 0 and (piece := file.readline(min(size, PIECE))):
        size -= len(piece)
        line.update(piece)
        length += len(piece)
        if piece.endswith(b"\n"):
            yield line.digest(), length
            line, length = new_digest(), 0
    if length:
        yield line.digest(), length
