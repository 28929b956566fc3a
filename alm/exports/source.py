"""Audio of recordings, open to read any part of it: a local file or an object behind a URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

from alm.errors import AlmError, ManifestError, RowError
from alm.input import is_url, remote
from alm.names import as_local

MISSING, UNREADABLE, SHORT, OTHER_RATE, NO_CHANNEL = OF_AUDIO = (
    "audio_missing",
    "audio_unreadable",
    "audio_too_short",
    "audio_other_rate",
    "audio_no_channel",
)
"""Why a window has no clip, if it is for its audio."""


class AudioError(AlmError):
    """Audio cannot be read here at all: a library is missing."""


def require(name: str, what: str) -> Any:
    """A library of the extra ``audio``.

    Raises:
        AudioError: it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except (ImportError, OSError) as error:
        raise AudioError(
            f"{name} cannot be imported ({error}), and {what} needs it: pip install {name}"
        ) from error


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """An open file of soundfile; closed, it can no longer be read.

    Raises:
        RowError: there is none, or it cannot be decoded.
        ManifestError: its storage does not answer, which says nothing of the audio.
        AudioError: soundfile is not installed.
    """
    soundfile = require("soundfile", "cutting clips")
    with ExitStack() as stack:
        source: str | Fetched
        if is_url(path):
            source = Fetched(stack.enter_context(_object(path)))
        elif os.path.isfile(as_local(path)):
            source = path
        else:
            raise RowError(MISSING, f"{path!r} does not exist; bring it, or set audio_root")
        try:
            audio = stack.enter_context(soundfile.SoundFile(source))
        except (soundfile.SoundFileError, OSError) as error:
            if isinstance(source, Fetched) and source.failure:
                raise source.failure from error
            raise unreadable(path, str(error)) from error
        yield audio


@contextmanager
def _object(url: str) -> Iterator[BinaryIO]:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(remote.opened(url, "", remote.SOME_BYTES))
        except ManifestError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise RowError(MISSING, f"{url!r} does not exist; correct its address") from error
            raise
        yield file


class Fetched:
    """A file for soundfile, which calls it from C and does not hand on what it raises."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell = file.seek, file.tell
        self.failure: ManifestError | None = None
        self._file = file

    def read(self, size: int) -> bytes:
        """Read, and remember what went wrong."""
        try:
            return self._file.read(size)
        except ManifestError as error:
            self.failure = error
            raise


def unreadable(path: str, why: str) -> RowError:
    """The reason that audio cannot be decoded."""
    return RowError(UNREADABLE, f"{path}: {why}; replace the file, or convert it to FLAC or WAV")
