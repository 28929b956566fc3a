"""Group what files of another format hold by recording, in bounded memory.

Lines of one recording may stand anywhere in a corpus. They are collected until there are
:data:`HELD_BYTES` of them, written to a temporary file by recording, and these files merged: what
comes out is in the order in which recordings first appear.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from alm.input.digests import damaged, line_digest
from alm.input.formats import FORMATS, Entry
from alm.input.formats.entries import Documents, file_name
from alm.rows import codec

HELD_BYTES = 16 << 20
"""Text of entries that is held at a time; it takes about ten times that in memory."""

MAX_RUNS = 256
"""Files that are open at a time."""

Piece = tuple[int, tuple[Entry, ...]]
"""Entries of the recording of this number."""

_ENTRY_BYTES = 60
"""Counted for an entry beside its text, so that many short ones do not take more memory."""


class Group(NamedTuple):
    """All entries of a recording; of the recording ``""`` those that do not tell theirs."""

    recording: str
    entries: tuple[Entry, ...]

    def line(self) -> bytes:
        """The group as a line: its checksum and JSON."""
        paths = list(dict.fromkeys(entry.path for entry in self.entries))
        number = {path: index for index, path in enumerate(paths)}
        pieces = [(number[path], where, text) for _, path, where, text in self.entries]
        text = codec.dumps([self.recording, paths, pieces])
        return b"%b %b\n" % (line_digest(text).hex().encode(), text)


def read_group(line: bytes, path: str | Path) -> Group:
    """A group from its line in the file ``path``.

    Raises:
        DamageError: it is not as it was written.
    """
    digest, _, text = line.rstrip(b"\n").partition(b" ")
    if digest != line_digest(text).hex().encode():
        raise damaged(path)
    recording, paths, pieces = codec.loads(text)
    return Group(
        recording,
        tuple(Entry(recording, paths[number], where, text) for number, where, text in pieces),
    )


class Grouped(NamedTuple):
    """What grouping found: recordings, entries, and those of companions that fit no recording."""

    recordings: int
    entries: int
    unmatched: int


def group(
    kind: str, documents: Documents, folder: str | Path, output: BinaryIO, held: int = HELD_BYTES
) -> Grouped:
    """Write the groups of a source, in the order in which its recordings appear.

    Args:
        kind: the format.
        documents: the files of the source, its main one first.
        folder: where temporary files may lie.
        output: a line a recording.
        held: bytes of entries that are held at a time.
    """
    known = FORMATS[kind]
    index: dict[str, int] = {}
    total = unmatched = size = 0
    pending: dict[int, list[Entry]] = {}
    with _Runs(folder) as runs:
        for entry in known.entries(documents):
            name = entry.recording
            if name not in index:
                if known.is_companion(file_name(entry.path)):
                    unmatched += 1
                    continue
                index[name] = len(index)
            pending.setdefault(index[name], []).append(entry)
            total += 1
            size += len(entry.text) + _ENTRY_BYTES
            if size > held:
                runs.write(pending)
                pending, size = {}, 0
        names = list(index)
        output.writelines(
            Group(names[number], entries).line() for number, entries in runs.merged(pending)
        )
    return Grouped(len(index), total, unmatched)


class _Runs:
    """Sorted temporary files of entries."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._files: list[BinaryIO] = []

    def __enter__(self) -> _Runs:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, pending: dict[int, list[Entry]]) -> None:
        self._add((number, tuple(pending[number])) for number in sorted(pending))
        if len(self._files) == MAX_RUNS:
            files, self._files = self._files, []
            self._add(_joined(heapq.merge(*map(_read, files), key=_number)))
            for file in files:
                file.close()

    def merged(self, pending: dict[int, list[Entry]]) -> Iterator[Piece]:
        last = ((number, tuple(pending[number])) for number in sorted(pending))
        return _joined(heapq.merge(*map(_read, self._files), last, key=_number))

    def _add(self, groups: Iterable[Piece]) -> None:
        file = self._stack.enter_context(_temporary(self._folder))
        for number, entries in groups:
            file.write(codec.dumps([number, *map(tuple, entries)]) + b"\n")
        self._files.append(file)


def _temporary(folder: str | Path) -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))


def _number(item: Piece) -> int:
    return item[0]


def _read(file: BinaryIO) -> Iterator[Piece]:
    file.seek(0)
    for line in file:
        number, *entries = codec.loads(line)
        yield number, tuple(Entry(*entry) for entry in entries)


def _joined(
    groups: Iterable[Piece],
) -> Iterator[Piece]:
    """Successive groups of one number as one."""
    current, collected = -1, list[Entry]()
    for number, entries in groups:
        if number != current and collected:
            yield current, tuple(collected)
            collected = []
        current = number
        collected.extend(entries)
    if collected:
        yield current, tuple(collected)
