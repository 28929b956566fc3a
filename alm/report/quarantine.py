"""The page of rows that could not be processed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from alm.report.html import exact, table, tag
from alm.report.page import cards, notice, page, section
from alm.statistics.outcome import Stats
from alm.text import count, counted, percent, shortened

MOST_RECORDS = 200
MOST_MANIFESTS = 20
MOST_TEXT = 240
"""Letters of a row."""

REASONS = {
    "invalid_json": "not valid JSON",
    "invalid_utf8": "not UTF-8",
    "not_an_object": "not a JSON object",
    "missing_field": "a required field is missing",
    "wrong_type": "a field has the wrong type",
    "not_finite": "a number is not finite",
    "out_of_range": "a number is out of range",
    "too_deep": "nested too deep",
}
"""In words; a reason that is not here shows its code alone."""

Record = Mapping[str, Any]
"""A line of ``quarantine.jsonl``."""


def quarantine(stats: Stats, records: Iterable[Record]) -> str:
    """The page ``quarantine.html``.

    Args:
        stats: the run.
        records: the content of ``quarantine.jsonl``; read once, the first ones are shown.
    """
    records = iter(records)
    first = list(islice(records, MOST_RECORDS))
    reasons = Counter(record["reason"] for record in first)
    manifests = Counter(record["manifest_filepath"] for record in first)
    for record in records:
        reasons[record["reason"]] += 1
        manifests[record["manifest_filepath"]] += 1
    refused = reasons.total()
    rows = stats["entries"] + refused
    if not refused:
        nothing = "The manifests hold no rows." if not rows else "Every row could be processed."
        return page("No row was quarantined", nothing)
    allowed = stats["parameters"]["max_invalid_fraction"]
    shown = "All of them" if len(first) == refused else f"The first {count(len(first))}"
    return page(
        f"{counted(refused, 'row')} could not be processed",
        f"The run went on without them. Up to {percent(allowed)} of the rows may be quarantined.",
        *([] if stats["entries"] else [notice("Every row was quarantined: nothing was curated.")]),
        cards(
            [
                ("Quarantined", exact(refused, count(refused), "quarantined"), "rows"),
                ("Share", exact(refused / rows, percent(refused / rows)), f"of {count(rows)} rows"),
                ("Manifests", exact(len(manifests), count(len(manifests))), "with such rows"),
            ]
        ),
        section(
            "Why",
            tag(
                "div",
                table(
                    [("reason", False), ("code", False), ("rows", True)],
                    (
                        (REASONS.get(reason, reason), tag("code", reason), count(number))
                        for reason, number in reasons.most_common()
                    ),
                ),
                class_="panel",
            ),
        ),
        section(
            "In which manifests",
            tag(
                "div",
                table(
                    [("manifest", False), ("rows", True)],
                    (
                        (shortened(manifest, 160), count(number))
                        for manifest, number in manifests.most_common(MOST_MANIFESTS)
                    ),
                ),
                class_="panel",
            ),
            about=f"The {MOST_MANIFESTS} with the most such rows."
            if len(manifests) > MOST_MANIFESTS
            else None,
        ),
        section(
            "The rows",
            tag(
                "div",
                table(
                    [
                        ("manifest", False),
                        ("line", True),
                        ("what is wrong", False),
                        ("text", False),
                    ],
                    map(_cells, first),
                    sortable=True,
                ),
                class_="panel",
            ),
            about=f"{shown}; quarantine.jsonl holds them whole.",
        ),
    )


def _cells(record: Record) -> tuple[object, ...]:
    line = record["line_number"]
    return (
        shortened(record["manifest_filepath"], 160),
        exact(line, count(line)),
        shortened(record["detail"], MOST_TEXT),
        tag("code", shortened(record["line"], MOST_TEXT)),
    )
