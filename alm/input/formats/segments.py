"""Segments and rows of ours, as all formats make them: checked, rounded, sorted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from alm.input.formats.entries import Entry, problem, shown
from alm.rows.row import Row, Segment

NO_SPEAKER = "no-speaker"
"""The name that NeMo Curator gives to what no speaker says."""

NUMBER_REMEDY = "write seconds as a plain number"


def seconds(entry: Entry, name: str, value: Any) -> float:
    """A time to the microsecond, from a number or from text.

    Raises:
        RowError: it is none, or not finite.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError):
        raise problem(
            entry, "wrong_type", f"{name} is {shown(repr(value))}, no time; {NUMBER_REMEDY}"
        ) from None
    if not math.isfinite(number):
        raise problem(entry, "not_finite", f"{name} is {number}; {NUMBER_REMEDY}")
    return round(number, 6)


def required(entry: Entry, fields: Mapping[str, Any], name: str) -> Any:
    """A field that must be there."""
    if fields.get(name) is None:
        raise problem(entry, "missing_field", f"there is no {name}; add it, or take the item out")
    return fields[name]


def optional(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


class Segments:
    """The segments of a recording as they are read."""

    def __init__(self) -> None:
        self.empty = 0
        self._segments: list[Segment] = []

    def add(self, entry: Entry, start: float, end: float, **fields: Any) -> None:
        """Add a segment, unless it lasts no time: then it is counted only.

        Args:
            entry: where it stands.
            start, end: seconds, to the microsecond.
            fields: the others; those without a value are left out.

        Raises:
            RowError: it ends before it starts.
        """
        if end < start:
            raise problem(
                entry,
                "negative_duration",
                f"the segment ends at {end:g} s, before it starts at {start:g} s; "
                "correct or remove it",
            )
        if end == start:
            self.empty += 1
            return
        self._segments.append({"start": start, "end": end, **optional(**fields)})

    def __iter__(self) -> Iterator[Segment]:
        return iter(sorted(self._segments, key=itemgetter("start", "end")))


def row(
    name: str,
    entries: Sequence[Entry],
    segments: Segments,
    kind: str,
    notes: Mapping[str, int] | None = None,
    **fields: Any,
) -> Row:
    """A row of our manifest.

    Args:
        name: the recording's id.
        entries: what it was made of.
        segments: its segments.
        kind: the name of the format.
        notes: what was counted on the way, beside segments of no duration.
        fields: those of the row that are known; ``audio_filepath`` is the id if it is not.
    """
    counted = {"empty_segments": segments.empty, **(notes or {})}
    return {
        "audio_filepath": name,
        **optional(**fields),
        "recording_id": name,
        "source": source(entries, kind, counted),
        "segments": list(segments),
    }


def source(entries: Sequence[Entry], kind: str, counted: Mapping[str, int]) -> dict[str, Any]:
    """Where a row comes from, and how much of what was there is not in it."""
    paths = list(dict.fromkeys(entry.path for entry in entries))
    counts = {name: number for name, number in counted.items() if number}
    return {"format": kind, "path": paths[0], **counts}


def spread(words: Iterable[Mapping[str, Any]], segments: Sequence[Segment]) -> int:
    """Give words to the sorted segments in which their middle lies, and the segments their text.

    Where segments overlap, the one that covers most of the word gets it, of equals the earlier.

    Args:
        words: with ``word``, ``start`` and ``end``.
        segments: they gain ``words`` and ``text``.

    Returns:
        How many words lie in no segment.
    """
    outside = 0
    running: list[Segment] = []
    coming = iter(segments)
    following = next(coming, None)
    for word in sorted(words, key=lambda word: word["start"] + word["end"]):
        middle = (word["start"] + word["end"]) / 2
        while following is not None and following["start"] <= middle:
            running.append(following)
            following = next(coming, None)
        running = [segment for segment in running if segment["end"] >= middle]
        if not running:
            outside += 1
            continue
        owner = max(running, key=lambda segment: _shared(word, segment))
        owner.setdefault("words", []).append(dict(word))
    for segment in segments:
        if "words" in segment:
            segment["words"].sort(key=itemgetter("start", "end"))
            segment["text"] = " ".join(word["word"] for word in segment["words"])
    return outside


def _shared(word: Mapping[str, Any], segment: Segment) -> float:
    shared: float = min(word["end"], segment["end"]) - max(word["start"], segment["start"])
    return shared
