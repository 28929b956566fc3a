# Beside the pages, which take about as long: a record of how the outputs came to be.
rule provenance:
    input:
        shards=of_shards(RANGES_FILE),
        built=of_shards("work/build/{shard}.summary.json"),
        overlapped=of_shards("work/overlap/{shard}.summary.json"),
        line_digests=of_shards("work/build/{shard}.digests"),
        row_digests=of_shards("work/overlap/{shard}.digests"),
        output=rules.merge_output.output[0],
        others=[rules.merge_quarantine.output[0], *rules.stats.output],
    output:
        output(PROVENANCE),
    log:
        output("logs/provenance.log"),
    benchmark:
        output("benchmarks/provenance.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        parts=of_shards("shards/{shard}.jsonl"),
        parameters=CONFIG.values | {"target_duration": CONFIG.overlap.target_duration},
        workflow=str(ROOT),
        code=code_hash("alm.jobs.provenance"),
    script:
        "../scripts/provenance.py"
