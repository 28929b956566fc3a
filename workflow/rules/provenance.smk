# Beside the pages, which take about as long: a record of how the outputs came to be.
rule provenance:
    input:
        shards=read_by_builds(),
        built=of_shards("work/build/{shard}.summary.json"),
        overlapped=of_shards("work/overlap/{shard}.summary.json"),
        line_digests=of_shards("work/build/{shard}.digests"),
        row_digests=of_shards("work/overlap/{shard}.digests"),
        groups=[
            of_group(output("work/groups/{group}.{version}.summary.json"), group)
            for group in GROUPS.values()
        ],
        output=rules.merge_output.output[0],
        others=[
            rules.merge_quarantine.output[0],
            rules.stats.output.json,
            rules.stats.output.tsv,
            rules.stats.output.parquet,
            rules.recordings.output.tsv,
        ],
        seals=seals(
            *("group", "prepare_shard", "build", "overlap"),
            *("merge_quarantine", "merge_output", "stats", "recordings"),
        ),
    output:
        output(PROVENANCE),
        seal=seal("provenance"),
    log:
        output("logs/provenance.log"),
    benchmark:
        output("benchmarks/provenance.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["provenance"],
        parts=of_shards("shards/{shard}.jsonl"),
        report=seal("pages"),
        workflow=str(ROOT),
    script:
        "../scripts/provenance.py"
