"""Cut the clips of one shard."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input,
        snakemake.output,
        seals=[snakemake.input.seal],
        seal=snakemake.output.seal,
    ),
):
    from pathlib import Path

    from alm.engines import Execution
    from alm.jobs.clips import cut_clips
    from alm.params import ClipParams

    cut_clips(
        Path(snakemake.input.examples),
        clips=Path(snakemake.output.clips),
        index=Path(snakemake.output.index),
        quarantine=Path(snakemake.output.quarantine),
        summary=Path(snakemake.output.summary),
        kind=snakemake.params.kind,
        params=ClipParams(**snakemake.params.clips),
        max_overlap=snakemake.params.max_overlap,
        execution=Execution.of_job(snakemake.config, snakemake.threads, snakemake.resources),
        code=snakemake.params.code,
    )
