"""Cut copies of segments: their words up to a limit."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from alm.errors import RowError
from alm.rows.row import MAX_SECONDS, NUMBERS, Number, Segment, check_number, json_type


class _Words(NamedTuple):
    """The words of a segment, their texts, their sorted ends, and whether that is their order."""

    words: list[dict[str, Any]]
    texts: list[str | None]
    ends: list[Number]
    in_order: bool


_NONE = _Words([], [], [], True)


class Cuts:
    """Cut copies of a row's segments, each made once, however many windows end with it.

    ``copies``, without the fields to drop, are in the order in which they were first wanted; they
    last from ``starts`` to ``ends`` (seconds).
    """

    def __init__(self, segments: Sequence[Segment], dropped: frozenset[str] = frozenset()) -> None:
        self.copies: list[Segment] = []
        self.starts: list[Number] = []
        self.ends: list[Number] = []
        self._segments = segments
        self._dropped = dropped
        self._words: dict[int, _Words] = {}
        self._numbers: dict[tuple[int, int], int] = {}

    def cut(self, index: int, limit: Number) -> int:
        """Keep the words of segment ``index`` that end at or before ``limit`` (seconds).

        The ``end`` of the copy is that of the last kept word, or its own ``start`` where none is
        kept.

        Returns:
            The number of the copy.

        Raises:
            RowError: the words are malformed; they are looked at here only.
        """
        spoken = self._words.get(index)
        if spoken is None:
            spoken = self._words[index] = _checked(self._segments[index])
        words, texts, ends, in_order = spoken
        count = bisect_right(ends, limit)  # how many are kept tells which they are
        key = index, count
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.copies)
            segment = self._segments[index]
            copy = segment.copy()
            if not count:
                copy["end"], copy["text"], copy["words"] = segment["start"], "", []
            elif in_order:
                copy["end"], copy["words"] = ends[count - 1], words[:count]
                copy["text"] = " ".join(filter(None, texts[:count]))
            else:
                kept = [word for word in words if word["end"] <= limit]
                copy["end"], copy["words"] = kept[-1]["end"], kept
                copy["text"] = " ".join([text for word in kept if (text := word.get("word"))])
            self.starts.append(segment["start"])
            self.ends.append(copy["end"])
            for name in self._dropped:
                copy.pop(name, None)
            self.copies.append(copy)
        return number


def _checked(segment: Segment) -> _Words:
    words: Any = segment.get("words", [])
    if words == []:
        return _NONE
    try:
        ends = [word["end"] for word in words]
        texts = [word.get("word") for word in words]
        "".join(filter(None, texts))  # refuses what is no text
        in_order = sorted(ends)
        sound = (
            type(words) is list
            and NUMBERS.issuperset(map(type, ends))
            and -MAX_SECONDS <= in_order[0]
            and in_order[-1] <= MAX_SECONDS
            and math.isfinite(sum(ends))  # not with NaN
        )
    except (KeyError, TypeError, AttributeError, OverflowError):
        sound = False
    if not sound:
        _explain(words)
    return _Words(words, texts, in_order, in_order == ends)


def _explain(words: Any) -> None:
    """Raise the error that names what :func:`_checked` found unsound."""
    if type(words) is not list:
        raise RowError("wrong_type", f"words is {json_type(words)}; it must be an array")
    for word in words:
        if type(word) is not dict:
            raise RowError("wrong_type", f"a word is {json_type(word)}; it must be an object")
        check_number(word, "end", "a word", limit=MAX_SECONDS)
        if word.get("word") and type(word["word"]) is not str:
            raise RowError("wrong_type", "a word's word is not text")
