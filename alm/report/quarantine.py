"""The page of rows that could not be processed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from alm.statistics.outcome import Stats

MOST_ROWS = 200
MOST_MANIFESTS = 20

REASONS = {
    "invalid_json": "not valid JSON",
    "invalid_utf8": "not UTF-8",
    "not_an_object": "not a JSON object",
    "missing_field": "a required field is missing",
    "wrong_type": "a field has the wrong type",
    "not_finite": "a number is not finite",
    "out_of_range": "a number is out of range",
    "too_deep": "nested too deep",
    "line_too_long": "a line is too long",
    "too_large": "its output would be too large",
}
"""In words; a reason that is not here shows its code alone."""

RefusedRow = Mapping[str, Any]
"""A line of ``quarantine.jsonl``."""


def quarantine(stats: Stats, refused: Iterable[RefusedRow]) -> dict[str, object]:
    """The values of the page.

    Args:
        stats: the run.
        refused: the content of ``quarantine.jsonl``; read once, the first ones are shown.
    """
    refused = iter(refused)
    first = list(islice(refused, MOST_ROWS))
    reasons = Counter(row["reason"] for row in first)
    manifests = Counter(row["manifest_filepath"] for row in first)
    for row in refused:
        reasons[row["reason"]] += 1
        manifests[row["manifest_filepath"]] += 1
    return {
        "accepted": stats["entries"],
        "refused": reasons.total(),
        "allowed": stats["parameters"]["max_invalid_fraction"],
        "reasons": [
            (REASONS.get(reason, reason), reason, number)
            for reason, number in reasons.most_common()
        ],
        "number_of_manifests": len(manifests),
        "worst_manifests": manifests.most_common(MOST_MANIFESTS),
        "first_rows": first,
    }
