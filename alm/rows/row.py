"""One line of a manifest -> one sound row, or the reason why it is none.

Whether a row is sound depends on the row alone, never on the parameters, so that the same
rows are good at every setting (SEMANTICS: "differs on purpose").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add, sub
from typing import Any, NamedTuple, cast

from alm import compiled
from alm.errors import RowError
from alm.rows import codec

Row = dict[str, Any]
Segment = dict[str, Any]
Number = int | float

MAX_SECONDS = 1e290
"""Times beyond this are refused: sums of durations could overflow to infinity."""

LONGEST_RECORDING = 1e9
"""Seconds; a ``duration`` beyond this is not believed."""

NUMBERS = frozenset({int, float})
_SPEAKERS = frozenset({str, type(None)})
_NO_METRICS: dict[str, Any] = {}


class Timeline(NamedTuple):
    """The columns of a row's segments that decisions are made on, one value a segment.

    ``total_dur`` is the plain sum of the durations, ``last_end`` the largest end, 0 without
    segments; ``furthest`` the largest distance of a time from 0, ``floats`` whether all times are
    floats.
    """

    starts: Sequence[Number]
    ends: Sequence[Number]
    durations: Sequence[Number]
    bandwidths: Sequence[Number]
    speakers: Sequence[str | None]
    total_dur: Number
    last_end: Number
    furthest: Number
    floats: bool


def parse_row(line: bytes) -> Row:
    """Parse one manifest line.

    Raises:
        RowError: the line is not UTF-8, not JSON, not an object, or holds a number that is
            not finite.
    """
    row = codec.loads(line)
    if type(row) is not dict:
        raise RowError(
            "not_an_object",
            f"the line is {json_type(row)}; a row must be an object, {{...}}, one a line",
        )
    return row


def timeline(row: Mapping[str, Any]) -> Timeline:
    """The columns of a sound row.

    Raises:
        RowError: a required field is missing, of the wrong type or not finite.
    """
    if compiled.kernel and (columns := compiled.kernel.timeline(row)):
        return Timeline(*columns)
    try:
        segments = row["segments"]
        starts = [segment["start"] for segment in segments]
        ends = [segment["end"] for segment in segments]
        bandwidths = _bandwidths(segments)
        speakers = [segment.get("speaker") for segment in segments]
        times = starts + ends
        types = set(map(type, times))
        furthest = max(max(times), -min(times)) if times else 0
        sound = (
            type(segments) is list
            and types <= NUMBERS
            and NUMBERS.issuperset(map(type, bandwidths))
            and _SPEAKERS.issuperset(map(type, speakers))
            and type(row["audio_sample_rate"]) in NUMBERS
            # NaN and infinity survive every addition, so one test of the sums finds them.
            and math.isfinite(sum(times) + sum(bandwidths) + row["audio_sample_rate"])
            and furthest <= MAX_SECONDS
        )
    except (KeyError, TypeError, AttributeError, OverflowError):
        sound = False
    if not sound:
        _explain(row)
    durations = list(map(sub, ends, starts))
    return Timeline(
        starts,
        ends,
        durations,
        bandwidths,
        speakers,
        add_up(durations),
        max(ends, default=0),
        furthest,
        types == {float},
    )


def add_up(values: Sequence[Number]) -> Number:
    """Plain left-to-right sum: since Python 3.12 ``sum`` compensates and gives other last bits."""
    return reduce(add, values, 0)


def _bandwidths(segments: Sequence[Segment]) -> list[Number]:
    try:
        return [segment["metrics"]["bandwidth"] for segment in segments]
    except KeyError:
        return [segment.get("metrics", _NO_METRICS).get("bandwidth", 0) for segment in segments]


def _explain(row: Mapping[str, Any]) -> None:
    """Raise the error that names what :func:`timeline` found unsound."""
    check_number(row, "audio_sample_rate", "the row")
    if "segments" not in row:
        raise RowError("missing_field", "the row has no segments; write [] where there are none")
    segments = row["segments"]
    if type(segments) is not list:
        raise RowError("wrong_type", f"segments is {json_type(segments)}; it must be an array")
    for index, segment in enumerate(segments):
        where = f"segments[{index}]"
        if type(segment) is not dict:
            raise RowError("wrong_type", f"{where} is {json_type(segment)}; it must be an object")
        for name in ("start", "end"):
            check_number(segment, name, where, limit=MAX_SECONDS)
        metrics = segment.get("metrics", _NO_METRICS)
        if type(metrics) is not dict:
            raise RowError(
                "wrong_type",
                f"{where}.metrics is {json_type(metrics)}; it must be an object or absent",
            )
        if "bandwidth" in metrics:
            check_number(metrics, "bandwidth", f"{where}.metrics")
        speaker = segment.get("speaker")
        if type(speaker) not in _SPEAKERS:
            raise RowError(
                "wrong_type",
                f"{where}.speaker is {json_type(speaker)}; it must be text, null or absent",
            )


def check_number(
    owner: Mapping[str, Any], name: str, where: str, limit: float | None = None
) -> None:
    if name not in owner:
        raise RowError("missing_field", f"{where} has no {name}")
    value = owner[name]
    if type(value) not in NUMBERS:
        raise RowError("wrong_type", f"{where}: {name} is {json_type(value)}; it must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise RowError("not_finite", f"{where}: {name} is {value}; it must be finite")
    if limit is not None and abs(value) > limit:
        raise RowError("out_of_range", f"{where}: {name} is beyond {limit:g} s")


def json_type(value: Any) -> str:
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


def recording_length(row: Mapping[str, Any], last_end: Number) -> Number:
    """Seconds of a recording: its ``duration`` if that can be true, else the last end."""
    duration: Any = row.get("duration")
    if type(duration) in NUMBERS and last_end <= duration <= LONGEST_RECORDING:
        return cast(Number, duration)
    return max(last_end, 0)
