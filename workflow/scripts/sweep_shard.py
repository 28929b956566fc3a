"""Count what combinations of parameters keep of one shard."""

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
    from alm.jobs.sweep_shard import sweep_shard

    sweep_shard(
        read_ranges(snakemake.input.shard),
        Path(snakemake.output[0]),
        values=snakemake.params["values"],
        grid=snakemake.params.grid,
        sample_fraction=snakemake.params.sample_fraction,
        stop_at_invalid=snakemake.params.on_invalid == "fail",
        execution=Execution.of_job(snakemake.config, snakemake.threads, snakemake.resources),
        code=snakemake.params.code,
    )
