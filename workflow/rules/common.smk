# What all rules share: the checked configuration and the shards, both known before any job runs.

import os
import sys

# The package is found in the source of the workflow, installed or not.
sys.path.insert(0, str(ROOT))

from alm.config import check_audio, load_config, require_writable
from alm.keys import AUTO, NO_SPEAKER_NOTE
from alm.errors import AlmError
from alm.input import hidden_note, is_compressed
from alm.input.first_rows import check_first_rows
from alm.input.shards import plan_digest, planned_shards
from alm.input.sources import find_sources, in_words, plan_groups, plan_sources
from alm.jobs.identity import identities, made_with, seal_name, version_of_other
from alm.jobs.lock import hold
from alm.jobs.log import share_package
from alm.jobs.merge_output import INDEX, MERGED
from alm.jobs.record import PROVENANCE
from alm.jobs.seals import OF_SHARDS, remove_others
from alm.names import shown
from alm.processes import ensure_streams
from alm.stages import merged, refuse_dotted

share_package()
ensure_streams()

PLAN_DIGEST = "ALM_PLAN"
"""The environment variable by which jobs know the plan of their run."""

RUN_IDENTITY = "ALM_IDENTITY"
"""That by which they know its parameters and code."""


INPUT_KIND = "ALM_INPUT_KIND"
"""That by which they know in which format the input is; empty for manifests of ours."""


def plan():
    """The shards of what there is now."""
    return planned()[0]


def planned():
    """The shards of what there is now, and its format; None for manifests of ours."""
    found = find_sources(config["manifest_path"], config["output_dir"], config["input_format"])
    check_audio(found.kind, config)
    if workflow.is_main_process:
        if found.hidden:
            print(hidden_note(found.hidden), file=sys.stderr)
        if found.kind:
            how = "recognized by its content" if config["input_format"] == AUTO else "as configured"
            print(f"input: {in_words(found.kind)}, {how}", file=sys.stderr)
            if CONFIG.of_input(found.kind) != CONFIG.of_input(None):
                print(NO_SPEAKER_NOTE, file=sys.stderr)
        elif config["max_invalid_fraction"] < 1:
            check_first_rows(found.manifests)
    listens = config["audio_root"] or config["audio_files"]
    shards = plan_sources(found, config["shard_size"], config["backend"], bool(listens))
    return shards, found.kind


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
    if workflow.is_main_process:
        refuse_dotted(sys.argv)
    given = merged(config, workflow.overwrite_configfiles, workflow.config_settings.config)
    config.clear()
    config.update(given)
    CONFIG = load_config(config, ROOT)
    config.update(CONFIG.values)
    require_places(existing=False)
    PLAN = os.path.join(config["output_dir"], "work/plan.json")
    if workflow.is_main_process:
        SHARDS, KIND = planned()
        os.environ[PLAN_DIGEST] = plan_digest(SHARDS)
        os.environ[INPUT_KIND] = KIND or ""
    else:
        # A job reads all this again, and manifests may have changed since the start.
        SHARDS = planned_shards(PLAN, os.environ.get(PLAN_DIGEST), plan)
        KIND = os.environ[INPUT_KIND] if INPUT_KIND in os.environ else planned()[1]
    CONFIG = CONFIG.of_input(KIND)
    GROUPS, SHARES = plan_groups(SHARDS, KIND) if KIND else ({}, {})
    OTHER = version_of_other(config["compare_with"])
except AlmError as error:
    raise WorkflowError(shown(str(error)))

RANGES = {shard.name: shard.ranges for shard in SHARDS}
VERSIONS = {shard.name: shard.version for shard in SHARDS}

# Of each rule: the parameters that it depends on, and the name of the seal that stands for them.
MADE_WITH = made_with(CONFIG, KIND)
MADE_WITH["pages"]["other"] = OTHER
IDENTITY = identities(MADE_WITH, plan_digest(SHARDS))

# These follow from all others.
RUN = "".join(IDENTITY[rule] for rule in ("pages", "provenance", "data_card", "sweep"))
if workflow.is_main_process:
    os.environ[RUN_IDENTITY] = RUN
elif os.environ.get(RUN_IDENTITY, "") not in ("", RUN):
    raise WorkflowError(
        "the source of alm or the configuration was changed while the run was under way; start "
        "again: what is done stays done, unless the change makes it different"
    )


wildcard_constraints:
    shard="[0-9a-f]{16}",
    group="[0-9a-f]{16}",
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


def of_group(path, group):
    """A path of a group, from one with its wildcards."""
    return path.format(group=group.name, version=group.version)


def seals(*names):
    """The seals of all jobs of some rules, in input order; none of rules that the run has not."""
    found = []
    for name in filter(IDENTITY.__contains__, names):
        if name in OF_SHARDS:
            found += of_shards(seal_name(name, IDENTITY[name]))
        elif name == "group":
            found += [of_group(seal(name), group) for group in GROUPS.values()]
        else:
            found.append(seal(name))
    return found


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
        if KIND:
            remove_others(output("prepared"), RANGES)


def shard_of(wildcards):
    """The file that says what a shard holds; Snakemake asks for it when it makes the graph of jobs."""
    hold_output_dir()
    return ranges_of(wildcards.shard)


PREPARED = "work/prepared/{shard}.json"
"""What the build of a shard reads, where the input is in another format: a prepared manifest."""


def read_by_build(wildcards):
    """The file that says what a build reads."""
    path = shard_of(wildcards)
    return output(PREPARED.format(shard=wildcards.shard)) if KIND else path


def read_by_builds():
    """These files of all shards, in input order."""
    return of_shards(PREPARED) if KIND else ranges_of_shards()
