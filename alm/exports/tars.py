"""Clips in tars of bounded size: the same bytes each time, without owners and times."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from alm import files
from alm.exports.clips import StoredClip
from alm.rows import codec

BLOCK = tarfile.BLOCKSIZE
END = 2 * BLOCK

Member = tuple[str, bytes]
"""Name and content."""


def packed(
    clips: Iterable[StoredClip], most: int, beside: bool = True
) -> Iterator[list[StoredClip]]:
    """The clips of one tar after the other, in order.

    Args:
        clips: all of them.
        most: bytes of a tar; one that is larger has a single clip.
        beside: whether there is JSON beside each; it is taken for as large as the example.
    """
    batch: list[StoredClip] = []
    size = END
    for clip in clips:
        own = member_size(clip.size)
        if beside:
            own += member_size(len(codec.dumps(clip.example)))
        if batch and size + own > most:
            yield batch
            batch, size = [], END
        batch.append(clip)
        size += own
    if batch:
        yield batch


def member_size(size: int) -> int:
    """Bytes of a tar that a member of so many bytes takes."""
    return BLOCK + -(-size // BLOCK) * BLOCK


def write_tar(path: Path, members: Iterable[Member]) -> None:
    """Write a tar, whole or absent."""
    with files.written_whole(path) as tar:
        for name, content in members:
            _add(tar, name, content)
        tar.write(bytes(END))


def with_json(clips: Sequence[StoredClip]) -> Iterator[Member]:
    """Each clip, and beside it its example with what it is as audio."""
    for clip in clips:
        yield clip.name, clip.read()
        yield f"{clip.example['id']}.json", codec.dumps(clip.described())


def _add(tar: BinaryIO, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.write(member.tobuf(tarfile.USTAR_FORMAT))
    tar.write(content)
    tar.write(bytes(-len(content) % BLOCK))
