"""The engine that is none: chunk after chunk, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alm.engines import Execution

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


@contextmanager
def open_engine(execution: Execution, folder: Path) -> Iterator[Local]:
    """See `alm.engines.open_engine`; there is nothing to start or to check here."""
    yield Local(execution.threads)
