"""One line of a manifest -> one sound row, or the reason why it is none.

Whether a row is sound depends on the row alone, never on the parameters, so that the same
rows are good at every setting (SEMANTICS: "differs on purpose").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from alm import codec
from alm.errors import RowError

Row = dict[str, Any]
Segment = dict[str, Any]
Number = int | float

MAX_SECONDS = 1e290
"""Times beyond this are refused: sums of durations could overflow to infinity."""

LONGEST_RECORDING = 1e9
"""Seconds; a ``duration`` beyond this is not believed."""

_NUMBERS = frozenset({int, float})
_SPEAKERS = frozenset({str, type(None)})
_NO_METRICS: dict[str, Any] = {}


class Timeline(NamedTuple):
    """The columns of a row's segments that decisions are made on, one value a segment."""

    starts: Sequence[Number]
    ends: Sequence[Number]
    durations: Sequence[Number]
    bandwidths: Sequence[Number]
    speakers: Sequence[str | None]


def parse_row(line: bytes) -> Row:
    """Parse one manifest line.

    Raises:
        RowError: the line is not UTF-8, not JSON, not an object, or holds a number that is
            not finite.
    """
    row = codec.loads(line.rstrip(b"\r\n"))
    if type(row) is not dict:
        raise RowError(
            "not_an_object",
            f"the line is {_json_type(row)}; a row must be an object, {{...}}, one a line",
        )
    return row


def timeline(row: Mapping[str, Any]) -> Timeline:
    """The columns of a sound row.

    Raises:
        RowError: a required field is missing, of the wrong type or not finite.
    """
    try:
        segments = row["segments"]
        starts = [segment["start"] for segment in segments]
        ends = [segment["end"] for segment in segments]
        metrics = [segment.get("metrics", _NO_METRICS) for segment in segments]
        bandwidths = [measured.get("bandwidth", 0) for measured in metrics]
        speakers = [segment.get("speaker") for segment in segments]
        sound = (
            type(segments) is list
            and _NUMBERS.issuperset(map(type, starts))
            and _NUMBERS.issuperset(map(type, ends))
            and _NUMBERS.issuperset(map(type, bandwidths))
            and _SPEAKERS.issuperset(map(type, speakers))
            and type(row["audio_sample_rate"]) in _NUMBERS
            # NaN and infinity survive every addition, so one test of the sums finds them.
            and math.isfinite(sum(starts) + sum(ends) + sum(bandwidths) + row["audio_sample_rate"])
            and (not segments or (-MAX_SECONDS <= min(starts) and max(starts) <= MAX_SECONDS))
            and (not segments or (-MAX_SECONDS <= min(ends) and max(ends) <= MAX_SECONDS))
        )
    except (KeyError, TypeError, AttributeError, OverflowError):
        sound = False
    if not sound:
        _explain(row)
    durations = [end - start for start, end in zip(starts, ends, strict=True)]
    return Timeline(starts, ends, durations, bandwidths, speakers)


def _explain(row: Mapping[str, Any]) -> None:
    """Raise the error that names what :func:`timeline` found unsound."""
    _check_number(row, "audio_sample_rate", "the row")
    if "segments" not in row:
        raise RowError("missing_field", "the row has no segments; write [] where there are none")
    segments = row["segments"]
    if type(segments) is not list:
        raise RowError("wrong_type", f"segments is {_json_type(segments)}; it must be an array")
    for index, segment in enumerate(segments):
        where = f"segments[{index}]"
        if type(segment) is not dict:
            raise RowError("wrong_type", f"{where} is {_json_type(segment)}; it must be an object")
        for name in ("start", "end"):
            _check_number(segment, name, where, limit=MAX_SECONDS)
        metrics = segment.get("metrics", _NO_METRICS)
        if type(metrics) is not dict:
            raise RowError(
                "wrong_type",
                f"{where}.metrics is {_json_type(metrics)}; it must be an object or absent",
            )
        if "bandwidth" in metrics:
            _check_number(metrics, "bandwidth", f"{where}.metrics")
        speaker = segment.get("speaker")
        if type(speaker) not in _SPEAKERS:
            raise RowError(
                "wrong_type",
                f"{where}.speaker is {_json_type(speaker)}; it must be text, null or absent",
            )


def _check_number(
    owner: Mapping[str, Any], name: str, where: str, limit: float | None = None
) -> None:
    if name not in owner:
        raise RowError("missing_field", f"{where} has no {name}")
    value = owner[name]
    if type(value) not in _NUMBERS:
        raise RowError("wrong_type", f"{where}: {name} is {_json_type(value)}; it must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise RowError("not_finite", f"{where}: {name} is {value}; it must be finite")
    if limit is not None and abs(value) > limit:
        raise RowError("out_of_range", f"{where}: {name} is beyond {limit:g} s")


def _json_type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def recording_length(row: Mapping[str, Any], ends: Sequence[Number]) -> Number:
    """Seconds of a recording: its ``duration`` if that can be true, else the last end."""
    last_end = max(ends, default=0)
    duration: Any = row.get("duration")
    if type(duration) in _NUMBERS and last_end <= duration <= LONGEST_RECORDING:
        return cast(Number, duration)
    return max(last_end, 0)


def cut_segment(segment: Segment, limit: float) -> Segment:
    """A copy of ``segment`` that keeps only the words ending at or before ``limit`` (seconds).

    Its ``end`` is that of the last kept word, or its own ``start`` where none is kept.

    Raises:
        RowError: the words are malformed; they are looked at here only.
    """
    words = segment.get("words", [])
    if type(words) is not list:
        raise RowError("wrong_type", f"words is {_json_type(words)}; it must be an array")
    for word in words:
        if type(word) is not dict:
            raise RowError("wrong_type", f"a word is {_json_type(word)}; it must be an object")
        _check_number(word, "end", "a word", limit=MAX_SECONDS)
        if word.get("word") and type(word["word"]) is not str:
            raise RowError("wrong_type", "a word's word is not text")
    kept = [word for word in words if word["end"] <= limit]
    return {
        **segment,
        "end": kept[-1]["end"] if kept else segment["start"],
        "text": " ".join(text for word in kept if (text := word.get("word"))),
        "words": kept,
    }
