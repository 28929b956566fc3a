"""The page of a sweep: which combination of parameters keeps what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alm.statistics.shares import share
from alm.statistics.what_if import config_lines

Row = Mapping[str, Any]


def sweep_page(
    rows: Sequence[Row], grid: Mapping[str, Sequence[Any]], values: Mapping[str, Any], read: int
) -> dict[str, object]:
    """The values of the page.

    Args:
        rows: of ``sweep.tsv``: the parameters and figures of each combination.
        grid: the values that were tried of each parameter.
        values: the configured parameters; the combination that has these is today's.
        read: how many rows the manifests have.
    """
    front = _front(rows)
    longest = max(row["covered_hours"] for row in rows)
    shortest = min(row["covered_hours"] for row in rows)
    repeated = max(row["repeated_hours"] for row in rows)
    listed = [
        {
            **row,
            "config": config_lines({name: row[name] for name in grid}),
            "today": all(row[name] == values[name] for name in grid),
            "on_front": number in front,
            "across": share(row["repeated_hours"], repeated),
            "up": share(row["covered_hours"] - shortest, longest - shortest),
        }
        for number, row in enumerate(rows)
    ]
    ordered = sorted(listed, key=lambda row: (-row["covered_hours"], row["repeated_hours"]))
    return {
        "PAGES": {},  # of a run, which there may be none of
        "names": list(grid),
        "grid": [[as_written(value) for value in tried] for tried in grid.values()],
        "map": _map(listed, [len(tried) for tried in grid.values()]),
        "rows": ordered,
        "read": read,
        "best": ordered[0],
        "today": next((row for row in ordered if row["today"]), None),
        "most_repeated": repeated,
        "most_covered": longest,
        "least_covered": shortest,
    }


def _front(rows: Sequence[Row]) -> set[int]:
    """Those that no other one beats: none covers as much and repeats less, or the other way."""
    order = sorted(
        range(len(rows)), key=lambda k: (rows[k]["repeated_hours"], -rows[k]["covered_hours"])
    )
    front, most = set(), -1.0
    for k in order:
        if rows[k]["covered_hours"] > most:
            front.add(k)
            most = rows[k]["covered_hours"]
    return front


def _map(rows: Sequence[Row], numbers: Sequence[int]) -> list[Sequence[Row]] | None:
    """The rows by the values of the first parameter, if there are two."""
    if len(numbers) != 2:
        return None
    _, across = numbers
    return [rows[first : first + across] for first in range(0, len(rows), across)]


def as_written(value: Any) -> Any:
    """A value as one would write it in a configuration file."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return value
