"""The parts of outputs: where the workers of a shard write them, and how they are joined."""

from __future__ import annotations

import glob
import os
import shutil
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from alm import files

LOOK_SECONDS = 0.05
"""Seconds between two looks for the next part."""


@contextmanager
def part_folders(outputs: Sequence[Path]) -> Iterator[list[Path]]:
    """A new empty folder beside each output, removed afterwards.

    What a killed job has left goes first. Should it still run, it fails instead of mixing its
    parts with ours.
    """
    run = uuid.uuid4().hex[:8]
    folders = [output.with_name(f"{output.name}.parts-{run}") for output in outputs]
    try:
        for output, folder in zip(outputs, folders, strict=True):
            for leftover in output.parent.glob(f"{glob.escape(output.name)}.parts-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            folder.mkdir(parents=True)
        yield folders
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def joined(
    parts: Sequence[Sequence[Path]], outputs: Sequence[Path], *, as_they_come: bool
) -> Iterator[None]:
    """Join the parts that the block writes into each output; no output if the block fails.

    Args:
        parts: those of each output, in order.
        outputs: the files to write, each whole or not at all.
        as_they_come: join while the block still runs, so that its end is also that of the copying.
            A part is whole as soon as it is there, and the same bytes if its chunk is worked on
            again. Not for parts from other machines: a network file system may say for a minute
            that a file is not there, if it was not when it was first looked for.
    """
    over, failed = threading.Event(), threading.Event()

    def whole_ones(own: Sequence[Path]) -> Iterator[Path]:
        for part in own:
            while not over.is_set() and not (as_they_come and part.exists()):
                over.wait(LOOK_SECONDS)
            if failed.is_set():
                break
            yield part
        over.wait()
        if failed.is_set():
            raise InterruptedError

    def make(own: Sequence[Path], output: Path) -> None:
        if len(own) > 1:
            files.join(whole_ones(own), output)
            return
        over.wait()
        if not failed.is_set():
            os.replace(own[0], output)

    with ThreadPoolExecutor(len(outputs), "join") as pool:
        made = [pool.submit(make, own, output) for own, output in zip(parts, outputs, strict=True)]
        try:
            yield
        except BaseException:
            failed.set()
            raise
        finally:
            over.set()
    for output in made:
        output.result()
