"""RTTM: pyannote, NeMo, Kaldi, the challenge corpora. Words may come from a CTM file beside it.

SPEAKER recording channel onset duration <NA> <NA> speaker <NA> <NA>
recording channel onset duration word [confidence]                        (CTM)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alm.input.formats.entries import (
    Documents,
    Entry,
    Format,
    file_name,
    problem,
    text_lines,
    without_endings,
)
from alm.input.formats.segments import Segments, row, seconds, spread
from alm.rows.row import Row

OTHER_TYPES = frozenset(
    (
        *("SEGMENT", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH"),
        *("FILLER", "EDIT", "SU", "IP", "CB", "A/P", "SPKR-INFO"),
    )
)
"""Lines of the RTTM standard that are no turns of a speaker."""

ABSENT = "<NA>"


def is_ctm(path: str) -> bool:
    return file_name(path).endswith(".ctm")


def entries(documents: Documents) -> Iterator[Entry]:
    for path, lines in documents:
        yield from text_lines(path, lines, _name_of_word if is_ctm(path) else _name_of_turn)


def _name_of_turn(line: str) -> str | None:
    kind, *rest = line.split(maxsplit=2)
    if kind in OTHER_TYPES:
        return None
    return rest[0] if rest else ""


def _name_of_word(line: str) -> str:
    return line.split(maxsplit=1)[0]


def recording(name: str, entries: Sequence[Entry]) -> Row:
    segments = Segments()
    turns = [(entry, entry.text.split()) for entry in entries if not is_ctm(entry.path)]
    channels = {fields[2] for _, fields in turns if len(fields) > 2}
    for entry, fields in turns:
        if fields[0] != "SPEAKER" or len(fields) < 8:
            raise problem(
                entry,
                "invalid_line",
                f"{entry.text!r} is no line of an RTTM file; SPEAKER, recording, channel, onset, "
                f"duration, {ABSENT}, {ABSENT} and speaker are needed. Correct or remove it",
            )
        onset, duration, speaker = fields[3], fields[4], fields[7]
        segments.add(
            entry,
            *span(entry, onset, duration),
            speaker=None if speaker == ABSENT else speaker,
            channel=fields[2] if len(channels) > 1 else None,
        )
    words = [ctm_word(entry) for entry in entries if is_ctm(entry.path)]
    made = row(name, entries, segments, "rttm")
    if words and (outside := spread(words, made["segments"])):
        made["source"]["words_outside"] = outside
    return made


def span(entry: Entry, onset: Any, duration: Any) -> tuple[float, float]:
    """Start and end of a segment that is given by its start and duration, to the microsecond."""
    start = seconds(entry, "the start", onset)
    return start, round(start + seconds(entry, "the duration", duration), 6)


def ctm_word(entry: Entry) -> dict[str, Any]:
    """The word of a line of a CTM file."""
    fields = entry.text.split()
    if len(fields) < 5:
        raise problem(
            entry,
            "invalid_line",
            f"{entry.text!r} is no line of a CTM file; recording, channel, start, duration and "
            "word are needed. Correct or remove it",
        )
    start, end = span(entry, fields[2], fields[3])
    return {"word": fields[4], "start": start, "end": end}


FORMAT = Format(
    "rttm",
    "RTTM",
    is_main=lambda name: name.endswith(".rttm"),
    is_companion=is_ctm,
    pair=without_endings,
    entries=entries,
    recording=recording,
)
