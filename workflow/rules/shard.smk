# Which bytes of which manifests a shard holds is known from their names and sizes alone, before
# any job runs, so the graph of jobs is static; this rule writes it down for the jobs of the shard.
# One job a shard: one for all of them would rerun every shard when a manifest is added.
# Manifests are no inputs: the version of each is in the ranges, a parameter, so a change is noticed
# all the same. As an input, one that is dated in the future would stop every run, and some names
# and all URLs cannot be one.
rule shard:
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
