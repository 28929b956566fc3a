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
        execution=Execution(
            snakemake.config["backend"],
            threads=snakemake.threads,
            mem_mb=snakemake.resources.get("mem_mb"),
            ray_address=snakemake.config["ray_address"],
        ),
        code=snakemake.params.code,
    )
