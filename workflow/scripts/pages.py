"""Make the pages of the report."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from pathlib import Path

    from alm.jobs.pages import write_report

    write_report(
        snakemake.input.json,
        snakemake.input.tsv,
        snakemake.input.quarantine,
        recordings_json=snakemake.input.recordings,
        compare_with=snakemake.params.compare_with,
        clips=snakemake.params.clips,
        benchmarks=snakemake.params.benchmarks,
        shards=[Path(path).stem for path in snakemake.input.shards],
        groups=snakemake.params.groups,
        pages={name: path for name, path in snakemake.output.items() if name != "seal"},
    )
