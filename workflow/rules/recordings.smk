# A table of all recordings, and those of them that the report shows. Records are read at a few places
# only, and each has a checksum of its own.
rule recordings:
    input:
        tables=of_shards("work/overlap/{shard}.recordings.tsv"),
        records=of_shards("work/build/{shard}.records"),
        seals=seals("overlap"),
    output:
        tsv=output("recordings.tsv"),
        picked=output("work/recordings.json"),
        seal=seal("recordings"),
    log:
        output("logs/recordings.log"),
    benchmark:
        output("benchmarks/recordings.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=merge_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["recordings"],
    script:
        "../scripts/recordings.py"
