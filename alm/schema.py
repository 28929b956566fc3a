"""The allowed values of a parameter, as the small part of JSON Schema that we need.

``allowed`` and ``description`` say it for people; error messages quote the former.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_LARGEST = 1e300


def number(
    unit: str = "",
    *,
    minimum: float,
    maximum: float | None = None,
    below: float | None = None,
    null: str | None = None,
) -> Schema:
    """A number.

    Args:
        unit: what it counts.
        minimum, maximum: the range, both ends included.
        below: the upper end where that is not included.
        null: what null stands for, where it is allowed.
    """
    what = f"a number of {unit}" if unit else "a number"
    if below is not None:
        allowed = f"{what} from {minimum} up to, but not including, {below}"
    elif maximum is not None:
        allowed = f"{what} from {minimum} to {maximum}"
    else:
        allowed = f"{what}, {minimum} or more"
    bounds = {"minimum": minimum, "maximum": maximum, "exclusiveMaximum": below}
    return {
        "type": ["number", "null"] if null else "number",
        **{name: bound for name, bound in bounds.items() if bound is not None},
        "allowed": f"{allowed}, or null for {null}" if null else allowed,
    }


def integer(*, minimum: int, null: str | None = None) -> Schema:
    """An integer; ``null`` is what null stands for, where it is allowed."""
    allowed = f"an integer, {minimum} or more"
    return {
        "type": ["integer", "null"] if null else "integer",
        "minimum": minimum,
        "allowed": f"{allowed}, or null for {null}" if null else allowed,
    }


def boolean() -> Schema:
    """True or false."""
    return {"type": "boolean", "allowed": "true or false"}


def choice(*names: str) -> Schema:
    """One of two names or more."""
    *others, last = names
    return {"enum": list(names), "allowed": f"{', '.join(others)} or {last}"}


def field_names() -> Schema:
    """Names of fields, as one text."""
    return {"type": "string", "allowed": "comma-separated field names as text"}


def text() -> Schema:
    """Any text."""
    return {"type": "string", "allowed": "text"}


def conforms(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value is what one of the functions above describes.

    Stricter than JSON schema: 2.0 is no integer, and arithmetic in doubles must be able to take a
    number.
    """
    if "oneOf" in schema:
        return any(conforms(value, one) for one in schema["oneOf"])
    if "enum" in schema:
        return value in schema["enum"]
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if value is None:
        return "null" in types
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, str):
        return "string" in types
    if not (isinstance(value, int) or (isinstance(value, float) and "number" in types)):
        return False
    if not {"number", "integer"} & set(types):
        return False
    within = schema["minimum"] <= value <= schema.get("maximum", _LARGEST)  # NaN is not
    return bool(within and value < schema.get("exclusiveMaximum", math.inf))
