"""Make the pages of the report."""

from alm.jobs.log import job_log

with job_log(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from alm.jobs.pages import write_report

    write_report(
        snakemake.input.json,
        snakemake.input.tsv,
        snakemake.input.quarantine,
        benchmarks=snakemake.params.benchmarks,
        shards=[Path(path).stem for path in snakemake.input.shards],
        library=snakemake.input.library,
        pages=dict(snakemake.output.items()),
    )
