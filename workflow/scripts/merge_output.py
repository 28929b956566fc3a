"""Join the output of all shards, or list them, unless too many rows were refused."""

from alm.jobs.log import job_log

with job_log(snakemake.log[0], snakemake.output):
    from alm.jobs.merge_output import index_output, merge_output

    write_result = merge_output if snakemake.config["merge"] else index_output
    write_result(
        snakemake.input.parts,
        snakemake.input.built,
        snakemake.input.overlapped,
        quarantine=snakemake.input.quarantine,
        target=snakemake.output[0],
        max_invalid_fraction=snakemake.params.max_invalid_fraction,
    )
