"""The quarantined rows of all shards -> ``quarantine.jsonl``."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from heapq import merge
from pathlib import Path
from typing import Any

from alm import files
from alm.input.quarantine import to_line
from alm.rows import codec
from alm.statistics.summary import Summary


def merge_quarantine(
    built: Sequence[str | Path],
    overlapped: Sequence[str | Path],
    summaries: Sequence[str | Path],
    target: str | Path,
) -> None:
    """Join the shards' quarantined rows, in input order, numbering their lines in the manifest.

    A shard knows only how many lines its own ranges hold; all shards together know them all.

    Args:
        built, overlapped: what each shard's build and overlap refused.
        summaries: the summary of each shard's build.
        target: ``quarantine.jsonl``.
    """
    starts: dict[str, list[int]] = defaultdict(list)
    lines_before: dict[str, list[int]] = defaultdict(lambda: [0])
    for path in summaries:
        for manifest, start, lines in Summary.read(path).line_counts:
            starts[manifest].append(start)
            lines_before[manifest].append(lines_before[manifest][-1] + lines)
    order = {manifest: number for number, manifest in enumerate(starts)}

    def place(row: dict[str, Any]) -> tuple[int, int]:
        return order[row["manifest_filepath"]], row["byte_offset"]

    with files.written_whole(target) as output:
        for early, late in zip(built, overlapped, strict=True):
            with open(early, "rb") as first, open(late, "rb") as second:
                for row in merge(map(codec.loads, first), map(codec.loads, second), key=place):
                    manifest = row["manifest_filepath"]
                    piece = bisect_right(starts[manifest], row["byte_offset"]) - 1
                    row["line_number"] += lines_before[manifest][piece]
                    output.write(to_line(row))
