"""Write the record of how the outputs came to be."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.provenance import write_provenance

    write_provenance(
        snakemake.input.shards,
        snakemake.input.built,
        snakemake.input.overlapped,
        snakemake.input.line_digests,
        snakemake.input.row_digests,
        parts=snakemake.params.parts,
        output=snakemake.input.output,
        others=snakemake.input.others,
        groups=snakemake.input.groups,
        report=snakemake.params.report,
        target=snakemake.output[0],
        parameters=snakemake.params.parameters,
        workflow=snakemake.params.workflow,
    )
