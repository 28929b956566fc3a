"""Join the quarantined rows of all shards."""

from alm.jobs.log import job_log

with job_log(snakemake.log[0], snakemake.output):
    from alm.jobs.merge_quarantine import merge_quarantine

    merge_quarantine(
        snakemake.input.built,
        snakemake.input.overlapped,
        snakemake.input.summaries,
        target=snakemake.output[0],
    )
