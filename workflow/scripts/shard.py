"""Write down which byte ranges a shard holds."""

from alm.jobs import job_log

with job_log(snakemake.log[0], snakemake.output):
    from alm.shards import write_ranges

    write_ranges(snakemake.params.ranges, snakemake.output[0])
