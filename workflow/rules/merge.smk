# The quarantine has its own rule: it must be there to look at when merge_output fails
# because of it, and Snakemake deletes the outputs of a failed job.
rule merge_quarantine:
    input:
        built=of_shards("work/build/{shard}.quarantine.jsonl"),
        overlapped=of_shards("work/overlap/{shard}.quarantine.jsonl"),
        summaries=of_shards("work/build/{shard}.summary.json"),
    output:
        output("quarantine.jsonl"),
    log:
        output("logs/merge_quarantine.log"),
    benchmark:
        output("benchmarks/merge_quarantine.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=merge_mem_mb,
        runtime=stats_runtime,
    params:
        code=code_hash("alm.jobs.merge_quarantine"),
    script:
        "../scripts/merge_quarantine.py"


rule merge_output:
    input:
        parts=of_shards("shards/{shard}.jsonl"),
        built=of_shards("work/build/{shard}.summary.json"),
        overlapped=of_shards("work/overlap/{shard}.summary.json"),
        quarantine=rules.merge_quarantine.output[0],
    output:
        output(MERGED if config["merge"] else INDEX),
    log:
        output("logs/merge_output.log"),
    benchmark:
        output("benchmarks/merge_output.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=merge_mem_mb,
        runtime=merge_runtime,
    params:
        max_invalid_fraction=config["max_invalid_fraction"],
        code=code_hash("alm.jobs.merge_output"),
    script:
        "../scripts/merge_output.py"
