# What many combinations of parameters would keep: `snakemake sweep`. No other rule needs it.
rule sweep_shard:
    input:
        shard=shard_to_sweep,
        prepared=output("prepared/{shard}.jsonl") if KIND else [],
        seals=[seal("prepare_shard")] if KIND else [],
    output:
        output("work/sweep/{shard}.jsonl"),
        seal=seal("sweep_shard"),
    log:
        output("logs/sweep_shard/{shard}.log"),
    benchmark:
        output("benchmarks/sweep_shard/{shard}.tsv")
    conda:
        "../../envs/alm.yaml"
    threads: STEP_THREADS
    resources:
        mem_mb=step_mem_mb,
        runtime=step_runtime,
    params:
        **MADE_WITH["sweep_shard"],
    script:
        "../scripts/sweep_shard.py"


rule sweep:
    input:
        counted=of_shards("work/sweep/{shard}.jsonl"),
        seals=seals("sweep_shard"),
    output:
        tsv=output("sweep.tsv"),
        page=output("sweep.html"),
        seal=seal("sweep"),
    log:
        output("logs/sweep.log"),
    benchmark:
        output("benchmarks/sweep.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["sweep"],
    script:
        "../scripts/sweep.py"
