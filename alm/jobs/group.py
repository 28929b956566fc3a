"""What files of another format hold, by recording: the first step of preparing a manifest."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from alm import files
from alm.input import ByteRange, read_lines
from alm.input.grouping import group
from alm.input.sources import check_format, documents_of
from alm.text import counted

logger = logging.getLogger("alm")


def group_sources(
    ranges: Sequence[ByteRange], kind: str, target: Path, *, recognized: bool
) -> None:
    """Write a line for each recording, with all that is said of it.

    Args:
        ranges: whole files, main ones first: see :func:`alm.input.sources.plan_groups`.
        kind: the format.
        target: output, see :class:`alm.input.grouping.Group`.
        recognized: the format was told by the first file; look at the others, too.

    Raises:
        ManifestError: a file cannot be read, or is in another format.
    """
    with files.written_whole(target) as output:
        for main, companions in documents_of(ranges, kind):
            if recognized:
                check_format(kind, main.path)
            documents = [(span.path, read_lines(span)) for span in (main, *companions)]
            found = group(kind, documents, target.parent, output)
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
