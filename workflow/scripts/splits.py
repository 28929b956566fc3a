"""Say which recordings are for training, and which for testing."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.splits import split_recordings

    split_recordings(
        snakemake.input.examples,
        target=snakemake.output[0],
        known=snakemake.params.known,
        splits=snakemake.params.splits,
        by=snakemake.params.split_by,
        seed=snakemake.params.split_seed,
    )
