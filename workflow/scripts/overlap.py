"""Filter the overlapping windows of one shard."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input,
        snakemake.output,
        seals=[snakemake.input.seal],
        seal=snakemake.output.seal,
        rows=[snakemake.output.rows],
    ),
):
    from pathlib import Path

    from alm.engines import Execution
    from alm.jobs.overlap import overlap_shard
    from alm.params import OverlapParams

    overlap_shard(
        Path(snakemake.input.records),
        output=Path(snakemake.output.rows),
        quarantine=Path(snakemake.output.quarantine),
        digests=Path(snakemake.output.digests),
        recordings=Path(snakemake.output.recordings),
        summary=Path(snakemake.output.summary),
        params=OverlapParams(**snakemake.params.overlap),
        stop_at_invalid=snakemake.params.on_invalid == "fail",
        execution=Execution.of_job(snakemake.config, snakemake.threads, snakemake.resources),
        code=snakemake.params.code,
    )
