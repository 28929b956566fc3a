"""Join the windows of all shards that have no clip."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.export_quarantine import join_quarantines

    seals = set(snakemake.input.seals)
    join_quarantines([path for path in snakemake.input if path not in seals], snakemake.output[0])
