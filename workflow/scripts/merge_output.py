"""Join the output of all shards, unless too many rows were refused."""

from alm.jobs import job_log

with job_log(snakemake.log[0]):
    from alm.steps.merge import merge_output

    merge_output(
        snakemake.input.parts,
        snakemake.input.summaries,
        quarantine=snakemake.input.quarantine,
        target=snakemake.output[0],
        max_invalid_fraction=snakemake.params.max_invalid_fraction,
    )
