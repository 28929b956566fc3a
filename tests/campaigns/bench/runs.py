"""Whole runs of the workflow: against empty jobs, against a bare engine, and by size."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from helpers import ROOT

from bench.clock import Run, run, workflow
from bench.figures import Figure, Part, of_rounds
from bench.inputs import SHIPPED, sample_rows, shipped_rows, write_rows

ENGINES = ("xenna", "ray_data")
SHARDS = 4
"""Of the runs that show what one more shard costs, and of those on one core and on two."""

BARE = {
    "ray_data": """
import ray
ray.init(address="local", num_cpus=2, include_dashboard=False, object_store_memory=10**8)
import ray.data
print(ray.data.from_items([1]).map(lambda row: row).take_all())
ray.shutdown()
""",
    "xenna": """
import os
os.environ |= {
    "RAY_MAX_LIMIT_FROM_API_SERVER": "40000", "RAY_MAX_LIMIT_FROM_DATA_SOURCE": "40000"
}
import ray
started = ray.init(address="local", num_cpus=2, include_dashboard=True, object_store_memory=10**8)
os.environ["RAY_ADDRESS"] = started.address_info["address"]
import cosmos_xenna.pipelines.v1 as xenna

class Nothing(xenna.Stage):
    @property
    def required_resources(self):
        return xenna.Resources(cpus=1.0)

    def process_data(self, tasks):
        return tasks

config = xenna.PipelineConfig(
    execution_mode=xenna.ExecutionMode.BATCH,
    return_last_stage_outputs=True,
    cpu_allocation_percentage=1.0,
)
stage = xenna.StageSpec(Nothing(), num_workers=1)
print(xenna.run_pipeline(xenna.PipelineSpec([1], [stage], config)))
ray.shutdown()
""",
}
"""One bare start of each engine: `ray.init`, one trivial task through it, shutdown."""


def startup(folder: Path, tiny: bool) -> Part:
    """The shipped sample with `local`, against a workflow of as many empty jobs."""
    part = Part("Start-up: the shipped sample, everything included, on two cores")
    empty = empty_workflow(folder / "empty", manifest_path=SHIPPED)
    ours, theirs = [], []
    for turn in range(1 if tiny else 5):
        ours.append(workflow(folder / f"local{turn}", backend="local", manifest_path=SHIPPED))
        theirs.append(empty(2))
    # The fastest of each: whatever else the machine does only adds.
    fastest, least = (min(one.seconds for one in runs) for runs in (ours, theirs))
    part.figures = [
        Figure("local", fastest, "s"),
        Figure("as many empty jobs", least, "s"),
        Figure("local, beyond the empty jobs", fastest - least, "s", "less", 3.0),
        of_rounds("local: CPU", [one.cpu for one in ours], "s"),
        of_rounds("as many empty jobs: CPU", [one.cpu for one in theirs], "s"),
    ]
    part.series = {"local": [[len(shipped_rows()), 1000 * fastest / len(shipped_rows())]]}
    return part


class empty_workflow:
    """A workflow with the graph of ours whose jobs do nothing; call it with a number of cores."""

    def __init__(self, folder: Path, **config: object) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "nothing.py").write_text('open(snakemake.output[0], "w").close()\n')
        (folder / "Snakefile").write_text(_empty_rules(_graph(folder, **config)))

    def __call__(self, cores: int) -> Run:
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--forceall"]
        return run(command, self.folder)


def _graph(folder: Path, **config: object) -> dict[int, list[int]]:
    """The jobs of a run of ours, by number, and the jobs that each needs."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--configfile", str(ROOT / "config" / "pipeline.yaml"), "--dag", "dot"]
    command += ["--forceall", "--config", "output_dir=out", "backend=local"]
    command += [f"{key}={value}" for key, value in config.items()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"there is no graph of jobs:\n{done.stderr[-4000:]}")
    needs: dict[int, list[int]] = {
        int(job): [] for job in re.findall(r"^\s*(\d+)\[label", done.stdout, re.MULTILINE)
    }
    for before, after in re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE):
        needs[int(after)].append(int(before))
    return needs


def _empty_rules(needs: dict[int, list[int]]) -> str:
    needed = {job for jobs in needs.values() for job in jobs}
    rules = []
    for job, before in sorted(needs.items()):
        inputs = ", ".join(f'"out/{one}"' for one in before)
        makes = f'output: "out/{job}"\n    script: "nothing.py"' if job in needed else ""
        target = "" if job in needed else "default_target: True\n    "
        rules.append(f"rule job_{job}:\n    {target}input: {inputs}\n    {makes}\n")
    return "\n".join(rules)


def engines(folder: Path, tiny: bool) -> Part:
    """The shipped sample on each engine, and what one more shard costs, in bare engine starts."""
    part = Part("Engines: the shipped sample, in starts of the bare engine")
    joined = write_rows(folder / "joined.jsonl", shipped_rows(), len(shipped_rows()))
    shards = 2 if tiny else SHARDS
    size = joined.stat().st_size // shards
    for engine in ENGINES:
        bare, one, first, several = [], [], [], []
        for turn in range(1 if tiny else 2):
            at = folder / f"{engine}{turn}"
            bare.append(run([sys.executable, "-c", BARE[engine]], at / "bare").seconds)
            one.append(workflow(at / "one", backend=engine, manifest_path=SHIPPED).seconds)
            (built,) = (at / "one" / "out" / "benchmarks" / "build").glob("*.tsv")
            first.append(float(built.read_text().splitlines()[1].partition("\t")[0]))
            several.append(
                workflow(
                    at / "several", backend=engine, manifest_path=joined, shard_size=size
                ).seconds
            )
        start, jobs = min(bare), 2 * (shards - 1)  # a build and an overlap a shard
        part.figures += [
            of_rounds(f"{engine}: bare start", bare, "s"),
            of_rounds(f"{engine}: the first job, which starts it", first, "s"),
            Figure(f"{engine}: the first job, in starts", min(first) / start, "times", "less", 1.1),
            of_rounds(f"{engine}: the sample", one, "s"),
            Figure(f"{engine}: the sample, in starts", min(one) / start, "times", "less", 2.0, 1.6),
            Figure(
                f"{engine}: each further shard job, in starts",
                (min(several) - min(one)) / jobs / start,
                "times",
                "less",
                0.4,
            ),
        ]
        part.series[engine] = [[len(shipped_rows()), 1000 * min(one) / len(shipped_rows())]]
    return part


def scaling(folder: Path, tiny: bool) -> Part:
    """Two cores against one, and the engines against `local` once they have started.

    Rows a second of what a larger input takes beyond a smaller one, the faster of two runs of each:
    so what starts once a run does not count, and least of what else the machine does.
    """
    part = Part("Work, without what starting costs")
    count = 20 if tiny else 40_000
    manifest = write_rows(folder / "scaled.jsonl", sample_rows(), count)
    size = manifest.stat().st_size // SHARDS
    config = {"backend": "local", "manifest_path": manifest, "shard_size": size}
    empty = empty_workflow(folder / "empty", manifest_path=manifest, shard_size=size)
    work: dict[int, list[float]] = {1: [], 2: []}
    gains = []
    for turn in range(1 if tiny else 2):
        for cores in work:
            took = workflow(folder / f"cores{cores}{turn}", cores=cores, **config).seconds
            work[cores].append(took - empty(cores).seconds)
            shutil.rmtree(folder / f"cores{cores}{turn}")
        gains.append(_free_cores(tiny))
    speedup = min(work[1]) / min(work[2])
    part.figures = [
        Figure(f"{count:,} rows on one core", min(work[1]), "s"),
        Figure(f"{count:,} rows on two cores", min(work[2]), "s"),
        Figure("two cores over one", speedup, "times", "more", 1.8),
        of_rounds("two busy loops over one, to compare", gains, "times"),
    ]
    few = count // 4
    manifests = {few: write_rows(folder / "few.jsonl", sample_rows(), few), count: manifest}
    rates = {}
    for backend in ("local", *ENGINES[: 1 if tiny else None]):
        took = {
            number: min(
                _seconds(folder / f"{backend}{number}{turn}", backend=backend, manifest_path=path)
                for turn in range(1 if tiny else 2)
            )
            for number, path in manifests.items()
        }
        rates[backend] = (count - few) / (took[count] - took[few])
        part.series[backend] = [[count, 1000 * took[count] / count]]
    part.figures += [
        Figure(f"{engine}: rows a second, of local's", rate / rates["local"], "", "more", 0.85)
        for engine, rate in rates.items()
        if engine != "local"
    ]
    return part


def _seconds(folder: Path, **config: object) -> float:
    took = workflow(folder, **config).seconds
    shutil.rmtree(folder)
    return took


def _free_cores(tiny: bool) -> float:
    """How much more two processes that only count get done than one, on this machine, now."""
    command = [sys.executable, "-c", f"for _ in range({10**6 if tiny else 10**8}): pass"]

    def took(number: int) -> float:
        began = time.monotonic()
        for process in [subprocess.Popen(command) for _ in range(number)]:
            process.wait()
        return time.monotonic() - began

    return 2 * took(1) / took(2)


def end_to_end(folder: Path, tiny: bool) -> Part:
    """10,000 rows, candidate windows written, by size."""
    part = Part("End to end: the sample 2,000 times, local, two cores, output written")
    sizes = (20,) if tiny else (2_000, 10_000, 20_000)
    for size in sizes:
        manifest = write_rows(folder / f"{size}.jsonl", sample_rows(), size)
        took = []
        for turn in range(1 if tiny or size != 10_000 else 3):
            at = folder / f"run{size}-{turn}"
            took.append(workflow(at, backend="local", manifest_path=manifest))
            shutil.rmtree(at)
        seconds = median(one.seconds for one in took)
        part.series.setdefault("local", []).append([size, 1000 * seconds / size])
        if size in (20, 10_000):
            part.figures = [
                of_rounds(
                    f"{size:,} rows", [one.seconds for one in took], "s", better="less", aim=10.0
                ),
                of_rounds(f"{size:,} rows: CPU", [one.cpu for one in took], "s", better="less"),
            ]
    return part
