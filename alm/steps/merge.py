"""Last steps of a run: the shards' files -> the files that users open."""

from __future__ import annotations

import logging
import os
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from alm import codec, files
from alm.errors import TooManyInvalidError
from alm.quarantine import to_line
from alm.stats import total
from alm.steps.summary import Summary

MERGED = "alm_output.jsonl"
INDEX = "alm_output.index.jsonl"
"""The result of a run: one or the other, never both."""

logger = logging.getLogger("alm")


def merge_quarantine(
    parts: Sequence[str | Path], summaries: Sequence[str | Path], target: str | Path
) -> None:
    """Join the shards' quarantined rows, in input order, numbering their lines in the manifest.

    A shard knows only how many lines its own ranges hold; all shards together know them all.

    Args:
        parts: the quarantine of each shard.
        summaries: the summary of each shard's build.
        target: ``quarantine.jsonl``.
    """
    starts: dict[str, list[int]] = defaultdict(list)
    lines_before: dict[str, list[int]] = defaultdict(lambda: [0])
    for path in summaries:
        for manifest, start, lines in Summary.read(path).line_counts:
            starts[manifest].append(start)
            lines_before[manifest].append(lines_before[manifest][-1] + lines)
    with files.written_whole(target) as output:
        for part in parts:
            with open(part, "rb") as refused:
                for line in refused:
                    record = codec.loads(line)
                    manifest = record["manifest_filepath"]
                    piece = bisect_right(starts[manifest], record["byte_offset"]) - 1
                    record["line_number"] += lines_before[manifest][piece]
                    output.write(to_line(record))


def merge_output(
    parts: Sequence[str | Path],
    summaries: Sequence[str | Path],
    quarantine: str | Path,
    target: str | Path,
    max_invalid_fraction: float,
) -> None:
    """Join the shards' output in input order, unless too many rows were refused.

    An index beside it, of an earlier run, goes: of two results one might be old.

    Args:
        parts: the output of each shard.
        summaries: the summary of each shard's build.
        quarantine: ``quarantine.jsonl``, named and counted in the error.
        target: ``alm_output.jsonl``.
        max_invalid_fraction: the accepted share of rows that could not be processed, 0 to 1.

    Raises:
        TooManyInvalidError: there were more.
    """
    _remove(Path(target).with_name(INDEX))
    _check_refused([_row_counts(path) for path in summaries], quarantine, max_invalid_fraction)
    files.join(parts, target)


def index_output(
    parts: Sequence[str | Path],
    summaries: Sequence[str | Path],
    quarantine: str | Path,
    target: str | Path,
    max_invalid_fraction: float,
) -> None:
    """List the shards' output in input order, unless too many rows were refused.

    A line a shard: ``path``, relative to the index, ``rows`` and ``bytes``. One after the other
    the files are what :func:`merge_output` writes. Such a file of an earlier run goes.

    Args:
        parts, summaries, quarantine, max_invalid_fraction: as in :func:`merge_output`.
        target: ``alm_output.index.jsonl``.

    Raises:
        TooManyInvalidError: more rows could not be processed than are accepted.
    """
    _remove(Path(target).with_name(MERGED))
    counts = [_row_counts(path) for path in summaries]
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


def _row_counts(summary: str | Path) -> tuple[int, int]:
    """How many rows of a shard came out, and how many were refused."""
    stats = total(Summary.read(summary).stats.values())
    return stats["entries"], stats["quarantined"]


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
