"""The recordings of all shards -> a table of them, and those that the report shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from heapq import nsmallest
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from alm import files
from alm.exports.example import audio_path, recording_id, span_name
from alm.params import OverlapParams
from alm.records.drawing import drawing
from alm.records.record import Record, decode, finish
from alm.rows import codec
from alm.statistics.recordings import COLUMNS, Recording, public_line, read_recording

OF_EACH = 80
"""Recordings in the report: the poorest, the richest, and some at random; so many of each."""

MOST_BYTES = 4_000_000
"""Of a record that is drawn; a larger one would take long to show."""

_POOL = 10_000
"""Recordings that wait to be picked from, to keep memory bounded."""


class Candidate(NamedTuple):
    """A recording among those to pick from: its place in the input, its shard, what picks it."""

    number: int
    shard: int
    chance: bytes
    recording: Recording


def write_recordings(
    tables: Sequence[str | Path],
    records: Sequence[str | Path],
    tsv: str | Path,
    picked: str | Path,
    overlap: OverlapParams,
) -> None:
    """Join the tables of all shards, and draw some of their recordings.

    Which ones are picked depends on the recordings and their order alone, not on the shards.

    Args:
        tables: of each shard, in input order: see :mod:`alm.statistics.recordings`.
        records: what the build of each shard wrote.
        tsv: output, the whole table.
        picked: output, JSON: a list with figures and a drawing of each.
        overlap: the parameters of the second stage, resolved.
    """
    pool: list[Candidate] = []
    with files.written_whole(tsv) as table:
        table.write("\t".join(COLUMNS).encode() + b"\n")
        for candidate, line in _candidates(tables):
            table.write(public_line(line))
            pool.append(candidate)
            if len(pool) > _POOL:
                pool = list(_picked(pool, spare=2 * OF_EACH))
    shown = [
        {**_figures(candidate.recording), "why": why, **_drawn(candidate, records, overlap)}
        for candidate, why in _picked(pool).items()
    ]
    with files.written_whole(picked) as file:
        file.write(codec.dumps(shown) + b"\n")


def _candidates(tables: Sequence[str | Path]) -> Iterator[tuple[Candidate, bytes]]:
    numbers = count()
    for shard, path in enumerate(tables):
        with open(path, "rb") as file:
            for line in file:
                recording = read_recording(line)
                name = f"{recording.manifest}\t{recording.name}".encode()
                chance = hashlib.blake2b(name, digest_size=8).digest()
                yield Candidate(next(numbers), shard, chance, recording), line


def _picked(pool: Sequence[Candidate], spare: int = 0) -> dict[Candidate, str]:
    """The poorest, the richest and some others of a pool, each with why it was picked.

    Of equally poor or rich recordings the longest come first, which are most of the audio.

    Args:
        pool: in input order.
        spare: how many more to take at random, as others may turn out to be poorer or richer.
    """
    orders = {
        "poorest": lambda each: (each.recording.gain, -each.recording.length, each.number),
        "richest": lambda each: (-each.recording.gain, -each.recording.length, each.number),
    }
    found: dict[Candidate, str] = {}
    for why, order in orders.items():
        for candidate in nsmallest(OF_EACH, pool, key=order):
            found.setdefault(candidate, why)
    most = OF_EACH + spare
    rest = (candidate for candidate in pool if spare or candidate not in found)
    for candidate in nsmallest(most, rest, key=lambda each: (each.chance, each.number)):
        found.setdefault(candidate, "random")
    return found


def _figures(recording: Recording) -> dict[str, Any]:
    return {
        name: value for name, value in recording._asdict().items() if name not in ("offset", "size")
    }


def _drawn(
    candidate: Candidate, records: Sequence[str | Path], overlap: OverlapParams
) -> dict[str, Any]:
    """The drawing of a recording; nothing for one that is too large."""
    if candidate.recording.size > MOST_BYTES:
        return {"drawing": None}
    with open(records[candidate.shard], "rb") as file:
        file.seek(candidate.recording.offset)
        record = decode(file.read(candidate.recording.size))
    kept = finish(record, overlap).decision.kept
    found = drawing(record, kept)
    if found is not None:
        found["clips"] = _clips(record)
        for window, k in zip(found["windows"], kept, strict=False):
            window["clip"] = span_name(record.windows.starts[k], record.windows.ends[k])
    return {"drawing": found}


def _clips(record: Record) -> str:
    """What the export ``audio`` calls a recording; the names of its clips begin with that."""
    return recording_id(audio_path(codec.loads(record.fields)))
