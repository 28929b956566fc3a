rule stats:
    input:
        shards=of_shards("work/shards/{shard}.json"),
        build=of_shards("work/build/{shard}.summary.json"),
        overlap=of_shards("work/overlap/{shard}.summary.json"),
        recordings=of_shards("work/build/{shard}.recordings"),
    output:
        json=report(
            output("stats.json"),
            caption="../report/stats_json.rst",
            category="Data",
            labels={"file": "stats.json", "about": "the run"},
        ),
        tsv=report(
            output("stats.tsv"),
            caption="../report/stats_tsv.rst",
            category="Data",
            labels={"file": "stats.tsv", "about": "each manifest"},
        ),
        parquet=output("stats.parquet"),
    log:
        output("logs/stats.log"),
    benchmark:
        output("benchmarks/stats.tsv")
    conda:
        "../../envs/alm.yaml"
    params:
        window=asdict(CONFIG.window),
        overlap=asdict(CONFIG.overlap),
        parameters=CONFIG.values,
        code=code_hash("alm.steps.aggregate"),
    script:
        "../scripts/stats.py"
