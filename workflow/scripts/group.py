"""Group what files of another format hold by recording."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        [],
        snakemake.output,
        seal=snakemake.output.seal,
        rows=[snakemake.output.groups],
    ),
):
    from pathlib import Path

    from alm.input import ByteRange
    from alm.jobs.group import group_sources

    group_sources(
        [ByteRange(*span) for span in snakemake.params.ranges],
        kind=snakemake.params.kind,
        target=Path(snakemake.output.groups),
        summary=Path(snakemake.output.summary),
        recognized=snakemake.params.recognized,
    )
