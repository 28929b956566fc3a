"""Columns of numbers as the compiled form has them in C; here they are lists.

A function over times has one source and two compiled variants: on doubles for rows whose times
are all floats, and on Python's own numbers for the rest, whose integers stay integers. The caller
chooses, by what it passes.
"""

from __future__ import annotations


class Doubles:
    """``at``: a copy of some floats, to be indexed and changed while this object lives."""

    def __init__(self, values: list[float]) -> None:
        self.at = list(values)


class Integers:
    """``at``: a copy of some integers, to be indexed and changed while this object lives."""

    def __init__(self, values: list[int]) -> None:
        self.at = list(values)


def all_floats(values: list[float]) -> bool:
    """Whether all are floats; true of no value at all."""
    return {float}.issuperset(map(type, values))


def microseconds(seconds: float) -> int:
    """Seconds as whole microseconds, half to even: a double of them in the variant on doubles."""
    return round(float(seconds) * 1e6)
