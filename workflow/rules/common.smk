# What all rules share: the checked configuration and the shards, both known before any job runs.

import os
import sys
from dataclasses import asdict

# The package is found in the source of the workflow, installed or not.
sys.path.insert(0, str(ROOT))

from alm.config import load_config, require_writable
from alm.errors import AlmError
from alm.input import find_manifests, hidden_note, is_compressed
from alm.input.first_rows import check_first_rows
from alm.input.shards import plan_digest, plan_shards, planned_shards, resolve_shard_size
from alm.jobs.log import share_package
from alm.jobs.merge_output import INDEX, MERGED
from alm.jobs.provenance import PROVENANCE
from alm.names import shown
from alm.processes import ensure_streams
from alm.provenance.code import code_hash

share_package()
ensure_streams()

PLAN_DIGEST = "ALM_PLAN"
"""The environment variable by which jobs know the plan of their run."""


def plan():
    """The shards of the manifests as they are now."""
    manifests, hidden = find_manifests(config["manifest_path"], exclude=config["output_dir"])
    if hidden and workflow.is_main_process:
        print(hidden_note(hidden), file=sys.stderr)
    if workflow.is_main_process and config["max_invalid_fraction"] < 1:
        check_first_rows(manifests)
    size = resolve_shard_size(config["shard_size"], manifests, config["backend"])
    return plan_shards(manifests, size)


def require_places(existing):
    """Refuse folders that cannot be written, or made; those that exist only if asked for."""
    places = {
        config["output_dir"]: f"output_dir = {config['output_dir']!r}",
        ".snakemake": "the working directory, where Snakemake keeps its records,",
    }
    for folder, what in places.items():
        if existing or not os.path.isdir(folder):
            require_writable(folder, what)


try:
    CONFIG = load_config(config, ROOT)
    config.update(CONFIG.values)
    require_places(existing=False)
    PLAN = os.path.join(config["output_dir"], "work/plan.json")
    if workflow.is_main_process:
        SHARDS = plan()
        os.environ[PLAN_DIGEST] = plan_digest(SHARDS)
    else:
        # A job reads all this again, and manifests may have changed since the start.
        SHARDS = planned_shards(PLAN, os.environ.get(PLAN_DIGEST), plan)
except AlmError as error:
    raise WorkflowError(shown(str(error)))

RANGES = {shard.name: shard.ranges for shard in SHARDS}


wildcard_constraints:
    shard="[0-9a-f]{16}",


def output(name):
    """The path of an output."""
    return os.path.join(config["output_dir"], name)


def of_shards(name):
    """The paths of one output of all shards, in input order."""
    return expand(output(name), shard=RANGES)
