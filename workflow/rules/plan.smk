# All shards of the run, for jobs on a cluster: each reads the workflow anew, and manifests may have
# changed since the start. Rules whose jobs run there wait for it (ancient: it alone reruns nothing).
rule plan:
    output:
        PLAN,
    log:
        output("logs/plan.log"),
    localrule: True
    conda:
        "../../envs/alm.yaml"
    params:
        shards=SHARDS,
    script:
        "../scripts/plan.py"
