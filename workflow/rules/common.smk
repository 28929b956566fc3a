# What all rules share: the checked configuration and the shards, both known before any job runs.

import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

# The package is found in the source of the workflow, installed or not.
sys.path.insert(0, workflow.basedir)

from alm.config import load_config
from alm.engines import Execution
from alm.engines.client import share_driver
from alm.errors import AlmError, ParameterError
from alm.jobs.log import share_package
from alm.input import discover, is_compressed, is_url
from alm.jobs.progress import ProgressLine, Task, summarize_run, where_jobs_go, where_jobs_ran
from alm.provenance.code import code_hash
from alm.input.shards import plan_shards, read_plan, resolve_shard_size, write_plan
from alm.jobs.merge_output import INDEX, MERGED
from alm.jobs.provenance import RECORD

share_package()

try:
    with open(os.path.join(workflow.basedir, "workflow/schemas/config.schema.yaml")) as schema:
        CONFIG = load_config(config, yaml.safe_load(schema))
    config.update(CONFIG.values)
    if os.path.exists(config["output_dir"]) and not os.path.isdir(config["output_dir"]):
        raise ParameterError(f"output_dir = {config['output_dir']!r} is a file, not a directory")
    PLAN = os.path.join(config["output_dir"], "work/plan.json")
    if workflow.is_main_process:
        MANIFESTS = discover(config["manifest_path"], exclude=config["output_dir"])
        SHARD_SIZE = resolve_shard_size(config["shard_size"], MANIFESTS, config["backend"])
        SHARDS = plan_shards(MANIFESTS, SHARD_SIZE)
    else:
        # A job on a cluster reads all this again, and manifests may have changed since the start.
        SHARDS = read_plan(PLAN)
except AlmError as error:
    raise WorkflowError(str(error))

RANGES = {shard.name: shard.ranges for shard in SHARDS}


wildcard_constraints:
    shard="[0-9a-f]{16}",


def output(name):
    """The path of an output."""
    return os.path.join(config["output_dir"], name)


def of_shards(name):
    """The paths of one output of all shards, in input order."""
    return expand(output(name), shard=RANGES)


def is_nameable(path):
    """Whether Snakemake can name a manifest: no URL, line break, undecodable byte, {, }, < or >."""
    return path.isprintable() and not (is_url(path) or set("{}<>") & set(path))


def manifests_of(wildcards):
    """The manifests that a shard reads, except those that Snakemake cannot name.

    When one of those changes, so does its version in the ranges of the shard, a parameter.
    """
    paths = dict.fromkeys(span.path for span in RANGES[wildcards.shard])
    return list(filter(is_nameable, paths))


def progress_tasks():
    """The jobs that take long: one build and one overlap a shard."""
    return [
        Task(
            sum(span.stop - span.start for span in ranges),
            Path(output(f"work/{step}/{shard}.summary.json")),
            Path(output(f"logs/{step}/{shard}.log")),
        )
        for shard, ranges in RANGES.items()
        for step in ("build", "overlap")
    ]


PROGRESS = ProgressLine(progress_tasks(), sys.stderr)


STARTED = time.time()


def shares_driver():
    """Whether jobs that use an engine are going to run, here, in this environment."""
    return (
        ENGINE_HERE
        and workflow.local_exec
        and not workflow.touch
        and not workflow.deployment_settings.deployment_method
        and any(job.rule.name in ("build", "overlap") for job in workflow.dag.needrun_jobs())
    )


ENGINE = []
"""The driver that the jobs of this run share, once it has been started."""


def start_engine():
    """Start the driver now, while the first jobs run."""
    if shares_driver():
        os.makedirs(output("logs"), exist_ok=True)
        with open(output("logs/engine.log"), "wb") as log:
            ENGINE.append(share_driver(Execution(config["backend"], threads=workflow.cores), log))


def stop_engine():
    """Stop the driver; it would also end with this process."""
    while ENGINE:
        ENGINE.pop().stop()


onstart:
    write_plan(SHARDS, PLAN)
    print(where_jobs_go(workflow.executor_plugin.name), file=sys.stderr)
    PROGRESS.start()
    start_engine()


onsuccess:
    PROGRESS.stop()
    stop_engine()
    if (
        os.path.exists(output("stats.json"))
        and os.path.getmtime(output("stats.json")) > STARTED
    ):
        print(summarize_run(rules.merge_output.output[0]), file=sys.stderr)
        print(where_jobs_ran(output("logs"), STARTED), file=sys.stderr)


onerror:
    PROGRESS.stop()
    stop_engine()
