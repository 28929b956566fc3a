rule stats:
    input:
        shards=of_shards(RANGES_FILE),
        build=of_shards("work/build/{shard}.summary.json"),
        overlap=of_shards("work/overlap/{shard}.summary.json"),
        recordings=of_shards("work/build/{shard}.recordings"),
    output:
        json=report(
            output("stats.json"),
            caption="../report/stats_json.rst",
            category="Data",
            labels={"file": "stats.json"},
        ),
        # Not in the report: with 100,000 manifests it is larger than a page may be.
        tsv=output("stats.tsv"),
        parquet=output("stats.parquet"),
    log:
        output("logs/stats.log"),
    benchmark:
        output("benchmarks/stats.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        window=asdict(CONFIG.window),
        overlap=asdict(CONFIG.overlap),
        parameters=CONFIG.values,
        code=code_hash("alm.jobs.stats"),
    script:
        "../scripts/stats.py"
