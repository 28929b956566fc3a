# Where manifest_path holds another format than ours, these stand between the shards and their builds.
# A recording's lines may be anywhere in a corpus, so it is grouped before it is cut; how large the
# groups are is known only then, so a shard is a share of them, and the graph of jobs stays static.
rule group:
    input:
        lambda wildcards: nameable(GROUPS[wildcards.group]),
    output:
        output("work/groups/{group}.jsonl"),
    log:
        output("logs/group/{group}.log"),
    benchmark:
        output("benchmarks/group/{group}.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=merge_mem_mb,
        runtime=group_runtime,
    params:
        ranges=lambda wildcards: GROUPS[wildcards.group],
        kind=KIND,
        recognized=config["input_format"] == "auto",
        code=code_hash("alm.jobs.group"),
    script:
        "../scripts/group.py"


rule prepare_shard:
    input:
        shard=rules.shard.output[0],
        groups=lambda wildcards: output(f"work/groups/{SHARES[wildcards.shard].group}.jsonl"),
    output:
        manifest=output("prepared/{shard}.jsonl"),
        ranges=output("work/prepared/{shard}.json"),
        index=output("work/prepared/{shard}.audio.json"),
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
        share=lambda wildcards: tuple(SHARES[wildcards.shard]),
        kind=KIND,
        options={name: config[name] for name in PREPARE_OPTIONS},
        code=code_hash("alm.jobs.prepare_shard"),
    script:
        "../scripts/prepare_shard.py"
