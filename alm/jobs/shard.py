"""Which byte ranges a shard holds, written down for its other jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alm import files
from alm.input import ByteRange
from alm.input.shards import ranges_text
from alm.jobs.seals import remove_named, unseal


def write_ranges(ranges: Sequence[ByteRange], path: str | Path) -> None:
    """Write what a shard holds, as JSON, to ``work/shards/SHARD.VERSION.json``.

    What was made from another version of its manifests is no longer up to date: its seals go
    before, and so does what was written for that version.
    """
    shards = Path(path).parent
    shard = Path(path).name.partition(".")[0]
    unseal(path)
    for folder in (
        shards,
        *(shards.parents[1] / each / "shard" for each in ("logs", "benchmarks")),
    ):
        remove_named(folder, shard, keep=f"{Path(path).stem}.log")
    with files.written_whole(path) as file:
        file.write(ranges_text(ranges))
