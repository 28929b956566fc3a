# Tries changes of the parameters on some of the recordings; before the statistics, which list them.
rule what_if:
    input:
        samples=of_shards("work/build/{shard}.sample"),
        summaries=[
            *of_shards("work/build/{shard}.summary.json"),
            *of_shards("work/overlap/{shard}.summary.json"),
        ],
        seals=seals("build", "overlap"),
    output:
        output("work/what_if.json"),
        seal=seal("what_if"),
    log:
        output("logs/what_if.log"),
    benchmark:
        output("benchmarks/what_if.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["what_if"],
    script:
        "../scripts/what_if.py"
