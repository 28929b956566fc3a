"""All shards of a run, written down when it starts, for jobs that read the workflow anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from alm import files
from alm.input.shards import Shard


def write_plan(shards: Sequence[Shard], path: str | Path) -> None:
    """Write all shards of a run, in input order, as JSON."""
    with files.written_whole(path) as file:
        file.write(json.dumps(dict(shards)).encode() + b"\n")
