"""Audio of recordings, open to read any part of it: a local file or an object behind a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from alm.audio.complete import opened as opened_by_soundfile
from alm.audio.files import exists
from alm.errors import AudioError, RowError

MISSING, UNREADABLE, SHORT, OTHER_RATE, NO_CHANNEL = OF_AUDIO = (
    "audio_missing",
    "audio_unreadable",
    "audio_too_short",
    "audio_other_rate",
    "audio_no_channel",
)
"""Why a window has no clip, if it is for its audio."""

FETCHED_BYTES = 128 << 10
"""Of an object at a time, at most: what comes behind the end of a window is for nothing."""


def require(name: str, what: str) -> Any:
    """A library of the extra ``audio``.

    Raises:
        AudioError: it is not installed.
    """
    try:
        return import_module(name)
    except (ImportError, OSError) as error:
        raise AudioError(
            f"{name} cannot be imported ({error}), and {what} needs it: pip install {name}"
        ) from error


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """An open file of soundfile.

    Raises:
        RowError: the file is missing or cannot be decoded.
        ManifestError: its storage does not answer, which says nothing of the audio.
        AudioError: soundfile is not installed.
    """
    require("soundfile", "cutting clips")
    if not exists(path):
        raise RowError(MISSING, f"{path!r} does not exist; bring it, or set audio_root")
    with opened_by_soundfile(path, FETCHED_BYTES) as audio:
        yield audio


def unreadable(path: str, why: str) -> RowError:
    """The reason that audio cannot be decoded."""
    return RowError(UNREADABLE, f"{path}: {why}; replace the file, or convert it to FLAC or WAV")
