# The way out: kept windows as what trainers load. Nothing of it runs unless `exports` is asked for.
# Records hold no words where drop_fields has them: windows are made once more, nothing dropped.
rule examples:
    input:
        shard=read_by_build,
        prepared=output("prepared/{shard}.jsonl") if KIND else [],
        built=rules.build.output.digests,
        seals=[rules.build.output.seal, *([seal("prepare_shard")] if KIND else [])],
    output:
        examples=output("work/examples/{shard}.jsonl"),
        digests=output("work/examples/{shard}.digests"),
        seal=seal("examples"),
    log:
        output("logs/examples/{shard}.log"),
    benchmark:
        output("benchmarks/examples/{shard}.tsv")
    conda:
        "../../envs/alm.yaml"
    threads: STEP_THREADS
    resources:
        mem_mb=step_mem_mb,
        runtime=step_runtime,
    params:
        **MADE_WITH["examples"],
    script:
        "../scripts/examples.py"


rule clips:
    input:
        examples=rules.examples.output.examples,
        seal=rules.examples.output.seal,
    output:
        clips=output("work/clips/{shard}.clips"),
        index=output("work/clips/{shard}.jsonl"),
        quarantine=output("work/clips/{shard}.quarantine.jsonl"),
        summary=output("work/clips/{shard}.summary.json"),
        seal=seal("clips"),
    log:
        output("logs/clips/{shard}.log"),
    benchmark:
        output("benchmarks/clips/{shard}.tsv")
    conda:
        "../../envs/alm.yaml"
    threads: STEP_THREADS
    resources:
        mem_mb=clips_mem_mb,
        runtime=clips_runtime,
    params:
        **MADE_WITH["clips"],
        kind=PLAIN,
    script:
        "../scripts/clips.py"


use rule clips as moshi_clips with:
    output:
        clips=output("work/moshi_clips/{shard}.clips"),
        index=output("work/moshi_clips/{shard}.jsonl"),
        quarantine=output("work/moshi_clips/{shard}.quarantine.jsonl"),
        summary=output("work/moshi_clips/{shard}.summary.json"),
        seal=seal("moshi_clips"),
    log:
        output("logs/moshi_clips/{shard}.log"),
    benchmark:
        output("benchmarks/moshi_clips/{shard}.tsv")
    params:
        **MADE_WITH["moshi_clips"],
        kind=TWO_CHANNELS,


# As the quarantine of rows: there to look at when an export fails because of it.
rule export_quarantine:
    input:
        [path for rule in CLIPPED for path in of_shards(f"work/{rule}/{{shard}}.quarantine.jsonl")],
        seals=seals(*CLIPPED),
    output:
        output("exports/quarantine.jsonl"),
        seal=seal("export_quarantine"),
    log:
        output("logs/export_quarantine.log"),
    benchmark:
        output("benchmarks/export_quarantine.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=merge_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["export_quarantine"],
    script:
        "../scripts/export_quarantine.py"


rule splits:
    input:
        examples=of_shards("work/examples/{shard}.jsonl"),
        seals=seals("examples"),
    output:
        output("exports/splits.tsv"),
        seal=seal("splits"),
    log:
        output("logs/splits.log"),
    benchmark:
        output("benchmarks/splits.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["splits"],
        known=output("work/splits.tsv"),
    script:
        "../scripts/splits.py"


# The files of an export are no outputs, but its seal names them: how many there are is not known, and
# Snakemake would put a file of its own into the folder, which lhotse takes for one of the data.
rule export_windows:
    input:
        examples=of_shards("work/examples/{shard}.jsonl"),
        assignment=ASSIGNMENT,
        seals=seals("examples", *(["splits"] if ASSIGNMENT else [])),
    output:
        seal=seal("export_windows"),
    log:
        output("logs/export/{name}.log"),
    benchmark:
        output("benchmarks/export/{name}.tsv")
    wildcard_constraints:
        name=formats_of(EXAMPLES),
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=export_runtime,
    params:
        **MADE_WITH["export_windows"],
        target=output("exports/{name}"),
    script:
        "../scripts/export.py"


# Clips are copied from the files of the shards, which may go once all exports are there.
rule export_clips:
    input:
        clips=of_shards("work/clips/{shard}.clips"),
        index=of_shards("work/clips/{shard}.jsonl"),
        summaries=of_shards("work/clips/{shard}.summary.json"),
        quarantine=rules.export_quarantine.output[0],
        assignment=ASSIGNMENT,
        seals=seals("clips", *(["splits"] if ASSIGNMENT else [])),
    output:
        seal=seal("export_clips"),
    log:
        output("logs/export/{name}.log"),
    benchmark:
        output("benchmarks/export/{name}.tsv")
    wildcard_constraints:
        name=formats_of(PLAIN),
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=clips_copied_runtime,
    params:
        **MADE_WITH["export_clips"],
        target=output("exports/{name}"),
    script:
        "../scripts/export.py"


use rule export_clips as export_moshi with:
    input:
        clips=of_shards("work/moshi_clips/{shard}.clips"),
        index=of_shards("work/moshi_clips/{shard}.jsonl"),
        summaries=of_shards("work/moshi_clips/{shard}.summary.json"),
        quarantine=rules.export_quarantine.output[0],
        assignment=ASSIGNMENT,
        seals=seals("moshi_clips", *(["splits"] if ASSIGNMENT else [])),
    output:
        seal=seal("export_moshi"),
    wildcard_constraints:
        name=formats_of(TWO_CHANNELS),
    params:
        **MADE_WITH["export_moshi"],
        target=output("exports/{name}"),


rule data_card:
    input:
        examples=of_shards("work/examples/{shard}.jsonl"),
        summaries=[
            path for rule in CLIPPED for path in of_shards(f"work/{rule}/{{shard}}.summary.json")
        ],
        stats=rules.stats.output.json,
        provenance=rules.provenance.output[0],
        assignment=ASSIGNMENT,
        quarantine=[rules.export_quarantine.output[0]] if CLIPPED else [],
        seals=export_seals(),
    output:
        card=output("exports/DATACARD.md"),
        croissant=output("exports/croissant.json"),
        record=output("exports/provenance.json"),
        seal=seal("data_card"),
    log:
        output("logs/data_card.log"),
    benchmark:
        output("benchmarks/data_card.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["data_card"],
    script:
        "../scripts/data_card.py"
