"""The report of a run: statistics, quarantine and benchmarks -> its pages."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alm import files
from alm.report.manifests import manifests
from alm.report.overview import overview
from alm.report.quarantine import RefusedRow, quarantine
from alm.report.recordings import recordings
from alm.report.render import render
from alm.report.runtime import Job, runtime
from alm.report.windows import windows
from alm.rows import codec
from alm.statistics.outcome import sample_note

RULES_OF_SHARDS = ("prepare_shard", "build", "overlap")
RULES_OF_RUN = ("merge_quarantine", "merge_output", "what_if", "stats", "recordings")


def write_report(
    stats_json: str | Path,
    stats_tsv: str | Path,
    quarantine_jsonl: str | Path,
    recordings_json: str | Path,
    compare_with: str | None,
    benchmarks: str | Path,
    shards: Sequence[str],
    pages: Mapping[str, str | Path],
    groups: Sequence[str] = (),
    clips: Mapping[str, Any] | None = None,
) -> None:
    """Write the pages of the report.

    Args:
        stats_json: the run as a whole.
        stats_tsv: a row a manifest.
        quarantine_jsonl: the rows that could not be processed.
        recordings_json: some recordings, see :mod:`alm.jobs.recordings`.
        compare_with: the folder of another run, if there is one to compare with.
        benchmarks: the folder of what Snakemake measured.
        shards: ``SHARD.VERSION`` of each.
        pages: where to write each of :data:`alm.report.render.PAGES`.
        groups: ``GROUP.VERSION`` of each, where manifests were prepared from another format.
        clips: see :func:`alm.report.recordings.recordings`.
    """
    stats = codec.loads(Path(stats_json).read_bytes())
    other = None
    if compare_with:
        stats_of_other = codec.loads(Path(compare_with, "stats.json").read_bytes())
        other = compare_with, stats_of_other
    values = {
        "overview": overview(stats, other),
        "windows": windows(stats),
        "recordings": recordings(stats, codec.loads(Path(recordings_json).read_bytes()), clips),
        "manifests": manifests(stats, _table(stats_tsv)),
        "quarantine": quarantine(stats, _refused_rows(quarantine_jsonl)),
        "runtime": runtime(_measured(Path(benchmarks), shards, groups)),
    }
    note = sample_note(stats["parameters"].get("sample_fraction"))
    for name, path in pages.items():
        with files.written_whole(path) as file:
            file.write(render(name, {**values[name], "sample_note": note}).encode())


def _table(path: str | Path) -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield from csv.DictReader(file, dialect="excel-tab")


def _refused_rows(path: str | Path) -> Iterator[RefusedRow]:
    with open(path, "rb") as file:
        for line in file:
            yield codec.loads(line)


def _measured(folder: Path, shards: Sequence[str], groups: Sequence[str]) -> dict[str, list[Job]]:
    """The benchmarks of the jobs of each rule.

    Benchmark files are no inputs: losing one is no reason to run its job again. What Snakemake
    could not measure is "NA" or "-" in them.
    """
    paths = {
        "shard": [folder / "shard" / f"{name}.tsv" for name in shards],
        "group": [folder / "group" / f"{name}.tsv" for name in groups],
        **{
            rule: [folder / rule / f"{name.partition('.')[0]}.tsv" for name in shards]
            for rule in RULES_OF_SHARDS
        },
        **{rule: [folder / f"{rule}.tsv"] for rule in RULES_OF_RUN},
    }
    return {
        rule: [
            Job(float(row["s"]), float(row["max_rss"]) if row["max_rss"][:1].isdigit() else None)
            for path in found
            if path.exists()
            for row in _table(path)
        ]
        for rule, found in paths.items()
    }
