"""Manifests to measure on, the same bytes each time."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path

import orjson
from helpers import ROOT

sys.path.insert(0, str(ROOT / "workflow" / "sample"))
from generate import Recording, row

SHIPPED = ROOT / "workflow" / "sample" / "manifests"
REFERENCE = Path(os.environ.get("ALM_SHARED") or ROOT.parent / "shared") / "sample"

SHORTEST, LONGEST = 2.0, 6900.0
"""Seconds of the recordings whose rows have 1 kB and 1 MB."""


@cache
def shipped_rows() -> tuple[bytes, ...]:
    """The rows of the sample in this repository: some 25 windows each, words in every segment."""
    lines = [path.read_bytes() for path in sorted(SHIPPED.rglob("*.jsonl"))]
    return tuple(b"".join(lines).splitlines(keepends=True))


@cache
def sample_rows() -> tuple[bytes, ...]:
    """The rows of the sample that the reference was measured on (36 windows each), if it is there.

    It is no part of the repository; the shipped rows take its place.
    """
    path = REFERENCE / "sample_input.jsonl"
    return tuple(path.read_bytes().splitlines(keepends=True)) if path.exists() else shipped_rows()


def hour_rows() -> Iterator[bytes]:
    """Recordings of one hour, some 700 segments with word timestamps each; without end."""
    number = 0
    while True:
        recording = Recording(f"hour/{number}.wav", "team", 3600, 16000, (1.5, 1.0, 0.8, 0.6), 12.0)
        yield orjson.dumps(row(recording)) + b"\n"
        number += 1


@cache
def _rows_of_all_sizes() -> tuple[bytes, ...]:
    number = 61  # a prime, so that chunks do not all begin with the same row
    growth = math.log(LONGEST / SHORTEST) / (number - 1)
    seconds = [SHORTEST * math.exp(growth * (17 * k % number)) for k in range(number)]
    return tuple(
        orjson.dumps(row(Recording(f"any/{k}.wav", "team", round(length), 16000, (1.5, 1.0, 0.8))))
        + b"\n"
        for k, length in enumerate(seconds)
    )


def write_rows(path: Path, rows: tuple[bytes, ...], count: int) -> Path:
    """A manifest of ``count`` rows, those given over and over."""
    whole, rest = divmod(count, len(rows))
    block = b"".join(rows)
    with path.open("wb") as file:
        for _ in range(whole):
            file.write(block)
        file.writelines(rows[:rest])
    return path


def write_mixed(path: Path, size: int) -> Path:
    """A manifest of about ``size`` bytes with rows of 1 kB to 1 MB, as many of each magnitude."""
    with path.open("wb") as file:
        for line in cycle(_rows_of_all_sizes()):
            file.write(line)
            if file.tell() >= size:
                return path
    raise AssertionError("there are rows")
