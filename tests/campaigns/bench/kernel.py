"""The kernel, in one process, and the jobs of a shard: against plain code, and each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from statistics import median

import orjson
import plain

from alm import OverlapParams, WindowParams, curate_manifest
from alm.input import discover, whole_file
from alm.input.shards import SHARD_BYTES, plan_shards
from alm.jobs.build import build_chunk
from alm.jobs.overlap import overlap_chunk
from bench.clock import cpu, cpu_in_turns
from bench.figures import Figure, Part, of_rounds
from bench.inputs import hour_rows, sample_rows, shipped_rows, write_rows

WINDOW, OVERLAP = WindowParams(), OverlapParams(overlap_percentage=50)


def kernel(folder: Path, tiny: bool) -> Part:
    """`curate_manifest` against the plain transcription, on equal output."""
    part = Part("The kernel: CPU of one process, against the plain transcription")
    for name, rows, count, bound, aim in (
        ("sample", sample_rows(), 2 if tiny else 1000, 15, 20),
        ("shipped sample", shipped_rows(), 2 if tiny else 60, None, None),
        ("hours", tuple(islice(hour_rows(), 1 if tiny else 6)), 1 if tiny else 12, 10, 15),
    ):
        manifest = write_rows(folder / f"{name}.jsonl", rows, count)
        turns = _against_plain(manifest, 1 if tiny else 5)
        ours, theirs, parsing = ([1000 * turn[k] / count for turn in turns] for k in range(3))
        ratios = [slow / fast for fast, slow in zip(ours, theirs, strict=True)]
        part.figures += [
            of_rounds(f"{name}: curate_manifest", ours, "ms a row"),
            of_rounds(f"{name}: plain", theirs, "ms a row"),
            of_rounds(f"{name}: parsing alone", parsing, "ms a row"),
            of_rounds(f"{name}: less CPU", ratios, "times", better="more", bound=bound, aim=aim),
        ]
        slower = [_interpreted(manifest) / count for _ in turns]
        ratios = [slow / fast for fast, slow in zip(slower, theirs, strict=True)]
        figure = f"{name}: interpreted, less CPU"
        part.figures.append(of_rounds(figure, ratios, "times", better="more", bound=3))
    return part


CURATE = """
import sys, time
from alm import OverlapParams, WindowParams, curate_manifest
began = time.process_time()
curate_manifest(*sys.argv[1:], WindowParams(), OverlapParams(overlap_percentage=50))
print(time.process_time() - began)
"""


def _interpreted(manifest: Path) -> float:
    """CPU milliseconds of `curate_manifest` in a process where nothing of it is compiled."""
    command = [sys.executable, "-c", CURATE, str(manifest), str(manifest.with_suffix(".slower"))]
    environment = os.environ | {"ALM_COMPILED": "python"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return 1000 * float(done.stdout)


def _against_plain(manifest: Path, rounds: int) -> list[list[float]]:
    fast, slow = manifest.with_suffix(".fast"), manifest.with_suffix(".slow")
    settings = {"overlap_percentage": OVERLAP.overlap_percentage}

    def compare() -> None:
        with fast.open() as left, slow.open() as right:
            for a, b in zip(left, right, strict=True):
                if json.loads(a) != json.loads(b):
                    raise RuntimeError("curate_manifest and the plain transcription differ")
        fast.unlink()  # replacing a file would also free the memory that it is cached in
        slow.unlink()

    return cpu_in_turns(
        rounds,
        lambda: curate_manifest(manifest, fast, WINDOW, OVERLAP),
        lambda: plain.curate_file(manifest, slow, {}, settings, manifest_filepath=str(manifest)),
        lambda: _parse(manifest),
        after_each=compare,
    )


def _parse(manifest: Path) -> None:
    with manifest.open("rb") as lines:
        for line in lines:
            orjson.loads(line)


def jobs(folder: Path, tiny: bool) -> Part:
    """The jobs of a shard, with records, checksums and statistics, against `curate_manifest`."""
    part = Part("The jobs of a shard, against curate_manifest: CPU")
    for name, rows, count in (
        ("sample", sample_rows(), 3_000),
        ("shipped sample", shipped_rows(), 700),
    ):
        count = 2 if tiny else count
        manifest = write_rows(folder / f"{name}.jsonl", rows, count)
        output = manifest.with_suffix(".curated")
        turns = cpu_in_turns(
            1 if tiny else 5,
            lambda at=manifest: work_of_shards(at, folder),
            lambda at=manifest, to=output: curate_manifest(at, to, WINDOW, OVERLAP),
            after_each=output.unlink,
        )
        costs = [1000 * whole / count for whole, _ in turns]
        ratios = [whole / curated for whole, curated in turns]
        part.figures += [
            of_rounds(f"{name}: build and overlap", costs, "ms a row"),
            of_rounds(f"{name}: over curate_manifest", ratios, "times", better="less", bound=1.6),
        ]
    return part


def work_of_shards(manifest: Path, folder: Path) -> None:
    """The work of the jobs of all shards of a manifest; what it writes is deleted."""
    parts = [folder / name for name in ("records", "quarantine", "recordings", "lines", "sample")]
    outputs = [folder / name for name in ("output", "late", "digests", "table")]
    for shard in plan_shards(discover(str(manifest)), SHARD_BYTES["local"]):
        build_chunk(shard.ranges, parts, params=WINDOW, stop_at_invalid=False)
        overlap_chunk([whole_file(str(parts[0]))], outputs, params=OVERLAP, stop_at_invalid=False)
    for path in (*parts, *outputs):
        path.unlink()


def linear(folder: Path, tiny: bool) -> Part:
    """Whether many rows cost as much each as few."""
    part = Part("CPU a row of the jobs of a shard, by the number of rows")
    sizes = (10, 20, 40) if tiny else (2_000, 20_000, 200_000)
    manifests = {size: write_rows(folder / f"{size}.jsonl", sample_rows(), size) for size in sizes}

    def cost(size: int) -> float:
        began = cpu()
        work_of_shards(manifests[size], folder)
        return 1000 * (cpu() - began) / size

    # The small ones before, between and after, since the machine's speed changes within minutes.
    small, middle, large = sizes
    order = [small, middle, small, large, small, middle, small]
    costs: dict[int, list[float]] = {size: [] for size in sizes}
    for size in order:
        costs[size].append(cost(size))
    part.figures = [of_rounds(f"{size:,} rows", costs[size], "ms a row") for size in sizes]
    typical = [median(costs[size]) for size in sizes]
    part.figures.append(
        Figure("dearest size over cheapest", max(typical) / min(typical), "times", "less", 1.1)
    )
    return part
