# What all rules share: the checked configuration and the shards, both known before any job runs.

import os
import sys
from dataclasses import asdict

# The package is found in the source of the workflow, installed or not.
sys.path.insert(0, str(ROOT))

from alm.config import PREPARE_OPTIONS, check_audio, load_config
from alm.errors import AlmError, ParameterError
from alm.input import is_compressed, is_url
from alm.input.shards import plan_digest, planned_shards
from alm.input.sources import find_sources, in_words, plan_groups, plan_sources
from alm.jobs.log import share_package
from alm.jobs.merge_output import INDEX, MERGED
from alm.jobs.provenance import PROVENANCE
from alm.provenance.code import code_hash
from alm.stages import merged, refuse_dotted

share_package()

PLAN_DIGEST = "ALM_PLAN"
"""The environment variable by which jobs know the plan of their run."""

INPUT_KIND = "ALM_INPUT_KIND"
"""That by which they know in which format the input is; empty for manifests of ours."""


def plan():
    """The shards of what there is now."""
    return planned()[0]


def planned():
    """The shards of what there is now, and its format; None for manifests of ours."""
    found = find_sources(config["manifest_path"], config["output_dir"], config["input_format"])
    check_audio(found.kind, config)
    audio = config["audio_root"] or config["audio_files"]
    return plan_sources(found, config["shard_size"], config["backend"], bool(audio)), found.kind


try:
    if workflow.is_main_process:
        refuse_dotted(sys.argv)
    given = merged(config, workflow.overwrite_configfiles, workflow.config_settings.config)
    config.clear()
    config.update(given)
    CONFIG = load_config(config, ROOT)
    config.update(CONFIG.values)
    if os.path.exists(config["output_dir"]) and not os.path.isdir(config["output_dir"]):
        raise ParameterError(f"output_dir = {config['output_dir']!r} is a file, not a directory")
    PLAN = os.path.join(config["output_dir"], "work/plan.json")
    if workflow.is_main_process:
        SHARDS, KIND = planned()
        os.environ[PLAN_DIGEST] = plan_digest(SHARDS)
        os.environ[INPUT_KIND] = KIND or ""
    else:
        # A job reads all this again, and manifests may have changed since the start.
        SHARDS = planned_shards(PLAN, os.environ.get(PLAN_DIGEST), plan)
        KIND = os.environ[INPUT_KIND] if INPUT_KIND in os.environ else planned()[1]
    GROUPS, SHARES = plan_groups(SHARDS, KIND) if KIND else ({}, {})
except AlmError as error:
    raise WorkflowError(str(error))

RANGES = {shard.name: shard.ranges for shard in SHARDS}


RANGES_FILE = "work/prepared/{shard}.json" if KIND else "work/shards/{shard}.json"
"""What the builds are to read."""

if KIND and workflow.is_main_process:
    how = "recognized by its content" if config["input_format"] == "auto" else "as configured"
    print(f"input: {in_words(KIND)}, {how}", file=sys.stderr)


wildcard_constraints:
    shard="[0-9a-f]{16}",
    group="[0-9a-f]{16}",


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
    return nameable(RANGES[wildcards.shard])


def nameable(ranges):
    """The files of ranges that Snakemake can name."""
    return list(filter(is_nameable, dict.fromkeys(span.path for span in ranges)))
