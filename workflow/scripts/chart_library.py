"""Write the script that draws the charts of the report."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(snakemake.input, snakemake.output, seal=snakemake.output.seal),
):
    from alm.jobs.chart_library import write_library

    write_library(snakemake.output[0])
