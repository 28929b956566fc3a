"""A line of a manifest -> a row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, cast

import orjson

from alm.errors import RowError
from alm.rows import codec

Row = dict[str, Any]
Segment = dict[str, Any]
Number = int | float

MAX_SECONDS = 1e290
"""Times beyond this are refused: sums of durations could overflow to infinity."""

LONGEST_RECORDING = 1e9
"""Seconds; a larger ``duration`` is taken for a mistake."""

# orjson gives every row the same objects as keys, and these are they: a key is then found by being
# the same object, without a look at its letters.
START, END, METRICS, BANDWIDTH, SPEAKER, WORDS, WORD = orjson.loads(
    b'{"start":0,"end":0,"metrics":0,"bandwidth":0,"speaker":0,"words":0,"word":0}'
)

REFUSED = "alm_refused"
"""The field of a row that stands for what could not be made a row: its reason and detail."""

NUMBERS = frozenset({int, float})


def parse_row(line: bytes) -> Row:
    """Parse one manifest line.

    Raises:
        RowError: the line is not UTF-8, not JSON, not an object, or holds a number that is
            not finite; or it stands for what was refused when the manifest was prepared.
    """
    row = codec.loads(line)
    if type(row) is not dict:
        raise RowError(
            "not_an_object",
            f"the line is {json_type(row)}; a row must be an object, {{...}}, one a line",
        )
    if REFUSED in row:
        raise RowError(*map(str, row[REFUSED]))
    return row


def add_up(values: Sequence[Number]) -> Number:
    """Plain left-to-right sum: since Python 3.12 ``sum`` compensates and gives other last bits."""
    return reduce(add, values, 0)


def not_a_number(owner: Mapping[str, Any], name: str, where: str) -> RowError:
    """The error that ``owner[name]``, which is no usable number, is to be refused with."""
    if name not in owner:
        return RowError("missing_field", f"{where} has no {name}")
    value = owner[name]
    if type(value) not in NUMBERS:
        return RowError("wrong_type", f"{where}: {name} is {json_type(value)}; it must be a number")
    if type(value) is float and not math.isfinite(value):
        return RowError("not_finite", f"{where}: {name} is {value}; it must be finite")
    return RowError("out_of_range", f"{where}: {name} is beyond {MAX_SECONDS:g} s")


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
            return f"of the Python type {type(value).__name__}"


def believable_duration(row: Mapping[str, Any]) -> Number | None:
    """The ``duration`` of a row, seconds, if there is one that a recording can have."""
    duration: Any = row.get("duration")
    if type(duration) in NUMBERS and 0 < duration <= LONGEST_RECORDING:
        return cast(Number, duration)
    return None


def recording_length(row: Mapping[str, Any], first_start: Number, last_end: Number) -> Number:
    """Seconds of a recording: its ``duration`` if that can be true, else what segments tell.

    They tell that it begins where the first of them starts, at ``first_start``, which may be
    negative, and goes on to ``last_end``.
    """
    heard = max(last_end - first_start, 0)
    duration = believable_duration(row)
    if duration is None or duration < max(heard, last_end):
        return heard
    return duration
