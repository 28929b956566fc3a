rule overlap:
    input:
        rules.build.output.records,
    output:
        # Not temp(): a manifest more would make all of them again.
        rows=output("shards/{shard}.jsonl"),
        quarantine=output("work/overlap/{shard}.quarantine.jsonl"),
        digests=output("work/overlap/{shard}.digests"),
        summary=output("work/overlap/{shard}.summary.json"),
    log:
        output("logs/overlap/{shard}.log"),
    benchmark:
        output("benchmarks/overlap/{shard}.tsv")
    conda:
        "../../envs/alm.yaml"
    threads: STEP_THREADS
    resources:
        mem_mb=step_mem_mb,
        runtime=step_runtime,
    params:
        overlap=asdict(CONFIG.overlap),
        on_invalid=config["on_invalid"],
        code=code_hash("alm.jobs.overlap"),
    script:
        "../scripts/overlap.py"
