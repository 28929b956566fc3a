# Which bytes of which manifests a shard holds is known from their names and sizes alone, before
# any job runs, so the graph of jobs is static; this rule writes it down for the jobs of the shard.
# One job a shard: one for all of them would rerun every shard when a manifest is added.
rule shard:
    input:
        manifests_of,
    output:
        output("work/shards/{shard}.{version}.json"),
    log:
        output("logs/shard/{shard}.{version}.log"),
    benchmark:
        output("benchmarks/shard/{shard}.{version}.tsv")
    localrule: True
    conda:
        "../../envs/alm.yaml"
    params:
        ranges=lambda wildcards: RANGES[wildcards.shard],
    script:
        "../scripts/shard.py"
