"""Make training examples of the kept windows of one shard."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input,
        snakemake.output,
        seals=snakemake.input.seals,
        seal=snakemake.output.seal,
    ),
):
    from pathlib import Path

    from alm.engines import Execution
    from alm.input.shards import read_ranges
    from alm.jobs.examples import examples_of_shard
    from alm.params import OverlapParams, WindowParams

    examples_of_shard(
        read_ranges(snakemake.input.shard),
        built=Path(snakemake.input.built),
        target=Path(snakemake.output.examples),
        digests=Path(snakemake.output.digests),
        window=WindowParams(**snakemake.params.window),
        overlap=OverlapParams(**snakemake.params.overlap),
        audio_root=snakemake.params.audio_root,
        sample_fraction=snakemake.params.sample_fraction,
        execution=Execution.of_job(snakemake.config, snakemake.threads, snakemake.resources),
        code=snakemake.params.code,
    )
