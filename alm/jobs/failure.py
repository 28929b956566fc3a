"""Why a run failed, in one line, from what its jobs wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from alm.jobs.terminal import Failure
from alm.text import shortened

_ERROR = re.compile(r"^[\d-]+ [\d:,]+ ERROR (.*)", re.MULTILINE)
_LONGEST = 600
"""Letters of a message; a line may hold anything."""

_TAIL_BYTES = 1 << 16


def why_it_failed(
    logs: str | Path, quarantine: str | Path, since: float, failures: Sequence[Failure] = ()
) -> str | None:
    """The first error of a job, with the first bad row if too many were quarantined; or None.

    Args:
        logs: the folder of the jobs' logs.
        quarantine: ``quarantine.jsonl``.
        since: when the run began, seconds since the epoch; older logs are not its own.
        failures: the jobs that have failed, if it is known.
    """
    found = []
    for path in Path(logs).rglob("*.log"):
        changed = path.stat().st_mtime
        if changed >= since and (message := _first_error(path)):
            found.append((changed, message))
    if not found:
        return _without_a_word(failures[0]) if failures else None
    _, message = min(found)
    message = shortened(message, _LONGEST)
    if "max_invalid_fraction" in message and (row := _first_bad_row(Path(quarantine))):
        return f"{message} {row}"
    return message


def _without_a_word(failure: Failure) -> str:
    return (
        f"{failure.job} ended without saying why, as a job does that is killed: for want of "
        f"memory, perhaps; give it more, or let fewer jobs run at once (see {failure.log})"
    )


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
    return shortened(f"The first: {where}: {row['detail']} [{row['reason']}]", _LONGEST)
