"""The bytes of a manifest: from a disk or a URL, decompressed, and those that were planned with."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader, RawIOBase
from types import ModuleType
from typing import BinaryIO, cast

from alm.errors import ManifestError
from alm.input import remote
from alm.input.ranges import GZIP, ZSTD, ByteRange, changed, is_compressed
from alm.names import as_local

_BUFFER = 1 << 20


@contextmanager
def opened(span: ByteRange) -> Iterator[BinaryIO]:
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
                file = stack.enter_context(remote.opened(span.path, span.version))
            else:
                file = stack.enter_context(open(as_local(span.path), "rb", buffering=_BUFFER))
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
