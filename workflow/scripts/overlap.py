"""Filter the overlapping windows of one shard."""

from alm.jobs import job_log

with job_log(snakemake.log[0]):
    from pathlib import Path

    from alm.params import OverlapParams
    from alm.steps.overlap import overlap_shard

    overlap_shard(
        Path(snakemake.input[0]),
        output=Path(snakemake.output.rows),
        summary=Path(snakemake.output.summary),
        params=OverlapParams(**snakemake.params.overlap),
        backend=snakemake.config["backend"],
        threads=snakemake.threads,
    )
