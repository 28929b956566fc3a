"""Where builds are kept: folders that nobody else can write, because we run what is in them.

A build is a folder named by its key, with one extension module a module, in ``$ALM_CACHE`` or the
user's cache; in the temporary directory where these cannot be written.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from alm.compiled.sources import Sources

DAY = 86400  # seconds
NAME = "alm-curator"


def places() -> Iterator[Path]:
    """The folders that may hold builds, best first."""
    own = os.path.expanduser(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    if given := os.environ.get("ALM_CACHE"):
        yield Path(os.path.realpath(given))
    elif os.path.isabs(own):  # else there is no home
        yield Path(os.path.realpath(os.path.join(own, NAME)))
    from tempfile import gettempdir  # seldom needed, and slow to import

    yield Path(gettempdir(), f"{NAME}-{os.getuid()}")  # a link there may be anybody's


def distrust(place: Path) -> str | None:
    """Why nothing must be loaded from ``place``; None if all is well.

    Raises:
        OSError: there is no such folder.
    """
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "not a directory"
    if found.st_uid not in (0, os.geteuid()):
        return "belongs to somebody else"
    if found.st_mode & 0o022:
        return "others can write there"
    if os.statvfs(place).f_flag & getattr(os, "ST_NOEXEC", 0):
        return "mounted noexec"
    return None


def find_build(sources: Sources) -> Path | None:
    """The folder of the build of ``sources``, if there is a whole one."""
    for place in places():
        with suppress(OSError):
            if distrust(place) is None and is_whole(place / sources.key, sources):
                return place / sources.key
    return None


def is_whole(folder: Path, sources: Sources) -> bool:
    """Whether ``folder`` is a build of ``sources``; notes, to the day, that it is in use."""
    try:
        whole = {f"{module}.so" for module in sources.modules} <= set(os.listdir(folder))
        if whole and time.time() - folder.stat().st_mtime > DAY:
            with suppress(OSError):  # may be read-only
                os.utime(folder)
    except OSError:
        return False
    return whole
