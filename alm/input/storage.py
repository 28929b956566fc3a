"""The bytes of a manifest: from a disk or a URL, decompressed, and those that were planned with."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader, FileIO, RawIOBase
from types import ModuleType
from typing import Any, BinaryIO, cast

from alm.errors import ManifestError
from alm.input import remote
from alm.input.ranges import GZIP, ZSTD, ByteRange, changed, is_compressed
from alm.names import as_local

_BUFFER = 1 << 20


Meter = Callable[[int], object]
"""Takes notice of so many more bytes that have been read, compressed ones as they are stored."""


def unmetered(size: int) -> None:
    """The meter of those who do not ask."""


class _Metered(FileIO):
    """A file whose reads are noticed; there is one for each buffer, not for each line."""

    def __init__(self, path: str, meter: Meter) -> None:
        super().__init__(path)
        self._meter = meter

    def readinto(self, buffer: Any, /) -> int | None:
        size = super().readinto(buffer)
        self._meter(size or 0)
        return size


@contextmanager
def opened(span: ByteRange, meter: Meter = unmetered) -> Iterator[BinaryIO]:
    """The manifest of a range, decompressed; one that is not compressed can be searched.

    Raises:
        ManifestError: at the beginning or while it is read: it cannot be read, it is damaged, or
            it is no longer the one that was planned with.
    """
    damages: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error)
    if span.path.endswith(ZSTD):
        damages += (_zstd().ZstdError,)
    with ExitStack() as stack:
        try:
            if remote.is_url(span.path):
                file = stack.enter_context(remote.opened(span.path, span.version, meter=meter))
            else:
                file = stack.enter_context(_buffered(span.path, meter))
                _check_version(file, span)
            yield stack.enter_context(_decompressed(file, span.path))
            if not remote.is_url(span.path):
                _check_version(file, span)
        except damages as error:
            raise ManifestError(
                f"manifest {span.path!r} is damaged or incomplete: {error}. "
                "Bring the whole file again, or take it out; none of its rows were used"
            ) from error
        except OSError as error:
            raise ManifestError(
                f"cannot read manifest {span.path!r}: {error.strerror or error}"
            ) from error


def _buffered(path: str, meter: Meter) -> BufferedReader:
    return BufferedReader(_Metered(as_local(path), meter), _BUFFER)


def version_of(status: os.stat_result) -> str:
    """What tells one content of a file from another, as far as the file system knows."""
    return f"{status.st_size}-{status.st_mtime_ns}"


def _check_version(file: BinaryIO, span: ByteRange) -> None:
    """Refuse a file that has changed, unless it has only grown: later rows wait for later runs."""
    status = os.fstat(file.fileno())
    if span.version in ("", version_of(status)):
        return
    planned_size = int(span.version.partition("-")[0])
    if is_compressed(span.path) or status.st_size == planned_size:
        raise changed(span.path)


def _zstd() -> ModuleType:
    """The zstd module of Python 3.14, or its backport."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _decompressed(file: BinaryIO, path: str) -> BinaryIO:
    if not is_compressed(path):
        return file
    if not file.read(1):
        raise EOFError("it is empty, which even the compression of nothing is not")
    file.seek(0)
    unfold = gzip.GzipFile(fileobj=file) if path.endswith(GZIP) else _zstd().ZstdFile(file)
    return BufferedReader(cast(RawIOBase, unfold), _BUFFER)
