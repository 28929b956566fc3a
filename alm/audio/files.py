"""Which audio file is a recording's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple

from alm.errors import ManifestError, ParameterError, RowError
from alm.input import is_url, read_lines, remote, whole_file

SUFFIXES = (
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus"),
    *(".aiff", ".aif", ".au", ".caf", ".sph", ".w64", ".rf64"),
)
"""Endings that are looked for under ``audio_root``."""

ID = "{id}"


class AudioFiles(NamedTuple):
    """How recordings find their files.

    Attributes:
        root: a folder or prefix; the current one if None.
        pattern: a path below it with ``{id}``; None to look in ``known``.
        known: the files of an id, or of a name without its ending.
    """

    root: str | None
    pattern: str | None
    known: Mapping[str, Sequence[str]]

    def find(self, recording: str) -> str | None:
        """The file of a recording; None if it is not found.

        Raises:
            RowError: there are several.
        """
        if self.pattern is not None:
            path = below(self.root, self.pattern.replace(ID, recording))
            return path if exists(path) else None
        name = PurePath(recording).name
        found = self.known.get(recording) or self.known.get(name)
        found = found or self.known.get(PurePath(name).stem) or ()
        if len(found) > 1:
            exact = [path for path in found if _without_suffix(path).endswith(f"/{recording}")]
            found = exact if len(exact) == 1 else found
        if len(found) > 1:
            raise RowError(
                "audio_ambiguous",
                f"{found[0]} and {found[1]} may both be the audio of {recording}; "
                "say which with audio_files, or take one away",
            )
        return found[0] if found else None


def list_files(root: str | None, audio_files: str | None) -> AudioFiles:
    """Look up once what recordings are going to ask for.

    Args:
        root: ``audio_root``.
        audio_files: a path with ``{id}``, a table of ids and paths, or None: files below ``root``
            are found by their names without ending.

    Raises:
        ManifestError: the table or the folder cannot be read.
    """
    if audio_files and ID in audio_files:
        return AudioFiles(root, audio_files, {})
    known: dict[str, list[str]] = {}
    if audio_files:
        for name, path in _table(audio_files):
            known.setdefault(name, []).append(below(root, path))
    elif root:
        for path in _below(root):
            if PurePath(path).suffix.lower() in SUFFIXES:
                known.setdefault(PurePath(path).stem, []).append(path)
    return AudioFiles(root, None, known)


def below(root: str | None, path: str) -> str:
    """A path that is relative to ``root``, if it is relative."""
    if root is None or is_url(path) or os.path.isabs(path):
        return path
    return f"{root.rstrip('/')}/{path}" if is_url(root) else os.path.join(root, path)


def exists(path: str) -> bool:
    """Whether there is a file at a path or URL.

    Raises:
        ManifestError: the storage does not answer, or refuses access.
    """
    if not is_url(path):
        return os.path.isfile(path)
    try:
        remote.stat(path)
    except ManifestError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return False
        raise
    return True


def _table(path: str) -> Iterator[tuple[str, str]]:
    """Ids and paths: a line each, parted by a tab, a comma or spaces."""
    for line in read_lines(whole_file(path)):
        text = line.text.decode(errors="replace").strip()
        separator = next((mark for mark in "\t," if mark in text), None)
        fields = [field.strip() for field in text.split(separator, maxsplit=1)]
        if text and len(fields) < 2:
            raise ParameterError(
                f"audio_files: {path}, line {line.number}: {text!r} is no id and path; "
                "write them with a tab between"
            )
        if text:
            yield fields[0], fields[1]


def _below(root: str) -> Iterator[str]:
    if is_url(root):
        yield from (each.path for each in remote.search(root)[1])
        return
    if not os.path.isdir(root):
        raise ManifestError(f"audio_root: {root!r} is no directory; name the one with the audio")
    for folder, folders, names in os.walk(root, followlinks=False):
        folders.sort()
        yield from (os.path.join(folder, name) for name in sorted(names))


def _without_suffix(path: str) -> str:
    return path.removesuffix(PurePath(path).suffix)
