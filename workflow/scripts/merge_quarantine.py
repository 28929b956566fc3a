"""Join the quarantined rows of all shards."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.merge_quarantine import merge_quarantine

    merge_quarantine(
        snakemake.input.built,
        snakemake.input.overlapped,
        snakemake.input.summaries,
        target=snakemake.output[0],
    )
