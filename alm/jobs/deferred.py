"""Rows that may be too large: only the second stage knows, once its parameters have chosen.

The first stage does not count them. It gives their records all that the second needs to do so, or
to refuse them as the first would have done.
"""

from __future__ import annotations

from typing import Any

from alm.errors import RowError
from alm.input import Line
from alm.input.quarantine import refused_row
from alm.records.record import NOT_DEFERRED, Record
from alm.rows import codec
from alm.statistics.counters import Stats
from alm.statistics.summary import Summary


def defer(record: Record, manifest: str, line: Line, counted: Summary) -> Record:
    """The record with what was counted of it alone, and how it is to be refused."""
    deferred = {
        "refused": refused_row(manifest, line, RowError("", "")),
        "stats": counted.stats[manifest].to_json(),
        "survey": counted.survey.to_json(),
    }
    return record._replace(deferred=codec.dumps(deferred))


def count_deferred(record: Record, manifest: str, summary: Summary) -> None:
    """Count what the first stage has left to count."""
    if record.deferred != NOT_DEFERRED:
        deferred = codec.loads(record.deferred)
        summary.stats[manifest] += Stats.from_json(deferred["stats"])
        summary.survey += Stats.from_json(deferred["survey"])


def refuse(record: Record, error: RowError) -> dict[str, Any]:
    """The row of a deferred record as it goes to the quarantine."""
    refused: dict[str, Any] = codec.loads(record.deferred)["refused"]
    return refused | {"reason": error.reason, "detail": error.detail}
