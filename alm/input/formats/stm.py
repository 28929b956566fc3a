"""STM: ``recording channel speaker begin end [<labels>] text``; comments begin with ``;;``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alm.input.formats.entries import (
    Documents,
    Entry,
    Format,
    never,
    problem,
    text_lines,
    without_endings,
)
from alm.input.formats.segments import Segments, row, seconds
from alm.rows.row import Row

GAP = "inter_segment_gap"
"""The speaker of what lies between segments."""

_LABELS = re.compile(r"<[^>]*>\s*")


def entries(documents: Documents) -> Iterator[Entry]:
    for path, lines in documents:
        yield from text_lines(path, lines, lambda line: line.split(maxsplit=1)[0])


def recording(name: str, entries: Sequence[Entry]) -> Row:
    segments = Segments()
    lines = [(entry, entry.text.split(maxsplit=5)) for entry in entries]
    channels = {fields[1] for _, fields in lines if len(fields) > 1}
    for entry, fields in lines:
        if len(fields) < 5:
            raise problem(
                entry,
                "invalid_line",
                f"{entry.text!r} is no line of an STM file; recording, channel, speaker, begin "
                "and end are needed. Correct or remove it",
            )
        _, channel, speaker, begin, end, *text = fields
        if speaker == GAP:
            continue
        segments.add(
            entry,
            seconds(entry, "the begin", begin),
            seconds(entry, "the end", end),
            speaker=speaker,
            text=_LABELS.sub("", text[0], count=1) if text else None,
            channel=channel if len(channels) > 1 else None,
        )
    return row(name, entries, segments, "stm")


FORMAT = Format(
    "stm",
    "STM",
    is_main=lambda name: name.endswith(".stm"),
    is_companion=never,
    pair=without_endings,
    entries=entries,
    recording=recording,
)
