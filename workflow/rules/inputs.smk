# What the rules of prepare, sweep and exports ask for, beyond what all rules do.
from alm.exports.formats import EXAMPLES, PLAIN, TWO_CHANNELS, needs
from alm.jobs.seals import forget_if_missing

NEEDS = {name: needs(name, config["parquet_audio"]) for name in config["exports"]}

EXPORTED_BY = {EXAMPLES: "export_windows", PLAIN: "export_clips", TWO_CHANNELS: "export_moshi"}

CLIPS_OF = {PLAIN: "clips", TWO_CHANNELS: "moshi_clips"}

CLIPPED = [rule for kind, rule in CLIPS_OF.items() if kind in NEEDS.values()]
"""The rules that cut the clips that are asked for."""

ASSIGNMENT = [output("exports/splits.tsv")] if config["splits"] else []


def export_seals():
    """The seals of all formats that are asked for."""
    return [expand(seal(EXPORTED_BY[kind]), name=name)[0] for name, kind in NEEDS.items()]


def formats_of(kind):
    """A pattern for the names of formats that are made of something."""
    return "|".join([name for name, own in NEEDS.items() if own == kind] or ["none"])


def wanted(wildcards):
    """All that `exports` stands for."""
    if not NEEDS:
        raise WorkflowError("exports is empty: say which, as --config exports=[lhotse,nemo]")
    hold_output_dir()
    for path in export_seals():
        forget_if_missing(path)
    return [*export_seals(), output("exports/DATACARD.md"), seal("data_card")]


def shard_to_sweep(wildcards):
    """The file that says what a shard holds, if there is something to compare."""
    if not config["sweep"]:
        # An exception would be taken for a missing input, and be no error where an old sweep is there.
        sys.exit(
            "error: there is nothing to compare: write a grid into a configuration file, such as "
            "sweep: {target_window_duration: [60, 120], selection: [greedy, coverage]}"
        )
    return read_by_build(wildcards)


def group_of(path):
    """A path of the group that a shard is a share of, from one with the group's wildcards."""
    return lambda wildcards: of_group(path, GROUPS[SHARES[wildcards.shard].group])
