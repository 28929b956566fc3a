"""Make the manifest of one shard from recordings in another format."""

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

    from alm.audio import AudioOptions
    from alm.engines import Execution
    from alm.input.sources import Share
    from alm.jobs.prepare_shard import Preparation, prepare_shard, write_index

    options = snakemake.params.options
    index = Path(snakemake.output.index)
    write_index(options["audio_root"], options["audio_files"], index)
    prepare_shard(
        Path(snakemake.input.groups),
        Path(snakemake.input.summary),
        share=Share(*snakemake.params.share),
        manifest=Path(snakemake.output.manifest),
        ranges=Path(snakemake.output.ranges),
        preparation=Preparation(
            snakemake.params.kind,
            scopes_speakers=options["speaker_scope"] == "recording",
            audio=AudioOptions(
                options["bandwidth"], options["sample_rate"], options["missing_audio"]
            ),
            files=index,
        ),
        execution=Execution.of_job(snakemake.config, snakemake.threads, snakemake.resources),
        code=snakemake.params.code,
    )
