"""Add up the statistics of all shards."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.stats import aggregate
    from alm.params import OverlapParams, WindowParams
    from alm.provenance.versions import versions

    aggregate(
        snakemake.input.shards,
        [*snakemake.input.build, *snakemake.input.overlap],
        snakemake.input.recordings,
        stats_json=snakemake.output.json,
        stats_tsv=snakemake.output.tsv,
        stats_parquet=snakemake.output.parquet,
        window=WindowParams(**snakemake.params.window),
        overlap=OverlapParams(**snakemake.params.overlap),
        parameters=snakemake.params.parameters,
        versions=versions(),
        what_if=snakemake.input.what_if,
    )
