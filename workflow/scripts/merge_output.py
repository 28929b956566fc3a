"""Join the output of all shards, or list them, unless too many rows were refused."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input,
        snakemake.output,
        seals=snakemake.input.seals,
        seal=snakemake.output.seal,
        rows=[snakemake.output[0]] if snakemake.params.merge else [],
    ),
):
    from alm.jobs.merge_output import Pieces, index_output, merge_output

    write_result = merge_output if snakemake.params.merge else index_output
    write_result(
        Pieces(*(snakemake.input[name] for name in Pieces._fields)),
        quarantine=snakemake.input.quarantine,
        target=snakemake.output[0],
        max_invalid_fraction=snakemake.params.max_invalid_fraction,
    )
