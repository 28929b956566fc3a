"""Write down all shards of the run."""

from alm.jobs.log import job_log

with job_log(snakemake.log[0], snakemake.output):
    from alm.jobs.plan import write_plan

    write_plan(snakemake.params.shards, snakemake.output[0])
