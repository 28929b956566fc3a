"""Which byte ranges a shard holds, written down for its other jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from alm import files
from alm.input import ByteRange


def write_ranges(ranges: Sequence[ByteRange], path: str | Path) -> None:
    """Write what a shard holds, as JSON."""
    with files.written_whole(path) as file:
        file.write(json.dumps(ranges).encode() + b"\n")
