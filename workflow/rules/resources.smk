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

ENGINE_MB = {"ray_data": 2_000, "xenna": 3_000}
"""For an engine (measured: 1,200 and 1,800)."""

WORKER_MB = 300
"""For each of its workers (measured: 200)."""

KEYS_MB = 1_000
"""For the recordings that the statistics tell from each other (measured: 820 at a billion rows)."""

MANIFEST_MB = 0.015
"""For what the statistics hold of a manifest (measured: 0.0065)."""

START_MINUTES = 10
"""For the start of a job on a busy node and file system (measured: less than 1)."""

STEP_MB_A_MINUTE = 200
"""Of manifest that a step works off at least (measured: 1,000 and more with one thread)."""

GROUPED_MB_A_MINUTE = 60
"""Of lines that are grouped at least (measured: 170)."""

LISTENED_MB_A_MINUTE = 0.02
"""Of lines whose audio is measured at least: 1 MB is some 20 hours of it."""

COPIED_MB_A_MINUTE = 6_000
"""Of output that is copied at least (measured: 20,000 on a local disk)."""

OUTPUT_FACTOR = 12 if config["keep_windows"] else 2
"""Assumed size of the output, as a multiple of the manifests'."""

STATS_MB_A_MINUTE = 60_000
"""Of manifest whose statistics, 8 bytes a row and a summary a shard, are read at least."""

CUT_MB = 500
"""For the clips that a job works on."""

CUT_MB_A_MINUTE = 0.2
"""Of manifest whose clips are cut at least: 1 MB is some 20 hours of audio."""

EXPORTED_MB_A_MINUTE = 200
"""Of manifest whose windows are written as another format at least."""

CLIPS_FACTOR = 3_000
"""Assumed size of clips, as a multiple of the manifests'."""

COMPRESSION = 10
"""Assumed compression ratio."""


def plain_mb(ranges):
    """The size of what the ranges hold, in MB."""
    factors = {True: COMPRESSION, False: 1}
    return (
        sum((end - begin) * factors[is_compressed(path)] for path, begin, end, *_ in ranges) / 1e6
    )


def step_mem_mb(wildcards, threads, attempt):
    engine = ENGINE_MB[config["backend"]] + threads * WORKER_MB if ENGINE_HERE else 0
    return attempt * (JOB_MB + engine)


def step_runtime(wildcards, attempt):
    return attempt * round(START_MINUTES + plain_mb(RANGES[wildcards.shard]) / STEP_MB_A_MINUTE)


def group_runtime(wildcards, attempt):
    grouped_mb = plain_mb(GROUPS[wildcards.group].ranges)
    return attempt * round(START_MINUTES + grouped_mb / GROUPED_MB_A_MINUTE)


def prepare_runtime(wildcards, attempt):
    listens = config["audio_root"] or config["audio_files"]
    speed = LISTENED_MB_A_MINUTE if listens else STEP_MB_A_MINUTE
    return attempt * round(START_MINUTES + plain_mb(RANGES[wildcards.shard]) / speed)


def merge_mem_mb(wildcards, attempt):
    return attempt * JOB_MB


def merge_runtime(wildcards, attempt):
    copied_mb = OUTPUT_FACTOR * sum(map(plain_mb, RANGES.values())) if config["merge"] else 0
    return attempt * round(START_MINUTES + copied_mb / COPIED_MB_A_MINUTE)


def stats_runtime(wildcards, attempt):
    read_mb = sum(map(plain_mb, RANGES.values()))
    return attempt * round(START_MINUTES + read_mb / STATS_MB_A_MINUTE)


def stats_mem_mb(wildcards, attempt):
    manifests = {span.path for ranges in RANGES.values() for span in ranges}
    return attempt * round(JOB_MB + KEYS_MB + len(manifests) * MANIFEST_MB)


def clips_mem_mb(wildcards, threads, attempt):
    return step_mem_mb(wildcards, threads, attempt) + attempt * CUT_MB


def clips_runtime(wildcards, attempt):
    return attempt * round(START_MINUTES + plain_mb(RANGES[wildcards.shard]) / CUT_MB_A_MINUTE)


def export_runtime(wildcards, attempt):
    read_mb = sum(map(plain_mb, RANGES.values()))
    return attempt * round(START_MINUTES + read_mb / EXPORTED_MB_A_MINUTE)


def clips_copied_runtime(wildcards, attempt):
    clips_mb = CLIPS_FACTOR * sum(map(plain_mb, RANGES.values()))
    return attempt * round(START_MINUTES + clips_mb / COPIED_MB_A_MINUTE)
