"""Try what changes of the parameters would bring."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.what_if import try_levers

    try_levers(
        snakemake.input.samples,
        snakemake.input.summaries,
        target=snakemake.output[0],
        values=snakemake.params["values"],
        sample_fraction=snakemake.params.sample_fraction,
    )
