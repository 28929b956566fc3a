from alm.rows import codec
from alm.statistics.outcome import key_figures

# Snakemake lists the pages in the order of their titles.
PAGES = {
    "overview": ("1 Overview", "What was kept, what was lost, what to do?"),
    "windows": ("2 Windows", "What are they like?"),
    "recordings": ("3 Recordings", "What became of single recordings?"),
    "manifests": ("4 Manifests", "Which give little, and why?"),
    "quarantine": ("5 Quarantine", "Which rows failed?"),
    "runtime": ("6 Run time", "What took time and memory?"),
}


# For the landing page of `snakemake --report`, whose text knows the configuration and nothing else.
if workflow.is_main_process:
    try:
        with open(output("stats.json"), "rb") as file:
            config["key_figures"] = [figure[1:] for figure in key_figures(codec.loads(file.read()))]
    except (OSError, AlmError, KeyError):
        config["key_figures"] = []


# The benchmark files are no inputs, since losing one would run its job again. When one is written
# anew, so is an output of the same job, and through it an input of this rule.
rule pages:
    input:
        shards=ranges_of_shards(),
        json=rules.stats.output.json,
        tsv=rules.stats.output.tsv,
        quarantine=rules.merge_quarantine.output[0],
        output=rules.merge_output.output[0],
        recordings=rules.recordings.output.picked,
        seals=seals("merge_quarantine", "merge_output", "stats", "recordings"),
    output:
        **{
            name: report(
                output(f"report/{name}.html"),
                caption=f"../report/{name}.rst",
                category="At a glance",
                labels={"page": title, "answers": question},
            )
            for name, (title, question) in PAGES.items()
        },
        seal=seal("pages"),
    log:
        output("logs/pages.log"),
    benchmark:
        output("benchmarks/pages.tsv")
    conda:
        "../../envs/alm.yaml"
    resources:
        mem_mb=stats_mem_mb,
        runtime=stats_runtime,
    params:
        **MADE_WITH["pages"],
        benchmarks=output("benchmarks"),
        groups=[f"{group.name}.{group.version}" for group in GROUPS.values()],
    script:
        "../scripts/pages.py"
