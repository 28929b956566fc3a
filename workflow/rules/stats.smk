rule stats:
    input:
        shards=read_by_builds(),
        build=of_shards("work/build/{shard}.summary.json"),
        overlap=of_shards("work/overlap/{shard}.summary.json"),
        recordings=of_shards("work/build/{shard}.recordings"),
        what_if=rules.what_if.output[0],
        seals=seals("prepare_shard", "build", "overlap", "what_if"),
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
        seal=seal("stats"),
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
        **MADE_WITH["stats"],
    script:
        "../scripts/stats.py"
