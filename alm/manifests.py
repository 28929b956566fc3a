"""Find manifests, cut them into byte ranges, read the lines of a range.

A manifest is a file with one JSON object a line. A line belongs to the range in which it starts,
so ranges need no look at the content: file sizes are enough to plan a run.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from alm.errors import ManifestError

SUFFIXES = (".jsonl", ".json")
_BOM = b"\xef\xbb\xbf"
_SKIP = 1 << 20


class Manifest(NamedTuple):
    """A manifest as found under the configured path, and its size in bytes."""

    path: str
    size: int


class ByteRange(NamedTuple):
    """The lines of ``path`` that start at byte ``start`` or later and before ``stop``."""

    path: str
    start: int
    stop: int


class Line(NamedTuple):
    """A line with its line break, where it starts, and its number in the range, from 1."""

    offset: int
    number: int
    raw: bytes

    @property
    def text(self) -> bytes:
        """The line without the byte order mark that may open a file."""
        return self.raw if self.offset else self.raw.removeprefix(_BOM)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing on it: such a line is no row."""
        text = self.text
        return not text or text.isspace()


def discover(manifest_path: str | Sequence[str], exclude: str | None = None) -> list[Manifest]:
    """Find the manifests under a file, a directory, a glob, or a list of these.

    A directory is searched recursively for ``.jsonl`` and ``.json``; a glob may use ``**``. Links
    to files are followed, links to directories are not. Paths stay as they were configured,
    neither resolved nor made absolute. A file that is found twice counts once. The order is that
    of the list, and sorted by path within an item of it.

    Args:
        manifest_path: what to search.
        exclude: a directory left out of searches that begin outside of it, so that the output of
            a run is not the input of the next one.

    Raises:
        ManifestError: a path does not exist, or nothing under it is a manifest.
    """
    wanted = [manifest_path] if isinstance(manifest_path, str) else list(manifest_path)
    if not wanted:
        raise ManifestError("manifest_path is an empty list: name at least one manifest")
    found: dict[str, Manifest] = {}
    for item in wanted:
        for manifest in _search(item, exclude):
            found.setdefault(os.path.realpath(manifest.path), manifest)
    return list(found.values())


def _search(item: str, exclude: str | None) -> list[Manifest]:
    if _is_file(item):
        return [_manifest(item)]
    if os.path.isdir(item):
        what, paths = "the directory", _walk(item)
    elif glob.has_magic(item):
        what, paths = "the glob", _glob(item)
    else:
        raise ManifestError(
            f"manifest_path: {item!r} does not exist (looked in {os.getcwd()!r}); "
            "name a file, a directory, a glob, or a list of these"
        )
    found = [_manifest(path) for path in sorted(paths) if Path(path).suffix in SUFFIXES]
    found = [manifest for manifest in found if _is_file(manifest.path)]
    manifests = [m for m in found if not (exclude and _lies_in(m.path, exclude, searched=item))]
    if not manifests:
        raise ManifestError(
            f"manifest_path: {what} {item!r} holds no manifest, "
            + (
                f"that is none outside of output_dir = {exclude!r}"
                if found
                else f"that is no file ending in {' or '.join(SUFFIXES)}"
            )
        )
    return manifests


def _lies_in(path: str, folder: str, searched: str) -> bool:
    """Whether ``path`` is in ``folder`` although the search of ``searched`` began outside of it."""
    inside = os.path.join(os.path.realpath(folder), "")
    found_inside = os.path.realpath(path).startswith(inside)
    return found_inside and not os.path.realpath(searched).startswith(inside)


def _is_file(path: str) -> bool:
    return "\0" not in path and os.path.isfile(path)


def _walk(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(folder, onerror=_unreadable):
        yield from (os.path.join(parent, name) for name in names)


def _unreadable(error: OSError) -> None:
    raise ManifestError(f"manifest_path: cannot search {error.filename!r}: {error.strerror}")


def _glob(pattern: str) -> Iterator[str]:
    """The files of a glob; by pathlib, which does not follow linked directories without end."""
    parts = Path(pattern).parts
    fixed = next(k for k, part in enumerate(parts) if glob.has_magic(part))
    root = os.path.join(*parts[:fixed]) if fixed else ""
    wanted = [*parts[fixed:], *(["*"] if parts[-1] == "**" else [])]
    for path in Path(root or ".").glob(os.path.join(*wanted)):
        yield os.path.join(root, path.relative_to(root or "."))


def whole_file(path: str) -> ByteRange:
    """All lines of one manifest.

    Raises:
        ManifestError: it is not there, or not a file.
    """
    if not _is_file(path):
        raise ManifestError(f"manifest {path!r} does not exist or is not a file")
    return ByteRange(path, 0, _manifest(path).size)


def _manifest(path: str) -> Manifest:
    try:
        return Manifest(path, os.stat(path).st_size)
    except OSError as error:
        raise ManifestError(f"cannot read manifest {path!r}: {error.strerror}") from error


def read_lines(span: ByteRange) -> Iterator[Line]:
    """The lines of a byte range, blank ones too.

    Raises:
        ManifestError: the file cannot be read, or has become shorter than the range.
    """
    try:
        with open(span.path, "rb", buffering=_SKIP) as file:
            offset = _seek_first_line(file, span.start)
            if offset >= span.stop:
                return
            for number, raw in enumerate(file, start=1):
                yield Line(offset, number, raw)
                offset += len(raw)
                if offset >= span.stop:
                    return
    except OSError as error:
        raise ManifestError(f"cannot read manifest {span.path!r}: {error.strerror}") from error
    raise ManifestError(
        f"manifest {span.path!r} ends at byte {offset}, before byte {span.stop}: it became shorter "
        "while the run was under way; start again when it is complete"
    )


def _seek_first_line(file: BinaryIO, start: int) -> int:
    """Go to the first line that starts at ``start`` or later."""
    if start == 0:
        return 0
    file.seek(start - 1)
    offset = start - 1
    while piece := file.readline(_SKIP):
        offset += len(piece)
        if piece.endswith(b"\n"):
            break
    return offset


def line_number(path: str, offset: int) -> int:
    """The number, from 1, of the line that starts at byte ``offset``."""
    number = 1
    with open(path, "rb") as file:
        while offset > 0:
            piece = file.read(min(_SKIP, offset))
            if not piece:
                break
            number += piece.count(b"\n")
            offset -= len(piece)
    return number


def cut_evenly(ranges: Sequence[ByteRange], count: int) -> list[tuple[ByteRange, ...]]:
    """Cut ``ranges`` into at most ``count`` consecutive groups of about the same bytes."""
    total = sum(span.stop - span.start for span in ranges)
    groups: list[list[ByteRange]] = [[]]
    done = 0
    for span in ranges:
        start = span.start
        while (border := total * len(groups) // count - done) < span.stop - start:
            if border > 0:
                groups[-1].append(ByteRange(span.path, start, start + border))
                start += border
                done += border
            groups.append([])
        groups[-1].append(ByteRange(span.path, start, span.stop))
        done += span.stop - start
    return [tuple(group) for group in groups if group]
