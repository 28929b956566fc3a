"""The lines of a byte range, wherever it is stored."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from alm.errors import ManifestError, OutOfMemoryError, RowError
from alm.input.digests import line_digest, new_digest
from alm.input.ranges import ByteRange, is_compressed
from alm.input.storage import Meter, opened, unmetered

LONGEST_LINE = 64 << 20
"""Bytes that a row may have. Reading stays within a bound whatever a compressed file unfolds to;
a recording of 24 hours with a word list takes about a quarter of it."""

_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 20


class Line(NamedTuple):
    """A line with its line break, where it starts, and its number in the range, from 1.

    Of one that is too long, ``raw`` is only the beginning, and ``beyond`` the number of bytes
    that follow before the line break. The offset is that of the decompressed text. ``whole`` is
    the digest of such a line.
    """

    offset: int
    number: int
    raw: bytes
    beyond: int = 0
    whole: bytes | None = None

    @property
    def digest(self) -> bytes:
        """The digest of the line as it is stored, its line break included."""
        return self.whole or line_digest(self.raw)

    @property
    def text(self) -> bytes:
        """The line without the byte order mark that may open a file.

        Raises:
            RowError: it is longer than a row may be.
        """
        if self.beyond:
            raise RowError(
                "line_too_long",
                f"a line of {self.length} bytes; a row may have {LONGEST_LINE}. "
                "Is a line break missing? Otherwise split the recording",
            )
        return self._unmarked

    @property
    def length(self) -> int:
        """Its length in bytes, without the line break."""
        return len(self.raw if self.beyond else self.raw.rstrip(b"\r\n")) + self.beyond

    @property
    def is_blank(self) -> bool:
        """Whether the line is blank, and so no row."""
        text = self._unmarked
        return not text or text.isspace()

    @property
    def _unmarked(self) -> bytes:
        return self.raw if self.offset else self.raw.removeprefix(_BOM)


def read_lines(
    span: ByteRange, longest: int = LONGEST_LINE, meter: Meter = unmetered
) -> Iterator[Line]:
    """The lines of a byte range, blank ones too.

    Args:
        span: what to read.
        longest: bytes of a line, its break included, that are kept; -1 keeps all.
        meter: is told how many bytes have been read.

    Raises:
        ManifestError: the manifest cannot be read, is damaged, is not the one that was planned
            with, or has become shorter than the range.
        OutOfMemoryError: memory is not enough for a line.
    """
    stop = math.inf if is_compressed(span.path) else span.stop
    with opened(span, meter) as file:
        offset = _seek_first_line(file, span.start)
        number = 0
        try:
            while offset < stop and (raw := file.readline(longest)):
                number += 1
                if len(raw) != longest or raw.endswith(b"\n"):
                    yield Line(offset, number, raw)
                    offset += len(raw)
                else:
                    line, size = _long_line(file, raw)
                    yield line._replace(offset=offset, number=number)
                    offset += size
        except MemoryError as error:
            raise out_of_memory(span.path, offset) from error
    if offset < stop < math.inf:
        raise ManifestError(
            f"manifest {span.path!r} ends at byte {offset}, before byte {span.stop}: it became "
            "shorter while the run was under way; start again when it is complete"
        )


def out_of_memory(path: str, offset: int) -> OutOfMemoryError:
    """The error that memory was not enough for the row at a byte of a file."""
    return OutOfMemoryError(
        f"{path}, byte {offset}: there is not enough memory for this row. Give the job more, let "
        "fewer jobs run at once, or split the recording"
    )


def _long_line(file: BinaryIO, raw: bytes) -> tuple[Line, int]:
    """A line that goes on after ``raw``, in bounded memory, and its size with the line break.

    Where ``raw`` is blank, what follows stands for it: only a line without any content is blank.
    """
    size, end, digest = len(raw), raw[-2:], new_digest(raw)
    blank = raw.isspace()
    while not end.endswith(b"\n") and (piece := file.readline(_PIECE)):
        size += len(piece)
        digest.update(piece)
        end = (end + piece)[-2:]
        if blank:
            raw, blank = piece, piece.isspace()
    length = size - len(end) + len(end.rstrip(b"\r\n"))
    return Line(0, 0, raw, max(0, length - len(raw)), digest.digest()), size


def _seek_first_line(file: BinaryIO, start: int) -> int:
    """Go to the first line that starts at ``start`` or later."""
    if start == 0:
        return 0
    file.seek(start - 1)
    offset = start - 1
    while piece := file.readline(_PIECE):
        offset += len(piece)
        if piece.endswith(b"\n"):
            break
    return offset


def line_number(path: str, offset: int) -> int:
    """The number, from 1, of the line that starts at byte ``offset`` of the decompressed text."""
    number = 1
    with opened(ByteRange(path, 0, offset)) as file:
        while offset > 0:
            piece = file.read(min(_PIECE, offset))
            if not piece:
                break
            number += piece.count(b"\n")
            offset -= len(piece)
    return number
