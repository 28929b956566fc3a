"""Compare combinations of parameters: a table and a page."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.sweep import write_sweep

    write_sweep(
        snakemake.input.counted,
        tsv=snakemake.output.tsv,
        page=snakemake.output.page,
        values=snakemake.params["values"],
        grid=snakemake.params.grid,
        sample_fraction=snakemake.params.sample_fraction,
    )
