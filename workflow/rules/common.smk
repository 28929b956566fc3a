# What all rules share: the checked configuration and the shards, both known before any job runs.

import os
import sys

# The package is found in the source of the workflow, installed or not.
sys.path.insert(0, str(ROOT))

from alm.config import load_config, require_writable
from alm.errors import AlmError
from alm.input import find_manifests, hidden_note, is_compressed
from alm.input.first_rows import check_first_rows
from alm.input.shards import plan_digest, plan_shards, planned_shards, resolve_shard_size
from alm.jobs.identity import identities, made_with, seal_name
from alm.jobs.lock import hold
from alm.jobs.log import share_package
from alm.jobs.merge_output import INDEX, MERGED
from alm.jobs.record import PROVENANCE
from alm.jobs.seals import OF_SHARDS
from alm.names import shown
from alm.processes import ensure_streams

share_package()
ensure_streams()

PLAN_DIGEST = "ALM_PLAN"
"""The environment variable by which jobs know the plan of their run."""

RUN_IDENTITY = "ALM_IDENTITY"
"""That by which they know its parameters and code."""


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
VERSIONS = {shard.name: shard.version for shard in SHARDS}

# Of each rule: the parameters that it depends on, and the name of the seal that stands for them.
MADE_WITH = made_with(CONFIG, shards=SHARDS)
IDENTITY = identities(MADE_WITH, plan_digest(SHARDS))

# These follow from all others.
WHOLE_IDENTITY = "".join(IDENTITY[rule] for rule in ("pages", "provenance", "sweep"))
if workflow.is_main_process:
    os.environ[RUN_IDENTITY] = WHOLE_IDENTITY
elif os.environ.get(RUN_IDENTITY, "") not in ("", WHOLE_IDENTITY):
    raise WorkflowError(
        "the source of alm or the configuration was changed while the run was under way; start "
        "again: what is done stays done, unless the change makes it different"
    )


wildcard_constraints:
    shard="[0-9a-f]{16}",
    version="[0-9a-f]{16}",


def output(name):
    """The path of an output."""
    return os.path.join(config["output_dir"], name)


def of_shards(name):
    """The paths of one output of all shards, in input order."""
    return expand(output(name), shard=RANGES)


def seal(rule):
    """The path of the seal of a rule, a job's last output: see alm/jobs/seals.py."""
    return output(seal_name(rule, IDENTITY[rule]))


def seals(*names):
    """The seals of all jobs of some rules, in input order."""
    return [
        path
        for name in names
        for path in (
            of_shards(seal_name(name, IDENTITY[name])) if name in OF_SHARDS else [seal(name)]
        )
    ]


def ranges_of(shard):
    """The path of the file that says what a shard holds; another version of it is another file."""
    return output(f"work/shards/{shard}.{VERSIONS[shard]}.json")


def ranges_of_shards():
    """These paths of all shards, in input order."""
    return list(map(ranges_of, RANGES))


HELD = []
"""The output directory, once this process holds it."""


def hold_output_dir():
    """Hold it before a look at what is there, if jobs are going to run from here.

    Whether they are is known when the graph of jobs is made, not when this file is read, and hooks
    are not called in all workflows that import this one. Exits with one line if another run has it.
    """
    runs = workflow.is_main_process and workflow.executor_plugin and not workflow.dryrun
    if runs and not HELD:
        try:
            hold(config["output_dir"])
        except AlmError as error:
            sys.exit(f"error: {error}")
        HELD.append(config["output_dir"])


def shard_of(wildcards):
    """The file that says what a build reads; Snakemake asks for it when it makes the graph of jobs."""
    hold_output_dir()
    return ranges_of(wildcards.shard)
