rule shard:
    input:
        [manifest.path for manifest in MANIFESTS],
    output:
        output("work/shards.json"),
    log:
        output("logs/shard.log"),
    benchmark:
        output("benchmarks/shard.tsv")
    conda:
        "../../envs/alm.yaml"
    localrule: True
    params:
        shard_size=config["shard_size"],
        code=code_hash("alm.shards"),
    script:
        "../scripts/shard.py"
