"""Clips on their way from the jobs that cut them to the formats that hold them.

A shard has one file with all its clips, one after the other, and one with a line for each: its
example, and what of the file is its clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from alm.exports.cutting import Clip
from alm.exports.example import Example, cut_short
from alm.rows import codec


class StoredClip(NamedTuple):
    """A clip in a file of many, and its window, whose audio it is from beginning to end.

    Attributes:
        example: its window; times as in the clip.
        path, offset, size: where its bytes are.
        suffix: of a file with these bytes.
        rate: Hz.
        channels, frames: how many channels, and samples of each.
    """

    example: Example
    path: Path
    offset: int
    size: int
    suffix: str
    rate: int
    channels: int
    frames: int

    @property
    def duration(self) -> float:
        """Seconds of audio, as its samples say."""
        return self.frames / self.rate

    @property
    def name(self) -> str:
        """Of a file of its own."""
        return f"{self.example['id']}{self.suffix}"

    def described(self) -> dict[str, Any]:
        """Its example, with what the clip is as audio."""
        about = {"sample_rate": self.rate, "channels": self.channels, "num_samples": self.frames}
        return {**self.example, **about, "duration": self.duration}

    def read(self) -> bytes:
        """All of it."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def write_clip(clips: BinaryIO, index: BinaryIO, example: Example, clip: Clip) -> None:
    """Add a clip to the two files."""
    content, *about = clip
    if (duration := clip.frames / clip.rate) < example["duration"]:
        example = cut_short(example, duration)
    clips.write(content)
    entry = [example, len(content), *about]
    index.write(codec.dumps(entry) + b"\n")


def read_clips(clips: Sequence[str | Path], indices: Sequence[str | Path]) -> Iterator[StoredClip]:
    """The clips of all shards, in input order."""
    for path, index in zip(clips, indices, strict=True):
        offset = 0
        with open(index, "rb") as lines:
            for line in lines:
                example, size, *about = codec.loads(line)
                yield StoredClip(example, Path(path), offset, size, *about)
                offset += size
