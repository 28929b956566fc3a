"""No engine: run the chunks one by one in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

C = TypeVar("C")
R = TypeVar("R")


class Local:
    """See `alm.engines.Engine`; ``threads`` makes no difference but to the number of chunks."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def map_chunks(
        self,
        function: Callable[[C], R],
        chunks: Sequence[C],
        on_done: Callable[[int, R], None],
    ) -> list[R]:
        results = []
        for index, chunk in enumerate(chunks):
            result = function(chunk)
            results.append(result)
            on_done(index, result)
        return results
