"""Pins, bounds and environments agree, and nothing names a package registry."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

# Written so that they do not match themselves.
REGISTRY = re.compile(
    rb"index[-_]url|find[-_]links|trusted[-_]host"
    rb"|pypi\.(python\.)?org|pythonhosted\.org|npmjs\.|anaconda\.org|(deb|security)\.debian\.org"
    rb"|https?://\S+/simple\b",
    re.IGNORECASE,
)


def requirements(*groups: list[str]) -> list[Requirement]:
    return [Requirement(text) for group in groups for text in group]


RUNTIME = requirements(
    PROJECT["dependencies"], *(EXTRAS[name] for name in ("workflow", "engines", "remote"))
)


def pins(name: str) -> dict[str, str]:
    """Version by canonical name, from lines that must all read `name==version`."""
    lines = (ROOT / name).read_text().splitlines()
    found = {}
    for line in lines:
        if line.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)", line)
        assert match, f"{name}: {line!r} is no pin"
        package = canonicalize_name(match[1])
        assert package not in found, f"{name}: {package} is there twice"
        found[package] = match[2]
    return found


def conda_environment() -> tuple[list[str], list[Requirement]]:
    dependencies = yaml.safe_load((ROOT / "envs/alm.yaml").read_text())["dependencies"]
    conda = [entry for entry in dependencies if isinstance(entry, str)]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return conda, requirements(pip)


def test_dev_pins_do_not_repeat_the_runtime_pins():
    assert not pins("requirements.txt").keys() & pins("requirements-dev.txt").keys()


@pytest.mark.parametrize("requirement", RUNTIME, ids=str)
def test_runtime_dependency_is_pinned_within_its_bounds(requirement):
    version = pins("requirements.txt")[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version)


@pytest.mark.parametrize("requirement", requirements(EXTRAS["dev"]), ids=str)
def test_dev_dependency_is_pinned_within_its_bounds(requirement):
    both = pins("requirements.txt") | pins("requirements-dev.txt")
    assert requirement.specifier.contains(both[canonicalize_name(requirement.name)])


def test_conda_environment_is_in_step_with_the_pins():
    pinned = pins("requirements.txt")
    expected = {
        (canonicalize_name(r.name), *sorted(r.extras), pinned[canonicalize_name(r.name)])
        for r in RUNTIME
    }
    found = {
        (canonicalize_name(r.name), *sorted(r.extras), str(r.specifier).removeprefix("=="))
        for r in conda_environment()[1]
    }
    assert found == expected


def test_conda_environment_has_a_supported_python():
    conda, _ = conda_environment()
    (version,) = (entry.removeprefix("python=") for entry in conda if entry.startswith("python="))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version)


def test_what_alm_imports_is_declared():
    imported = set()
    for path in (ROOT / "alm").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    imported -= {*sys.stdlib_module_names, "compression", "alm"}  # compression: Python 3.14

    declared = {canonicalize_name(r.name) for r in RUNTIME}
    distributions = packages_distributions()
    undeclared = {
        module
        for module in imported
        if not declared & {canonicalize_name(d) for d in distributions.get(module, [])}
    }
    assert imported
    assert not undeclared


def test_no_tracked_file_names_a_package_registry():
    git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    tracked = [ROOT / name for name in git.stdout.decode().split("\0") if name]
    if not tracked:
        pytest.skip("no git checkout with tracked files")
    named = {
        str(path.relative_to(ROOT)): match[0].decode()
        for path in tracked
        if path.is_file() and (match := REGISTRY.search(path.read_bytes()))
    }
    assert not named
