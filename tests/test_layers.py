"""The layers of `alm`, from the ground up: nothing imports upward, as CONTRIBUTING.md says."""

import ast
import re
from pathlib import Path

import pytest
from helpers import ROOT

LAYERS = [
    {"_kernel", "_measures", "compiled", "digests", "errors", "files", "memory", "units"},
    {"codec", "params"},
    {"manifests", "shards", "quarantine"},
    {"rows", "cuts", "windows", "overlap"},
    {"records", "stats"},
    {"measures", "survey", "diagnosis"},
    {"report"},
    {"curate", "config", "provenance", "versions", "progress", "jobs"},
    {"engines"},
    {"steps"},
    {"verify"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted(set((ROOT / "alm").rglob("*.py")) - {ROOT / "alm" / "__init__.py"})
CYTHON = sorted((ROOT / "alm").rglob("*.pyx"))


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "alm").parts[0].split(".")[0]


def imported(path: Path) -> set[str]:
    """The parts of `alm` that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "alm":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("alm."):
            found.add(str(node.module).split(".")[1])
    return found & LEVEL.keys()


def test_every_module_has_its_layer() -> None:
    assert {part_of(path) for path in MODULES + CYTHON} == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_imports_upward(path: Path) -> None:
    own = LEVEL[part_of(path)]
    assert {name for name in imported(path) if LEVEL[name] > own} == set()


@pytest.mark.parametrize("path", CYTHON, ids=lambda path: path.stem)
def test_cython_imports_nothing_of_alm(path: Path) -> None:
    """Neither this test nor the code hash could follow it from there."""
    assert not re.search(r"^\s*(from|import|cimport) +alm\b", path.read_text(), re.MULTILINE)
