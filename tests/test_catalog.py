"""What the Snakemake Workflow Catalog and those who cite this are told is so."""

import re
import tomllib

import yaml
from helpers import ROOT

from alm import __version__


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == __version__
    assert citation["license"] == project["license"]
    assert citation["abstract"] == project["description"] + "."
    assert citation["keywords"] == project["keywords"]


def test_the_workflow_has_what_standardized_usage_asks_for() -> None:
    """`conda: true` is a promise for each rule that has a script."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"]
    for name in ("workflow/Snakefile", "config/README.md", "config/config.yaml"):
        assert (ROOT / name).is_file()
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        rules = re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]
        assert all("    conda:\n" in rule for rule in rules)
