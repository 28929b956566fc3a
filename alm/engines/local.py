"""The engine that is none: chunk after chunk, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

C = TypeVar("C")
R = TypeVar("R")


def map_chunks(
    function: Callable[[C], R],
    chunks: Sequence[C],
    *,
    threads: int,
    on_done: Callable[[int, R], None],
) -> list[R]:
    """See `alm.engines.map_chunks`; ``threads`` makes no difference here."""
    results = []
    for index, chunk in enumerate(chunks):
        result = function(chunk)
        results.append(result)
        on_done(index, result)
    return results
