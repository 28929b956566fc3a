"""The output of all shards -> ``alm_output.jsonl``, or an index of it."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from alm import files
from alm.errors import TooManyInvalidError
from alm.input.digests import DIGEST_BYTES, PIECE, damaged, digest_lines
from alm.input.storage import Meter
from alm.jobs.manifests import check_manifests
from alm.jobs.meter import LoggedShare
from alm.rows import codec
from alm.statistics.counters import total
from alm.statistics.summary import Summary, add_summaries

MERGED = "alm_output.jsonl"
INDEX = "alm_output.index.jsonl"
"""The result of a run: one or the other, never both."""

logger = logging.getLogger("alm")


class Pieces(NamedTuple):
    """What the jobs of the shards have left, in input order.

    Attributes:
        shards: the files that say what each shard holds.
        built, overlapped: the summaries of each shard's build and overlap.
        line_digests: the digests of the lines that each build read.
        rows: the output of each shard.
        row_digests: the digests of these rows; for both see :mod:`alm.input.digests`.
    """

    shards: Sequence[str | Path]
    built: Sequence[str | Path]
    overlapped: Sequence[str | Path]
    line_digests: Sequence[str | Path]
    rows: Sequence[str | Path]
    row_digests: Sequence[str | Path]


def merge_output(
    pieces: Pieces,
    quarantine: str | Path,
    target: str | Path,
    max_invalid_fraction: float,
) -> None:
    """Join the shards' output in input order, unless too many rows were refused.

    An index beside it, of an earlier run, goes: of two results one might be old.

    Args:
        pieces: what the jobs of the shards have left.
        quarantine: ``quarantine.jsonl``, named and counted in the error.
        target: ``alm_output.jsonl``.
        max_invalid_fraction: the accepted share of rows that could not be processed, 0 to 1.

    Raises:
        TooManyInvalidError: there were more.
        ManifestError: a manifest was replaced while the run was under way.
        DamageError: the output of a shard is not as its job wrote it.
    """
    _remove(Path(target).with_name(INDEX))
    _counts(pieces, quarantine, max_invalid_fraction)
    meter = _meter(pieces)
    with files.written_whole(target) as output:
        for part, digests in zip(pieces.rows, pieces.row_digests, strict=True):
            _copy(part, digests, output, meter)


def index_output(
    pieces: Pieces,
    quarantine: str | Path,
    target: str | Path,
    max_invalid_fraction: float,
) -> None:
    """List the shards' output in input order, unless too many rows were refused.

    A line a shard: ``path``, relative to the index, ``rows`` and ``bytes``. One after the other
    the files are what :func:`merge_output` writes. Such a file of an earlier run goes.

    Args:
        pieces, quarantine, max_invalid_fraction: as in :func:`merge_output`.
        target: ``alm_output.index.jsonl``.

    Raises:
        TooManyInvalidError: more rows could not be processed than are accepted.
        ManifestError: a manifest was replaced while the run was under way.
        DamageError: the output of a shard is not as its job wrote it.
    """
    _remove(Path(target).with_name(MERGED))
    counts = _counts(pieces, quarantine, max_invalid_fraction)
    meter = _meter(pieces)
    with files.written_whole(target) as output, open(os.devnull, "wb") as nowhere:
        for part, digests, entries in zip(pieces.rows, pieces.row_digests, counts, strict=True):
            _copy(part, digests, nowhere, meter)
            path = os.path.relpath(part, Path(target).parent)
            line = {"path": path, "rows": entries, "bytes": os.path.getsize(part)}
            output.write(codec.dumps(line) + b"\n")


def _meter(pieces: Pieces) -> Meter:
    return LoggedShare(sum(map(os.path.getsize, pieces.rows)), "copied")


def _remove(stale: Path) -> None:
    if stale.exists():
        logger.info("removing %s of an earlier run with another setting of merge", stale)
        stale.unlink()


class _Copied:
    """A file whose lines also go to another one, as they are read."""

    def __init__(self, source: BinaryIO, target: BinaryIO, meter: Meter) -> None:
        self._source, self._target, self._meter = source, target, meter

    def readline(self, size: int) -> bytes:
        piece = self._source.readline(size)
        self._target.write(piece)
        self._meter(len(piece))
        return piece


def _copy(part: str | Path, digests: str | Path, target: BinaryIO, meter: Meter) -> None:
    """Copy the output of a shard, with a look at every row of it on the way."""
    with open(part, "rb", buffering=PIECE) as rows, open(digests, "rb") as known:
        for digest, _ in digest_lines(_Copied(rows, target, meter), os.path.getsize(part)):
            if known.read(DIGEST_BYTES) != digest:
                raise damaged(part)
        if known.read(1):
            raise damaged(part)


def _counts(pieces: Pieces, quarantine: str | Path, max_invalid_fraction: float) -> list[int]:
    """How many rows of each shard came out, if all of them read the same manifests."""
    check_manifests(pieces.shards, map(Summary.read, pieces.built), pieces.line_digests)
    counts = []
    for paths in zip(pieces.built, pieces.overlapped, strict=True):
        stats = total(add_summaries(map(Summary.read, paths)).stats.values())
        counts.append((stats["entries"], stats["quarantined"]))
    _check_refused(counts, quarantine, max_invalid_fraction)
    return [entries for entries, _ in counts]


def _check_refused(
    counts: Sequence[tuple[int, int]], quarantine: str | Path, max_invalid_fraction: float
) -> None:
    refused = sum(count for _, count in counts)
    rows = refused + sum(entries for entries, _ in counts)
    if rows and refused / rows > max_invalid_fraction:
        with open(quarantine, "rb") as file:
            reasons = Counter(codec.loads(line)["reason"] for line in file)
        listed = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        raise TooManyInvalidError(
            f"{refused} of {rows} rows ({refused / rows:.3%}) could not be processed ({listed}); "
            f"max_invalid_fraction = {max_invalid_fraction:g} does not allow that. Look at "
            f"{quarantine}; repair the rows, or raise max_invalid_fraction to go on without them. "
            "No output was written."
        )
