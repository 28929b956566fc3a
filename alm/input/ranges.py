"""What is known of a manifest before it is read, and its cutting into byte ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alm.errors import ManifestError

GZIP, ZSTD = ".gz", ".zst"


class Manifest(NamedTuple):
    """A manifest as found under the configured path, and its size in bytes as stored.

    ``version`` tells one content from another: size and time of change of a file, the ETag of an
    object. It is empty if unknown.
    """

    path: str
    size: int
    version: str = ""


class ByteRange(NamedTuple):
    """The lines of ``path`` that start at byte ``start`` or later and before ``stop``.

    No range begins in the middle of a compressed file: one from 0 means all of its lines. Reading
    fails unless the manifest is still the ``version`` that was planned with, where one is given.
    """

    path: str
    start: int
    stop: int
    version: str = ""


def is_compressed(path: str) -> bool:
    """Whether a manifest is compressed, by its name."""
    return path.endswith((GZIP, ZSTD))


def changed(path: str) -> ManifestError:
    """The error that a manifest was written while the run was under way."""
    return ManifestError(
        f"manifest {path!r} was changed while the run was under way; "
        "start again when it is complete: only what reads it is done anew"
    )


def cut_evenly(ranges: Sequence[ByteRange], count: int) -> list[tuple[ByteRange, ...]]:
    """Cut ``ranges`` into at most ``count`` consecutive groups of about the same bytes.

    Compressed files stay whole.
    """
    total = sum(span.stop - span.start for span in ranges)
    groups: list[list[ByteRange]] = [[]]
    done = 0
    for span in ranges:
        start = span.start
        while (border := total * len(groups) // count - done) < span.stop - start:
            if border > 0 and is_compressed(span.path):
                if groups[-1] and 2 * border < span.stop - start:
                    groups.append([])
                break
            if border > 0:
                groups[-1].append(span._replace(start=start, stop=start + border))
                start += border
                done += border
            groups.append([])
        groups[-1].append(span._replace(start=start))
        done += span.stop - start
    return [tuple(group) for group in groups if group]
