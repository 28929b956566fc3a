"""Write the plan of the run: which shard holds which byte ranges."""

from alm.jobs import job_log

with job_log(snakemake.log[0]):
    from alm.manifests import discover
    from alm.shards import plan_shards, resolve_shard_size, write_plan

    config = snakemake.config
    manifests = discover(config["manifest_path"])
    shards = plan_shards(manifests, resolve_shard_size(config["shard_size"], manifests))
    write_plan(shards, snakemake.output[0])
