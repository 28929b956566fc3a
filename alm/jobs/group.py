"""What files of another format hold, by recording: the first step of preparing a manifest."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alm import files
from alm.input import ByteRange, Line, read_lines
from alm.input.digests import new_digest
from alm.input.grouping import group
from alm.input.sources import check_format, documents_of
from alm.jobs.seals import remove_named
from alm.text import counted

logger = logging.getLogger("alm")


class _Source:
    """A file as it is read, and what is known of it then."""

    def __init__(self, span: ByteRange) -> None:
        self.span = span
        self._lines, self._digest = 0, new_digest()

    def lines(self) -> Iterator[Line]:
        for line in read_lines(self.span):
            self._lines += 1
            self._digest.update(line.digest)
            yield line

    def described(self) -> dict[str, Any]:
        """The source as ``provenance.json`` has it."""
        path, _, size, version = self.span
        described = {"path": path, "bytes": size, "version": version, "lines": self._lines}
        return {**described, "lines_xxh128": self._digest.hexdigest()}


def group_sources(
    ranges: Sequence[ByteRange], kind: str, target: Path, summary: Path, *, recognized: bool
) -> None:
    """Write a line for each recording, with all that is said of it.

    What was written for other versions of these files goes.

    Args:
        ranges: whole files, main ones first: see :func:`alm.input.sources.plan_groups`.
        kind: the format.
        target: output, ``GROUP.VERSION.jsonl``, see :class:`alm.input.grouping.Group`.
        summary: output, the size of that file, and the files that were read.
        recognized: the format was told by the first file; look at the others, too.

    Raises:
        ManifestError: a file cannot be read, or is in another format.
    """
    remove_named(target.parent, target.name.partition(".")[0])
    sources: list[_Source] = []
    with files.written_whole(target) as output:
        for main, companions in documents_of(ranges, kind):
            if recognized:
                check_format(kind, main.path)
            own = [_Source(span) for span in (main, *companions)]
            sources += own
            opened = [source.lines() for source in own]
            documents = list(zip((source.span.path for source in own), opened, strict=True))
            found = group(kind, documents, target.parent, output)
            for lines in opened:  # a document that is too long is not read to its end
                for _ in lines:
                    pass
            logger.info(
                "%s: %s, %s",
                main.path,
                counted(found.recordings, "recording"),
                counted(found.entries, "line"),
            )
            if found.unmatched:
                logger.warning(
                    "%s: %d lines of what adds to it name recordings that it does not have",
                    main.path,
                    found.unmatched,
                )
    content = {
        "bytes": os.path.getsize(target),
        "sources": [source.described() for source in sources],
    }
    with files.written_whole(summary) as file:
        file.write(json.dumps(content).encode() + b"\n")
