# The workflow is workflow/Snakefile, where tools and other workflows look for one; this file lets
# `snakemake` find it from here.
include: "workflow/Snakefile"


# Snakemake forgets the default target of an included file.
workflow.default_target = rules.all.rule.name
