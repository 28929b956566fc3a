rule build:
    input:
        shard=read_by_build,
        prepared=output("prepared/{shard}.jsonl") if KIND else [],
        seals=[seal("prepare_shard")] if KIND else [],
    output:
        records=output("work/build/{shard}.records"),
        quarantine=output("work/build/{shard}.quarantine.jsonl"),
        recordings=output("work/build/{shard}.recordings"),
        digests=output("work/build/{shard}.digests"),
        sample=output("work/build/{shard}.sample"),
        summary=output("work/build/{shard}.summary.json"),
        seal=seal("build"),
    log:
        output("logs/build/{shard}.log"),
    benchmark:
        output("benchmarks/build/{shard}.tsv")
    conda:
        "../../envs/alm.yaml"
    threads: STEP_THREADS
    resources:
        mem_mb=step_mem_mb,
        runtime=step_runtime,
    params:
        **MADE_WITH["build"],
    script:
        "../scripts/build.py"
