"""Add up the statistics of all shards."""

from alm.jobs import job_log

with job_log(snakemake.log[0]):
    from alm.provenance import versions
    from alm.steps.merge import aggregate

    aggregate(
        snakemake.input.shards,
        [*snakemake.input.build, *snakemake.input.overlap],
        stats_json=snakemake.output.json,
        stats_tsv=snakemake.output.tsv,
        parameters=snakemake.params.parameters,
        versions=versions(),
    )
