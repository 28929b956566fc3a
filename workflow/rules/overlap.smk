rule overlap:
    input:
        records=rules.build.output.records,
        seal=rules.build.output.seal,
    output:
        # Not temp(): a manifest more would make all of them again.
        rows=output("shards/{shard}.jsonl"),
        quarantine=output("work/overlap/{shard}.quarantine.jsonl"),
        digests=output("work/overlap/{shard}.digests"),
        recordings=output("work/overlap/{shard}.recordings.tsv"),
        summary=output("work/overlap/{shard}.summary.json"),
        seal=seal("overlap"),
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
        **MADE_WITH["overlap"],
    script:
        "../scripts/overlap.py"
