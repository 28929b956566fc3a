"""Build the candidate windows of one shard."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from pathlib import Path

    from alm.engines import Execution
    from alm.input.shards import read_ranges
    from alm.jobs.build import build_shard
    from alm.params import WindowParams

    build_shard(
        read_ranges(snakemake.input.shard),
        records=Path(snakemake.output.records),
        quarantine=Path(snakemake.output.quarantine),
        recordings=Path(snakemake.output.recordings),
        digests=Path(snakemake.output.digests),
        summary=Path(snakemake.output.summary),
        params=WindowParams(**snakemake.params.window),
        sample=Path(snakemake.output.sample),
        sample_fraction=snakemake.params.sample_fraction,
        stop_at_invalid=snakemake.params.on_invalid == "fail",
        execution=Execution.of_job(snakemake.config, snakemake.threads, snakemake.resources),
        code=snakemake.params.code,
    )
