rule stats:
    input:
        shards=of_shards("work/shards/{shard}.json"),
        build=of_shards("work/build/{shard}.summary.json"),
        overlap=of_shards("work/overlap/{shard}.summary.json"),
    output:
        json=report(
            output("stats.json"),
            caption="../report/stats.rst",
            category="Statistics",
            labels={"file": "stats.json", "about": "the run"},
        ),
        tsv=report(
            output("stats.tsv"),
            caption="../report/manifests.rst",
            category="Statistics",
            labels={"file": "stats.tsv", "about": "each manifest"},
        ),
    log:
        output("logs/stats.log"),
    benchmark:
        output("benchmarks/stats.tsv")
    conda:
        "../../envs/alm.yaml"
    params:
        parameters=CONFIG.values,
        code=code_hash("alm.steps.merge"),
    script:
        "../scripts/stats.py"
