"""Write the script that draws the charts of the report."""

from alm.jobs.log import job_log

with job_log(snakemake.log[0], snakemake.output):
    from alm.jobs.chart_library import write_library

    write_library(snakemake.output[0])
