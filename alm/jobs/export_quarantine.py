"""The windows of all shards without a clip -> ``exports/quarantine.jsonl``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alm import files


def join_quarantines(parts: Sequence[str | Path], target: str | Path) -> None:
    """Write them one after the other: a line each, which window, and why.

    Args:
        parts: what :func:`alm.jobs.clips.cut_clips` wrote of each shard, in input order.
        target: ``quarantine.jsonl``; empty if every window has its clips.
    """
    files.join(parts, target)
