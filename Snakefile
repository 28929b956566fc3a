import os

from snakemake.utils import min_version

min_version("9.0")


configfile: os.path.join(workflow.basedir, "config", "pipeline.yaml")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/shard.smk"
include: "workflow/rules/build.smk"
include: "workflow/rules/overlap.smk"
include: "workflow/rules/merge.smk"
include: "workflow/rules/stats.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/pages.smk"


rule all:
    default_target: True
    input:
        rules.merge_output.output,
        output("quarantine.jsonl"),
        output("stats.json"),
        output("stats.tsv"),
        rules.provenance.output,
        rules.pages.output,
