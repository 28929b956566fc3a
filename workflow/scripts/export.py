"""Write one format for trainers."""

from alm.jobs.log import job_log
from alm.jobs.seals import files_below, sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input,
        files_below(snakemake.params.target),
        seals=snakemake.input.seals,
        seal=snakemake.output.seal,
    ),
):
    from alm.jobs.export import check_clips, export
    from alm.jobs.seals import unseal_export
    from alm.params import ExportParams

    unseal_export(snakemake.output.seal)
    sources = dict(snakemake.input.items())
    if "summaries" in sources:
        check_clips(
            snakemake.input.summaries,
            snakemake.input.quarantine,
            snakemake.params.max_invalid_fraction,
        )
    export(
        snakemake.wildcards.name,
        sources,
        target=snakemake.params.target,
        params=ExportParams(**snakemake.params.export),
        splits=list(snakemake.params.splits or {}),
        assignment=next(iter(snakemake.input.assignment), None),
    )
