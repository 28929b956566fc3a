"""Say what the exports are as a whole."""

from alm.jobs.log import job_log
from alm.jobs.seals import sealed

with (
    job_log(snakemake.log[0], snakemake.output),
    sealed(
        snakemake.input, snakemake.output, seals=snakemake.input.seals, seal=snakemake.output.seal
    ),
):
    from alm.jobs.data_card import write_data_card

    assignment = next(iter(snakemake.input.assignment), None)
    beside = [*snakemake.input.assignment, *snakemake.input.quarantine]
    write_data_card(
        snakemake.input.examples,
        snakemake.input.summaries,
        stats=snakemake.input.stats,
        provenance=snakemake.input.provenance,
        assignment=assignment,
        beside=beside,
        card=snakemake.output.card,
        croissant_json=snakemake.output.croissant,
        record=snakemake.output.record,
        parameters=snakemake.params.parameters,
    )
