# The quarantine has its own rule: it must be there to look at when merge_output fails
# because of it, and Snakemake deletes the outputs of a failed job.
rule merge_quarantine:
    input:
        built=of_shards("work/build/{shard}.quarantine.jsonl"),
        overlapped=of_shards("work/overlap/{shard}.quarantine.jsonl"),
        summaries=of_shards("work/build/{shard}.summary.json"),
        seals=seals("build", "overlap"),
    output:
        output("quarantine.jsonl"),
        seal=seal("merge_quarantine"),
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
        **MADE_WITH["merge_quarantine"],
    script:
        "../scripts/merge_quarantine.py"


rule merge_output:
    input:
        shards=read_by_builds(),
        built=of_shards("work/build/{shard}.summary.json"),
        overlapped=of_shards("work/overlap/{shard}.summary.json"),
        line_digests=of_shards("work/build/{shard}.digests"),
        rows=of_shards("shards/{shard}.jsonl"),
        row_digests=of_shards("work/overlap/{shard}.digests"),
        quarantine=rules.merge_quarantine.output[0],
        seals=seals("prepare_shard", "build", "overlap", "merge_quarantine"),
    output:
        output(MERGED if config["merge"] else INDEX),
        seal=seal("merge_output"),
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
        **MADE_WITH["merge_output"],
    script:
        "../scripts/merge_output.py"
