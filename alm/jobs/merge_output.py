"""The output of all shards -> ``alm_output.jsonl``, or an index of it."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from alm import files
from alm.errors import TooManyInvalidError
from alm.rows import codec
from alm.statistics.counters import total
from alm.statistics.summary import Summary, add_summaries

MERGED = "alm_output.jsonl"
INDEX = "alm_output.index.jsonl"
"""The result of a run: one or the other, never both."""

logger = logging.getLogger("alm")


def merge_output(
    parts: Sequence[str | Path],
    built: Sequence[str | Path],
    overlapped: Sequence[str | Path],
    quarantine: str | Path,
    target: str | Path,
    max_invalid_fraction: float,
) -> None:
    """Join the shards' output in input order, unless too many rows were refused.

    An index beside it, of an earlier run, goes: of two results one might be old.

    Args:
        parts: the output of each shard.
        built, overlapped: the summaries of each shard's build and overlap.
        quarantine: ``quarantine.jsonl``, named and counted in the error.
        target: ``alm_output.jsonl``.
        max_invalid_fraction: the accepted share of rows that could not be processed, 0 to 1.

    Raises:
        TooManyInvalidError: there were more.
    """
    _remove(Path(target).with_name(INDEX))
    _check_refused(_row_counts(built, overlapped), quarantine, max_invalid_fraction)
    files.join(parts, target)


def index_output(
    parts: Sequence[str | Path],
    built: Sequence[str | Path],
    overlapped: Sequence[str | Path],
    quarantine: str | Path,
    target: str | Path,
    max_invalid_fraction: float,
) -> None:
    """List the shards' output in input order, unless too many rows were refused.

    A line a shard: ``path``, relative to the index, ``rows`` and ``bytes``. One after the other
    the files are what :func:`merge_output` writes. Such a file of an earlier run goes.

    Args:
        parts, built, overlapped, quarantine, max_invalid_fraction: as in :func:`merge_output`.
        target: ``alm_output.index.jsonl``.

    Raises:
        TooManyInvalidError: more rows could not be processed than are accepted.
    """
    _remove(Path(target).with_name(MERGED))
    counts = _row_counts(built, overlapped)
    _check_refused(counts, quarantine, max_invalid_fraction)
    with files.written_whole(target) as output:
        for part, (entries, _) in zip(parts, counts, strict=True):
            path = os.path.relpath(part, Path(target).parent)
            line = {"path": path, "rows": entries, "bytes": os.path.getsize(part)}
            output.write(codec.dumps(line) + b"\n")


def _remove(stale: Path) -> None:
    if stale.exists():
        logger.info("removing %s of an earlier run with another setting of merge", stale)
        stale.unlink()


def _row_counts(
    built: Sequence[str | Path], overlapped: Sequence[str | Path]
) -> list[tuple[int, int]]:
    """How many rows of each shard came out, and how many were refused."""
    counts = []
    for paths in zip(built, overlapped, strict=True):
        summary = add_summaries(map(Summary.read, paths))
        stats = total(summary.stats.values())
        counts.append((stats["entries"], stats["quarantined"]))
    return counts


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
