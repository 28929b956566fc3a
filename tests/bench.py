"""Measure what the workflow costs, as ratios within one run: `make bench`.

CPU time of this process, the median of several rounds in which all parts take turns. The baseline
is `tests/plain.py`, a plain transcription of the rules, json in and json out.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import plain
from helpers import ROOT

from alm import OverlapParams, Stats, WindowParams, curate_manifest
from alm.manifests import read_lines, whole_file
from alm.records import decode, finish
from alm.rows import parse_row
from alm.steps.build import build_chunk
from alm.steps.overlap import overlap_chunk
from alm.survey import recording_key, survey_row, survey_windows
from alm.windows import find_windows

ROUNDS = 5
WINDOW, OVERLAP = WindowParams(), OverlapParams(overlap_percentage=50)
SAMPLE = ROOT / "workflow" / "sample" / "manifests"
RESULT = ROOT / "build" / "bench.json"


def cpu_seconds(*works: Callable[[], object]) -> list[float]:
    """CPU seconds of several pieces of work, of the round in which the last has its median share.

    The pieces take turns: the speed of a shared machine changes from one minute to the next, and
    within one round it hits all of them alike.
    """
    rounds = []
    for _ in range(ROUNDS):
        times = []
        for work in works:
            gc.collect()
            gc.freeze()  # what was prepared is no concern of the collector while the clock runs
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
            gc.unfreeze()
        rounds.append(times)
    return sorted(rounds, key=lambda times: times[-1] / sum(times))[ROUNDS // 2]


def against_plain(manifest: Path, folder: Path) -> dict[str, float]:
    """`curate_manifest` against the plain transcription, on equal output."""
    fast, slow = folder / "fast.jsonl", folder / "slow.jsonl"
    ours, theirs = cpu_seconds(
        lambda: curate_manifest(manifest, fast, WINDOW, OVERLAP),
        lambda: plain.curate_file(manifest, slow, {}, {"overlap_percentage": 50}),
    )
    with fast.open() as left, slow.open() as right:
        for a, b in zip(left, right, strict=True):
            row = json.loads(b)
            row["manifest_filepath"] = str(manifest)
            if json.loads(a) != row:
                raise SystemExit("curate_manifest and the plain transcription differ")
    rows = sum(1 for _ in fast.open())
    return {
        "curate_manifest ms/row": 1000 * ours / rows,
        "plain ms/row": 1000 * theirs / rows,
        "times less CPU": theirs / ours,
    }


def survey_share(manifest: Path, folder: Path) -> dict[str, float]:
    """What statistics and diagnosis take of the CPU time of the per-shard jobs."""
    records, parts = folder / "records", [folder / "records", folder / "q", folder / "keys"]
    lines = whole_file(str(manifest))

    def build() -> None:
        build_chunk([lines], parts, params=WINDOW, stop_at_invalid=False)

    def overlap() -> None:
        overlap_chunk([whole_file(str(records))], [folder / "out"], params=OVERLAP)

    build()
    rows = [parse_row(line.text) for line in read_lines(lines)]
    found = [find_windows(row, WINDOW) for row in rows]
    decoded = [decode(line.raw) for line in read_lines(whole_file(str(records)))]
    kept = [finish(record, OVERLAP).kept for record in decoded]

    def survey() -> None:
        counters = Stats()
        for row, candidates in zip(rows, found, strict=True):
            survey_row(row, candidates, WINDOW, counters)
            recording_key(row)
        for record, windows in zip(decoded, kept, strict=True):
            survey_windows(record, windows, counters, counters)
        counters.to_json()

    building, overlapping, surveying = cpu_seconds(build, overlap, survey)
    return {
        "build ms/row": 1000 * building / len(rows),
        "overlap ms/row": 1000 * overlapping / len(rows),
        "statistics ms/row": 1000 * surveying / len(rows),
        "statistics' share": surveying / (building + overlapping),
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    results: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        manifest = folder / "sample.jsonl"
        sample = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl")))
        manifest.write_bytes(sample * 20)
        results["kernel, the sample 20 times"] = against_plain(manifest, folder)
        results["per-shard jobs, the sample 20 times"] = survey_share(manifest, folder)
    for title, figures in results.items():
        print(title)
        for label, value in figures.items():
            print(f"  {label:26}{value:8.3f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=1) + "\n")
    print(f"written to {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
