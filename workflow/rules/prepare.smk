# Where manifest_path holds another format than ours, these stand between the shards and their builds.
# A recording's lines may be anywhere in a corpus, so it is grouped before it is cut; how large the
# groups are is known only then, so a shard is a share of them, and the graph of jobs stays static.
rule group:
    output:
        groups=output("work/groups/{group}.{version}.jsonl"),
        summary=output("work/groups/{group}.{version}.summary.json"),
        seal=seal("group"),
    log:
        output("logs/group/{group}.{version}.log"),
    benchmark:
        output("benchmarks/group/{group}.{version}.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=merge_mem_mb,
        runtime=group_runtime,
    params:
        **MADE_WITH["group"],
        ranges=lambda wildcards: GROUPS[wildcards.group].ranges,
    script:
        "../scripts/group.py"


rule prepare_shard:
    input:
        shard=shard_of,
        groups=group_of(rules.group.output.groups),
        summary=group_of(rules.group.output.summary),
        seal=group_of(rules.group.output.seal),
    output:
        manifest=output("prepared/{shard}.jsonl"),
        ranges=output(PREPARED),
        index=output("work/prepared/{shard}.audio.json"),
        seal=seal("prepare_shard"),
    log:
        output("logs/prepare_shard/{shard}.log"),
    benchmark:
        output("benchmarks/prepare_shard/{shard}.tsv")
    conda:
        "../../envs/alm.yaml"
    threads: STEP_THREADS
    resources:
        mem_mb=step_mem_mb,
        runtime=prepare_runtime,
    params:
        **MADE_WITH["prepare_shard"],
        share=lambda wildcards: tuple(SHARES[wildcards.shard]),
    script:
        "../scripts/prepare_shard.py"
