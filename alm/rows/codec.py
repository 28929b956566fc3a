"""JSON text <-> values, exactly: fast through orjson, slowly where orjson refuses or rounds.

What a row merely passes through must come out as it went in: integers beyond 64 bits (orjson
reads them as floats) and lone surrogates (orjson refuses them) take the standard library's path.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import orjson

from alm.errors import RowError
from alm.rows.text import has_long_digits, joined

MAX_DEPTH = 250
"""So deep is always accepted, being below what orjson writes (254) and what the standard library
reads from any caller's depth. What is deeper is refused by what meets the limit: looking for it in
every row would cost more than it is worth."""

MAX_DIGITS = 4000
"""Below what Python converts (4300)."""

_BREAK = orjson.Fragment(b"\n")
"""Tells where a text ends and the next begins: no text that orjson writes has a line break."""

_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[][{}]', re.DOTALL)
"""A bracket or a whole string. One without an end reaches to that of the text: looking for another
one at each quote within it took four times as long for a line of twice the length."""

_LONG_INTEGER = re.compile(rb"(?<![\d.eE+])\d{19,}(?![\d.eE])")


def loads(text: bytes) -> Any:
    """Parse one JSON text; of duplicate keys the last one counts.

    Raises:
        RowError: not UTF-8, not JSON, or a number in it is not finite.
    """
    if not (has_long_digits(text) and _LONG_INTEGER.search(text)):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
    return _loads_exactly(text)


def _loads_exactly(text: bytes) -> Any:
    try:
        # Without the line break an error at the end of a line has the column that people see.
        decoded = text.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowError(
            "invalid_utf8", f"byte {error.start} of the line is not UTF-8; re-encode the manifest"
        ) from error
    if _is_too_deep(decoded):
        raise too_deep()
    try:
        return json.loads(
            decoded,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_short_integer,
        )
    except ValueError as error:
        raise RowError("invalid_json", f"not valid JSON: {error}") from error


def _refuse_constant(name: str) -> Any:
    raise RowError("not_finite", f"{name} is not a finite number, and not JSON either")


def _finite_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise RowError("not_finite", f"{text[:40]} is beyond the range of a double")
    return value


def _short_integer(text: str) -> int:
    digits = len(text.lstrip("-"))
    if digits > MAX_DIGITS:
        raise RowError(
            "out_of_range", f"an integer of {digits} digits; at most {MAX_DIGITS} can be kept"
        )
    return int(text)


def _is_too_deep(text: str) -> bool:
    """Whether brackets are nested too deep, those in strings aside."""
    depth = 0
    for found in _BRACKET.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif found[0] in "]}":
            depth -= 1
    return False


def _depth_of_value(value: Any) -> int:
    depth = 0
    level = [value]
    while level := [
        child
        for parent in level
        if isinstance(parent, dict | list)
        for child in (parent.values() if isinstance(parent, dict) else parent)
    ]:
        depth += 1
    return depth


def too_deep() -> RowError:
    """The error that a value nested too deeply is refused with."""
    return RowError("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep")


def dumps(value: Any) -> bytes:
    """One compact line of JSON for finite ``value``.

    Raises:
        RowError: nested too deeply.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        # An integer beyond 64 bits, a lone surrogate, or too deep for orjson.
        if _depth_of_value(value) > MAX_DEPTH:
            raise too_deep() from None
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def dumps_joined(values: Sequence[Any]) -> tuple[bytes, list[int]]:
    """The texts of values joined by commas, and where each begins, and where one more would.

    Each is as :func:`dumps` writes it.
    """
    if not values:
        return b"", [0]
    parted = [_BREAK] * (2 * len(values) - 1)
    parted[::2] = values
    try:
        return joined(orjson.dumps(parted), len(values))  # many calls took half as long again
    except TypeError:
        texts = [dumps(value) for value in values]
    return b",".join(texts), [0, *accumulate([len(text) + 1 for text in texts])]
