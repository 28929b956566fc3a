"""Last step of a sweep: the counters of all shards -> a table, and a page that compares them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alm import files
from alm.report.render import render
from alm.report.sweep import as_written, sweep_page
from alm.rows import codec
from alm.statistics.counters import Stats, total
from alm.statistics.levers import combinations
from alm.statistics.outcome import SAMPLED, sample_note

COLUMNS = (
    "quarantined",
    "candidates",
    "windows",
    "kept_hours",
    "covered_hours",
    "repeated_hours",
    "silence_hours",
    "overlap_hours",
)


def write_sweep(
    counted: Sequence[str | Path],
    tsv: str | Path,
    page: str | Path,
    values: Mapping[str, Any],
    grid: Mapping[str, Sequence[Any]],
    sample_fraction: float | None = None,
) -> None:
    """Write the table and the page of a sweep.

    Args:
        counted: what :func:`alm.jobs.sweep_shard.sweep_shard` wrote of all shards.
        tsv: output, a row a combination; of a preview each ends with its ``sample_fraction``.
        page: output, HTML.
        values: the configured parameters of both stages.
        grid: the values that were tried.
        sample_fraction: the share of recordings that were counted, if not all.
    """
    sums = total(
        Stats.from_json(codec.loads(line))
        for path in counted
        for line in Path(path).read_bytes().splitlines()
    )
    rows = [
        {**combination, **_figures(sums, number)}
        for number, combination in enumerate(combinations(grid))
    ]
    columns = [*grid, *COLUMNS]
    table = rows
    if sample_fraction is not None:
        columns.append(SAMPLED)
        table = [{**row, SAMPLED: sample_fraction} for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, dialect="excel-tab", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: as_written(value) for name, value in row.items()} for row in table)
    with files.written_whole(tsv) as file:
        file.write(text.getvalue().encode())
    with files.written_whole(page) as file:
        shown = sweep_page(rows, grid, values, sums["rows"])
        shown["sample_note"] = sample_note(sample_fraction)
        file.write(render("sweep", shown).encode())


def _figures(sums: Stats, number: int) -> dict[str, Any]:
    kept, covered, silence, overlap = (
        sums.seconds(f"{name}/{number}") / 3600
        for name in ("kept", "covered", "silence", "overlap")
    )
    return {
        "quarantined": sums[f"quarantined/{number}"],
        "candidates": sums[f"candidates/{number}"],
        "windows": sums[f"windows/{number}"],
        "kept_hours": kept,
        "covered_hours": covered,
        "repeated_hours": max(0.0, kept - covered),
        "silence_hours": silence,
        "overlap_hours": overlap,
    }
