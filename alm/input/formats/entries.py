"""What a file of another format holds of each recording, before anybody has looked closer.

An entry is a line, or an item of a JSON document. Which recording it belongs to is all that
sorting needs, so a corpus in any order can be grouped in bounded memory; see
:mod:`alm.input.grouping`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from alm.errors import RowError
from alm.input.lines import LONGEST_LINE, Line
from alm.input.ranges import is_compressed
from alm.rows import codec
from alm.rows.row import Row

SHOWN = 80
"""Letters of a line that a message quotes."""


class Entry(NamedTuple):
    """A piece of a recording.

    Attributes:
        recording: its id; empty if the piece does not tell.
        path: the file.
        where: the place in it, in words: ``line 12``.
        text: the line, or the item as JSON.
    """

    recording: str
    path: str
    where: str
    text: str


Documents = Sequence[tuple[str, Iterable[Line]]]
"""The files of a source, its main one first: their paths and lines."""


class Format(NamedTuple):
    """How others write diarizations down.

    Attributes:
        name: as ``input_format`` has it.
        what: the same for people.
        is_main: whether a file of this name (compression aside) may hold segments.
        is_companion: whether it only adds to those of another file.
        pair: of a path, what a companion and the file that it adds to have in common.
        entries: the entries of a source.
        recording: a row of our manifest from the entries of a recording; pure. Its
            ``audio_filepath`` is the recording's id unless the entries know the file.
        names_audio: whether the rows may know their audio file.
    """

    name: str
    what: str
    is_main: Callable[[str], bool]
    is_companion: Callable[[str], bool]
    pair: Callable[[str], str]
    entries: Callable[[Documents], Iterator[Entry]]
    recording: Callable[[str, Sequence[Entry]], Row]
    names_audio: bool = False


def never(name: str) -> bool:
    """No file is a companion."""
    return False


def file_name(path: str) -> str:
    """The last part of a path, without the ending of its compression."""
    name = PurePath(path)
    return (name.with_suffix("") if is_compressed(path) else name).name


def stem(path: str) -> str:
    """The name of a file without its endings of format and compression."""
    return PurePath(file_name(path)).stem


def without_endings(path: str) -> str:
    """A path without the endings of format and compression."""
    return str(PurePath(path).with_name(stem(path)))


def problem(entry: Entry, reason: str, what: str) -> RowError:
    """The error that an entry cannot be used, naming its place."""
    return RowError(reason, f"{entry.path}, {entry.where}: {what}")


def text_lines(
    path: str, lines: Iterable[Line], name_of: Callable[[str], str | None]
) -> Iterator[Entry]:
    """The lines of a text file but blank ones and comments, which begin with ``;;``.

    Args:
        path: the file.
        lines: its lines.
        name_of: the recording that a line names; empty if it names none, None to leave it out.
    """
    for line in lines:
        where = f"line {line.number}"
        try:
            text = line.text.decode().strip()
        except (UnicodeDecodeError, RowError):
            yield Entry("", path, where, shown(line.raw.decode(errors="replace")))
            continue
        if text and not text.startswith(";;") and (name := name_of(text)) is not None:
            yield Entry(name, path, where, text)


def json_items(path: str, lines: Iterable[Line]) -> Iterator[tuple[Entry, Any]]:
    """The objects of a file: one a line, or the items of an array. Broken ones come as None."""
    lines = iter(lines)
    first = next((line for line in lines if not line.is_blank), None)
    if first is None:
        return
    if first.raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        entry, value = json_document(path, (first, *lines))
        for number, item in enumerate(value if isinstance(value, list) else [], start=1):
            yield Entry("", path, f"item {number}", codec.dumps(item).decode()), item
        if not isinstance(value, list):
            yield entry, None
        return
    for line in (first, *lines):
        if line.is_blank:
            continue
        where = f"line {line.number}"
        try:
            text = line.text.decode().strip()
            yield Entry("", path, where, text), codec.loads(line.text)
        except (UnicodeDecodeError, RowError):
            yield Entry("", path, where, shown(line.raw.decode(errors="replace"))), None


def json_document(path: str, lines: Iterable[Line]) -> tuple[Entry, Any]:
    """A file that is one JSON text, and its value; None if it is broken or too long."""
    pieces: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line.raw) + line.beyond
        if size > LONGEST_LINE:
            start = shown(b"".join(pieces).decode(errors="replace"))
            return Entry("", path, f"its {LONGEST_LINE} bytes and more", start), None
        pieces.append(line.raw)
    content = b"".join(pieces).removeprefix(b"\xef\xbb\xbf")
    try:
        return Entry("", path, "the document", content.decode()), codec.loads(content)
    except (UnicodeDecodeError, RowError) as error:
        return Entry("", path, _where(error), shown(content.decode(errors="replace"))), None


def _where(error: Exception) -> str:
    """The line that a message of the JSON parser names."""
    found = re.search(r"line \d+", str(error))
    return found[0] if found else "the document"


def shown(text: str) -> str:
    """The beginning of a text, for a message."""
    text = text.strip()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
