"""What Python programs hand in -> the plain values that JSON has.

The compiled code knows ``dict``, ``list``, ``str``, ``int`` and ``float`` themselves, and no
subclass of them; that is also what makes it behave as the interpreted one.
"""

from __future__ import annotations

from collections import UserList
from collections.abc import Mapping
from typing import Any

from alm.errors import RowError
from alm.rows.codec import MAX_DEPTH, too_deep
from alm.rows.row import Row, json_type


def plain_row(entry: object) -> Row:
    """A row of plain values: a copy, down to where it has other ones.

    Mappings (``UserDict``, ``ChainMap``) become dicts, tuples and the like lists, and subclasses,
    such as numpy's ``float64``, what they are derived from. All else stays, to be refused by name.

    Raises:
        RowError: it is no mapping, or nested too deeply.
    """
    row = plain(entry, 0)
    if type(row) is not dict:
        raise RowError("not_an_object", f"the row is {json_type(row)}; it must be an object")
    return row


def plain(value: Any, depth: int = 0) -> Any:
    """One value as :func:`plain_row` has it, nested in ``depth`` others."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if depth > MAX_DEPTH:
        raise too_deep()
    if isinstance(value, Mapping):
        return {plain(key, depth): plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | UserList):
        return [plain(inner, depth + 1) for inner in value]
    match value:
        case str():
            return str.__str__(value)
        case float():
            return float.__float__(value)
        case int():
            return int.__int__(value)
    return value
