"""Cut copies of segments: their words up to a limit."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from alm.errors import RowError
from alm.rows.row import END, START, WORD, WORDS, Number, Segment, json_type, not_a_number
from alm.rows.timeline import is_time
from alm.text import megabytes

MOST_COPY_BYTES = 64 << 20
"""Of all cut copies of a row's segments."""

_POINTER = 8


class Cuts:
    """The cut copies of a row's segments, each made once, however many windows end with it.

    ``copies`` are without the fields to drop and last from ``starts`` to ``ends`` (seconds);
    ``origins`` number the segments that they are of. All in the order in which the copies were
    first wanted.
    """

    def __init__(self, segments: list[Segment], places: list[int], dropped: frozenset[str]) -> None:
        self.copies: list[Segment] = []
        self.starts: list[Number] = []
        self.ends: list[Number] = []
        self.origins: list[int] = []
        self._segments = segments
        self._places = places
        self._dropped = tuple(dropped)
        self._keeps_words = WORDS not in dropped
        self._word_ends: list[list[Number] | None] = [None] * len(segments)
        self._texts: list[list[str | None] | None] = [None] * len(segments)
        self._ends_as_listed: dict[int, list[Number]] = {}
        self._numbers: dict[int, int] = {}
        self._copied = 0

    def cut(self, index: int, limit: Number) -> int:
        """Keep the words of segment ``index`` that end at or before ``limit`` (seconds).

        The ``end`` of the copy is that of the last kept word that has one, or its own ``start``
        where none is kept.

        Returns:
            The number of the copy.

        Raises:
            RowError: the words are malformed, which are looked at here only, or the copies are too
                large.
        """
        ends = self._word_ends[index]
        if ends is None:
            ends = self._look_at_words(index)
        kept = bisect_right(ends, limit)  # how many are kept tells which they are
        key = kept * len(self._segments) + index
        number = self._numbers.get(key, -1)
        if number < 0:
            number = len(self.copies)
            self._numbers[key] = number
            self._copy(index, kept, limit)
        return number

    def _look_at_words(self, index: int) -> list[Number]:
        """The sorted ends of a segment's words; a word without one goes with its neighbours.

        That is the timed word before it or, with none before, the first one after; aligners leave
        out the times of words that they cannot place. Noted with the ends are the texts of the
        words, if these came sorted, or else the ends in the order of the words.
        """
        segment = self._segments[index]
        where = f"segments[{self._places[index]}].words"
        words = segment.get(WORDS)
        if words is None:
            words = []
        if type(words) is not list:
            raise RowError("wrong_type", f"{where} is {json_type(words)}; it must be an array")
        ends: list[Number] = []
        texts: list[str | None] = []
        before = None
        leading = 0
        in_order = True
        for word in words:
            if type(word) is not dict:
                what = f"{where}[{len(texts)}] is {json_type(word)}"
                raise RowError("wrong_type", f"{what}; it must be an object")
            fields = word
            end = fields.get(END)
            if end is None:
                end = before
            elif not is_time(end):
                raise not_a_number(fields, "end", f"{where}[{len(texts)}]")
            text = fields.get(WORD)
            if text and type(text) is not str:
                raise RowError("wrong_type", f"{where}[{len(texts)}].word is not text")
            texts.append(text)
            if end is None:
                leading += 1
                continue
            if before is None:
                ends = [end] * leading
            elif before > end:
                in_order = False
            before = end
            ends.append(end)
        if in_order:
            self._texts[index] = texts
        else:
            self._ends_as_listed[index] = ends
            ends = sorted(ends)
        self._word_ends[index] = ends
        return ends

    def _copy(self, index: int, kept: int, limit: Number) -> None:
        """Add a copy of segment ``index`` with those of its words that end by ``limit``."""
        segment = self._segments[index]
        copy: dict[str, Any] = segment.copy()
        words: list[Any] = []
        end, text = segment[END], ""
        if not kept:
            end = segment[START]
        else:
            texts = self._texts[index]
            words = segment[WORDS]
            if texts is not None:
                words = words[:kept]
                texts = texts[:kept]
            else:
                ends = self._ends_as_listed[index]
                words = [words[k] for k in range(len(ends)) if ends[k] <= limit]
                texts = [word.get(WORD) for word in words]
            last = len(words) - 1
            while words[last].get(END) is None:
                last -= 1
            end = words[last][END]
            text = " ".join([text for text in texts if text])
            self._copied += len(text) + _POINTER * len(words)
            if self._copied > MOST_COPY_BYTES:
                raise too_large()
        copy[END] = end
        copy["text"] = text
        if self._keeps_words:
            copy[WORDS] = words
        for name in self._dropped:
            copy.pop(name, None)
        self.copies.append(copy)
        self.starts.append(segment[START])
        self.ends.append(end)
        self.origins.append(index)


def too_large() -> RowError:
    """The error that the cut copies of a row have more bytes than they may."""
    return RowError(
        "too_large",
        f"the copies of its cut segments have more than {megabytes(MOST_COPY_BYTES)}. Set "
        "truncation = false, leave large fields out with drop_fields, or split the recording",
    )


def without(fields: dict[str, Any], dropped: frozenset[str]) -> dict[str, Any]:
    """``fields`` less the dropped names; the same object where there is nothing to drop."""
    return _without(fields, tuple(dropped))


def without_each(segments: list[Segment], dropped: frozenset[str]) -> list[Segment]:
    """Each segment less the dropped names."""
    names = tuple(dropped)
    return [_without(segment, names) for segment in segments]


def _without(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    kept = fields
    for name in names:
        if name in kept:
            if kept is fields:
                kept = fields.copy()
            del kept[name]
    return kept
