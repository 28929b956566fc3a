"""Join the tables of recordings of all shards, and draw those that the report shows."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input.tables,
        snakemake.output,
        seals=snakemake.input.seals,
        seal=snakemake.output.seal,
    ),
):
    from alm.jobs.recordings import write_recordings
    from alm.params import OverlapParams

    write_recordings(
        snakemake.input.tables,
        snakemake.input.records,
        tsv=snakemake.output.tsv,
        picked=snakemake.output.picked,
        overlap=OverlapParams(**snakemake.params.overlap),
    )
