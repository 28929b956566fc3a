"""Write down which byte ranges a shard holds."""

from alm.jobs.log import job_log

with job_log(snakemake.log[0], snakemake.output):
    from alm.jobs.shard import write_ranges

    write_ranges(snakemake.params.ranges, snakemake.output[0])
