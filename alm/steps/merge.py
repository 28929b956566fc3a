"""Last steps of a run: the shards' files -> the files that users open."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from alm import codec, files
from alm.errors import TooManyInvalidError
from alm.quarantine import to_line
from alm.stats import total
from alm.steps.summary import Summary


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

    Args:
        parts: the output of each shard.
        summaries: the summary of each shard's build.
        quarantine: ``quarantine.jsonl``, named and counted in the error.
        target: ``alm_output.jsonl``.
        max_invalid_fraction: the accepted share of rows that could not be processed, 0 to 1.

    Raises:
        TooManyInvalidError: there were more.
    """
    stats = total(
        manifest_stats for path in summaries for manifest_stats in Summary.read(path).stats.values()
    )
    refused, rows = stats["quarantined"], stats["quarantined"] + stats["entries"]
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
    files.join(parts, target)
