# What a job asks for: CPUs, memory in MB, run time in minutes. On one machine only the CPUs count;
# on a cluster all three do. They follow from the bytes of manifest that a job stands for, so they
# are known before any job runs, and grow with the attempt: a retry asks for more.

ALL_CORES = 1_000_000
"""More than any machine has: scaled down to --cores, and on a cluster to --max-threads."""

# Where an engine works on the machine of its job: `local` is none, and a cluster of Ray's own takes
# nothing of that machine to speak of.
ENGINE_HERE = config["backend"] != "local" and config["ray_address"] is None

# Two engines at once on one machine would each take all of it, so an engine gets every core.
STEP_THREADS = ALL_CORES if ENGINE_HERE else 1

JOB_MB = 1_000
"""For Snakemake's own processes in a cluster's job (measured: 350) and a step beside them (150)."""

ENGINE_MB = {"local": 0, "ray_data": 2_000, "xenna": 3_000}
"""For the engine."""

WORKER_MB = {"local": 0, "ray_data": 300, "xenna": 300}
"""For each of its workers."""

START_MINUTES = 10
"""For the start of a job on a busy node and file system."""

STEP_MB_A_MINUTE = 60
"""Of manifest that a thread works off at least (measured: 1,000 and more)."""

MERGE_MB_A_MINUTE = 600
"""Of output that is copied at least (measured: 60,000 on a local disk)."""

OUTPUT_FACTOR = 12
"""At most so many times larger is the output than the manifests, with candidate windows."""

RECORDING_SHARE = 0.01
"""Of the manifests' size for the statistics: 24 bytes a row of 6 kB (0.4 %), and shorter rows."""

SHARD_MB = {
    name: sum(span.stop - span.start for span in ranges) / 1e6 for name, ranges in RANGES.items()
}
ALL_MB = sum(SHARD_MB.values())


def step_mem_mb(wildcards, threads, attempt):
    backend = config["backend"]
    return attempt * (JOB_MB + ENGINE_MB[backend] + threads * WORKER_MB[backend])


def step_runtime(wildcards, threads, attempt):
    work = SHARD_MB[wildcards.shard] / STEP_MB_A_MINUTE / threads
    return attempt * round(START_MINUTES + work)


def merge_runtime(wildcards, attempt):
    return attempt * round(START_MINUTES + ALL_MB * OUTPUT_FACTOR / MERGE_MB_A_MINUTE)


def stats_mem_mb(wildcards, attempt):
    return attempt * round(JOB_MB + ALL_MB * RECORDING_SHARE)
