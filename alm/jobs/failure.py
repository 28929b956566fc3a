"""Why a run failed, in one line, from what its jobs wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path

from alm.text import shortened

_ERROR = re.compile(r"^[\d-]+ [\d:,]+ ERROR (.*)", re.MULTILINE)
_LONGEST = 600
"""Letters of a message; a line may hold anything."""

_TAIL_BYTES = 1 << 16


def why_it_failed(logs: str | Path, quarantine: str | Path, since: float) -> str | None:
    """The first bad row, if too many were quarantined, else the first error of a job; or None.

    Args:
        logs: the folder of the jobs' logs.
        quarantine: ``quarantine.jsonl``.
        since: when the run began, seconds since the epoch; older logs are not its own.
    """
    found = []
    for path in Path(logs).rglob("*.log"):
        changed = path.stat().st_mtime
        if changed >= since and (message := _first_error(path)):
            found.append((changed, path.stem, message))
    if not found:
        return None
    _, rule, message = min(found)
    if rule == "merge_output" and (row := _first_bad_row(Path(quarantine))):
        return row
    return shortened(message, _LONGEST)


def _first_error(log: Path) -> str | None:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        found = _ERROR.search(file.read().decode(errors="replace"))
    return found[1] if found else None


def _first_bad_row(quarantine: Path) -> str | None:
    try:
        with quarantine.open("rb") as file:
            row = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    where = f"{row['manifest_filepath']}, line {row['line_number']} (byte {row['byte_offset']})"
    return shortened(f"first bad row: {where}: {row['detail']} [{row['reason']}]", _LONGEST)
