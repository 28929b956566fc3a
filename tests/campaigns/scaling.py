"""How the workflow grows: `make scaling` measures, and prints the tables of docs/scaling.md.

Planning is measured on sparse manifests, jobs on shards of one tiny row. What a run takes follows
by arithmetic from these and from the constants below; nobody curates 6 TB for a table.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from helpers import ROOT

from alm.input import Manifest
from alm.input.shards import plan_shards, resolve_shard_size

MS_A_ROW = 0.55
"""CPU time of a row, from parsing it to writing its windows: `make bench`."""

JOB_CPU_S, CLUSTER_JOB_CPU_S = 0.3, 3.0
"""CPU time that a job takes without any row: on one machine, as a job of a cluster."""

ROW_BYTES = 6_000
RECORDS, OUTPUT, OUTPUT_WITHOUT_WINDOWS = 1.9, 9.8, 1.2
"""Bytes for each byte of manifest, where a row gives 36 candidate windows."""

JOBS_A_SHARD, FILES_A_SHARD = 3, 20
NODE_CORES = 32
DISK_GB_A_SECOND = 2.0
"""Of a shared file system, for all nodes together."""


MOST_CPU_S, MOST_MEMORY_MB = 60, 1000
"""What planning may take where `shard_size` is `auto`, however many rows there are."""


class Plan(NamedTuple):
    """What a dry run said and took: CPU time in seconds, the most memory in MB."""

    shards: int
    jobs: int
    cpu: float
    memory: float


def sparse_manifests(folder: Path, rows: int, manifests: int) -> Path:
    """Manifests with the size of so many rows, and nothing in them."""
    for number in range(manifests):
        path = folder / f"{number // 1000:03}" / f"{number:06}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(rows * ROW_BYTES // manifests)
    return folder


MEASURED = """
import os, subprocess, sys
run = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(run.pid, 0)
print(f"measured {used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}")
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""By a process of its own: a child's memory otherwise begins with that of its parent."""


def snakemake(folder: Path, *arguments: str, **config: object) -> tuple[str, float, float]:
    """What Snakemake printed, its CPU seconds with its children, and its memory in MB."""
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "snakemake"]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(ROOT / "config/pipeline.yaml"), *arguments]
    command += ["--config", *(f"{key}={value}" for key, value in config.items())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    _, cpu, memory = done.stdout.splitlines()[-1].split()
    return done.stdout + done.stderr, float(cpu), float(memory)


def plan(folder: Path, manifests: Path, shard_size: int | str = "auto") -> Plan:
    """Dry-run the workflow over ``manifests``."""
    said, cpu, memory = snakemake(
        folder,
        *("--cores", "8", "--dry-run", "--quiet", "rules"),
        manifest_path=manifests,
        output_dir="out",
        backend="local",
        max_invalid_fraction=1.0,  # the manifests hold nothing, and nobody is to look
        shard_size=shard_size,
    )
    jobs = {rule: int(n) for rule, n in re.findall(r"^(build|total) +(\d+)$", said, re.MULTILINE)}
    return Plan(jobs["build"], jobs["total"], cpu, memory)


def planning() -> list[tuple[object, ...]]:
    """Dry runs over sparse manifests."""
    table = []
    for rows, manifests, shard_size in [
        (10**6, 1_000, "auto"),
        (10**7, 1_000, "auto"),
        (10**8, 1_000, "auto"),
        (10**9, 1_000, "auto"),
        (10**8, 100_000, "auto"),
        (10**8, 1_000, 150_000_000),
    ]:
        with TemporaryDirectory() as name:
            folder = sparse_manifests(Path(name, "in"), rows, manifests)
            made = plan(Path(name), folder, shard_size)
        if shard_size == "auto" and (made.cpu > MOST_CPU_S or made.memory > MOST_MEMORY_MB):
            raise SystemExit(f"planning {rows:,} rows took too much: {made}")
        table.append((f"{rows:,}", f"{manifests:,}", shard_size, *made[:2], *map(round, made[2:])))
    return table


def a_job() -> list[tuple[object, ...]]:
    """What a job and a shard take that hold nothing to speak of: 31 shards against one."""
    row = {"audio_filepath": "a.wav", "audio_sample_rate": 16000, "segments": []}
    line = json.dumps(row).encode() + b"\n"
    taken = []
    with TemporaryDirectory() as name:
        for shards in (1, 31):
            folder = Path(name, str(shards))
            folder.mkdir()
            (folder / "m.jsonl").write_bytes(line * shards)
            config = {"manifest_path": "m.jsonl", "output_dir": "out", "backend": "local"}
            _, cpu, _ = snakemake(folder, "--cores", "1", **config, shard_size=len(line))
            files = sum(path.is_file() for path in folder.rglob("*"))
            taken.append((cpu, files))
    (one, few), (all_, many) = taken
    return [(f"{(all_ - one) / 30 / JOBS_A_SHARD:.2f}", (many - few) / 30)]


def forecast() -> list[tuple[object, ...]]:
    """What a run takes, by arithmetic."""
    table = []
    for rows, nodes, lean in [
        (10**6, 1, False),
        (10**8, 1, False),
        (10**8, 1, True),
        (10**8, 4, True),
        (10**9, 1, False),
        (10**9, 4, True),
        (10**9, 16, True),
    ]:
        size = rows * ROW_BYTES / 1_000
        manifests = [Manifest(f"{number:06}.jsonl", int(size)) for number in range(1_000)]
        shards = len(plan_shards(manifests, resolve_shard_size("auto", manifests, "local")))
        job_s = JOB_CPU_S if nodes == 1 else CLUSTER_JOB_CPU_S
        starting = shards * JOBS_A_SHARD * job_s
        working = rows * MS_A_ROW / 1000
        gigabytes = rows * ROW_BYTES / 1e9
        output = OUTPUT_WITHOUT_WINDOWS if lean else OUTPUT
        moved = gigabytes * (1 + 2 * RECORDS + output * (1 if lean else 3))
        kept = gigabytes * (RECORDS + output * (1 if lean else 2))
        table.append(
            (
                f"{rows:,}",
                nodes,
                "lean" if lean else "default",
                shards,
                shards * FILES_A_SHARD,
                f"{working / 3600:.2f}",
                f"{starting / 3600:.2f}",
                f"{60 * (working + starting) / 3600 / NODE_CORES / nodes:.0f}",
                f"{kept / 1000:,.2f}",
                f"{moved / DISK_GB_A_SECOND / 60:,.0f}",
            )
        )
    return table


def markdown(header: str, rows: Sequence[Sequence[object]]) -> str:
    """A table."""
    titles = header.split(", ")
    lines = [titles, ["--:"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


PLANNING = "rows, manifests, `shard_size`, shards, jobs, CPU s, memory MB"
A_JOB = "CPU s a job, files a shard"
FORECAST = (
    "rows, nodes, settings, shards, files, CPU h of rows, CPU h of job starts, "
    "minutes of all cores, TB on disk, minutes of the disk"
)

if __name__ == "__main__":
    for title, header, table in [
        ("Planning, measured", PLANNING, planning),
        ("A job without rows, measured", A_JOB, a_job),
        ("A run, by arithmetic", FORECAST, forecast),
    ]:
        print(f"{title}\n\n{markdown(header, table())}\n", flush=True)
