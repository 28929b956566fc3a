rule build:
    input:
        # The manifests are inputs of the shard alone: naming 100,000 of them once takes long enough.
        shard=output(RANGES_FILE),
    output:
        records=output("work/build/{shard}.records"),
        quarantine=output("work/build/{shard}.quarantine.jsonl"),
        recordings=output("work/build/{shard}.recordings"),
        digests=output("work/build/{shard}.digests"),
        summary=output("work/build/{shard}.summary.json"),
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
        window=asdict(CONFIG.window),
        on_invalid=config["on_invalid"],
        code=code_hash("alm.jobs.build"),
    script:
        "../scripts/build.py"
