"""Files that are whole or absent: written beside their place, then renamed into it.

That holds when a process dies. For the machine to die as well, :func:`settle` them.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_COPY = 1 << 20
_BUFFER = 1 << 17
"""Bytes that wait to be written: two rows of the sample. With eight times as many `curate_manifest`
took 1 and 5 % longer in two measurements, in turns."""

_KERNEL_BATCH = 1 << 30
_NOT_OFFERED = {errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}


@contextmanager
def written_whole(path: str | Path) -> Iterator[BinaryIO]:
    """A file that appears under ``path`` only when the block ends without an error.

    What a writer of the same file that was killed has left goes first.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{hashlib.blake2b(os.fsencode(target.name), digest_size=8).hexdigest()}-"
    _remove_unlocked(target.parent, prefix)
    temporary = target.with_name(f"{prefix}{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb", buffering=_BUFFER) as file:
            _try_to_lock(file)
            yield file
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def obstacle(folder: str | Path) -> str | None:
    """Why no file can be written into a folder, or it cannot be made: in words, with the remedy."""
    try:
        place = Path(os.path.abspath(folder))
    except FileNotFoundError:
        return "the working directory is gone: change to one that exists"
    while not os.path.lexists(place):
        place = place.parent
    shown = repr(os.path.relpath(place) if not os.path.isabs(folder) else str(place))
    if not place.exists():
        return (
            f"{shown} is a link to {os.readlink(place)!r}, which does not exist: make that folder, "
            "or remove the link"
        )
    if not place.is_dir():
        return f"{shown} is a file, not a directory: name another place"
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return f"{shown} is on a file system that is read-only: name another place"
    if not os.access(place, os.W_OK | os.X_OK, effective_ids=True):
        return f"your account may not write into {shown}: name another place, or have it allowed"
    return None


def settle(paths: Iterable[str | Path]) -> None:
    """Wait until the content of files is on the disk, and survives a power failure.

    A file system may put a new name on the disk long before the content: after a power failure the
    file is there, and empty.
    """
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_unlocked(folder: Path, prefix: str) -> None:
    """Remove the temporary files of a target that no living process writes."""
    for name in os.listdir(folder):
        if name.startswith(prefix):
            with suppress(OSError), (folder / name).open("ab") as file:
                if _try_to_lock(file):
                    os.unlink(folder / name)


def _try_to_lock(file: BinaryIO) -> bool:
    """Try to lock the file; False if it is locked, or if the file system has no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def join(parts: Iterable[str | Path], target: str | Path) -> None:
    """Concatenate ``parts`` in order into ``target``."""
    with written_whole(target) as output:
        for part in parts:
            with open(part, "rb", buffering=0) as source:
                _copy_in_kernel(source.fileno(), output.fileno())
                # What the kernel could not copy itself: all of it, or nothing.
                shutil.copyfileobj(source, output, _COPY)
                output.flush()


def _copy_in_kernel(source: int, target: int) -> None:
    if not hasattr(os, "copy_file_range"):
        return
    try:
        while os.copy_file_range(source, target, _KERNEL_BATCH):
            pass
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
