"""Pins, bounds, environments and the wheel agree, and nothing names a package registry."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
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
    PROJECT["dependencies"], *(EXTRAS[name] for name in ("workflow", "engines", "remote", "audio"))
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


# What running needs, and what only development needs


def closure(wanted: Iterable[Requirement]) -> set[str]:
    """The canonical names of all that requirements bring with them, on Python 3.11."""
    waiting = list(wanted)
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            python = {"python_version": "3.11", "python_full_version": "3.11.0", "extra": extra}
            needed = requirements(requires(name) or [])
            waiting += [r for r in needed if not r.marker or r.marker.evaluate(python)]
    return {name for name, _ in seen}


def test_each_file_of_pins_holds_what_its_part_needs_and_nothing_more():
    running, both = closure(RUNTIME), closure([*RUNTIME, *requirements(EXTRAS["dev"])])
    assert pins("requirements.txt").keys() == running
    assert pins("requirements-dev.txt").keys() == both - running


def imports(path: Path) -> Iterator[str]:
    """The top-level packages that a file imports, anywhere in it."""
    if path.suffix != ".py":  # Snakemake's language is more than Python
        yield from re.findall(
            r"^\s*(?:import|from(?= [\w.]+ import)) (\w+)", path.read_text(), re.MULTILINE
        )
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_what_runs_imports_nothing_but_what_running_needs():
    files = [
        *(ROOT / "alm").rglob("*.py"),
        *(ROOT / "workflow/scripts").glob("*.py"),
        *(ROOT / "workflow/rules").glob("*.smk"),
        *ROOT.glob("**/Snakefile"),
    ]
    ours = {*sys.stdlib_module_names, "compression", "alm"}  # compression: Python 3.14
    declared = {canonicalize_name(r.name) for r in RUNTIME}
    distributions = packages_distributions()
    imported = {(path, name) for path in files for name in imports(path) if name not in ours}
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in imported
        if not declared & {canonicalize_name(d) for d in distributions.get(name, [])}
    }
    assert {path.suffix for path, _ in imported} >= {"", ".py"}  # a Snakefile has no suffix
    assert not undeclared


@pytest.mark.parametrize(
    ("targets", "develops"),
    [
        (["setup", "run", "report", "verify"], False),
        (["test", "lint", "bench", "fuzz", "faults", "scaling", "campaigns"], True),
        (["format", "images"], True),
    ],
)
def test_targets_set_up_what_they_need(tmp_path, targets, develops):
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for target in targets:
        command = ["make", "--dry-run", target]
        plan = subprocess.check_output(command, cwd=tmp_path, env=outside, text=True)
        assert "--requirement requirements.txt" in plan, target
        assert ("requirements-dev.txt" in plan) is develops, target


# The wheel

DOWNSTREAM = """
from pathlib import Path
from typing import Any, assert_type

from alm import OverlapParams, Stats, WindowParams, build_windows, curate_manifest, filter_overlaps
from alm.errors import AlmError

window, overlap = WindowParams(min_speakers=1), OverlapParams(50, target_duration=None)
try:
    stats = curate_manifest(Path("in"), "out", window, overlap, quarantine="bad")
except AlmError as error:
    raise SystemExit(str(error)) from error
assert_type(stats, Stats)
assert_type(stats["entries"], int)
assert_type(stats.seconds("filtered_dur"), float)
row = filter_overlaps(build_windows({"segments": []}, window), overlap)
assert_type(row, dict[str, Any])

# That mistakes are found shows that nothing above passes for being of any type.
curate_manifest(b"in", "out")  # type: ignore[arg-type]
WindowParams(min_speakers="two")  # type: ignore[arg-type]
build_windows(row, overlap)  # type: ignore[arg-type]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment with the wheel in it, and nothing else."""
    source, built, environment = (
        tmp_path_factory.mktemp("wheel") / name for name in ("source", "built", "environment")
    )
    leftovers = shutil.ignore_patterns("__pycache__", "*.so", "*.c")
    shutil.copytree(ROOT / "alm", source / "alm", ignore=leftovers)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # As the pins have setuptools and Cython, nothing is downloaded for it.
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--no-index", "--wheel-dir", built, source], check=True)
    venv.create(environment, with_pip=False)
    (packages,) = environment.glob("lib/python3*/site-packages")
    (wheel,) = built.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    return environment, packages


def test_the_backend_that_builds_the_wheel_here_is_the_one_that_builds_it_elsewhere():
    for requirement in requirements(PYPROJECT["build-system"]["requires"]):
        both = pins("requirements.txt") | pins("requirements-dev.txt")
        assert str(requirement.specifier) == f"=={both[canonicalize_name(requirement.name)]}"


def test_the_wheel_holds_the_whole_package(installed):
    _, packages = installed
    left_out = {"__pycache__", ".so", ".c", ".pyx"}
    source = {
        path.relative_to(ROOT)
        for path in (ROOT / "alm").rglob("*")
        if path.is_file() and not left_out & {path.suffix, path.parent.name}
    }
    wheel = {path.relative_to(packages) for path in (packages / "alm").rglob("*")}
    assert Path("alm/py.typed") in source
    assert source - wheel == set()


def test_the_wheel_brings_the_command(installed, tmp_path):
    _, packages = installed
    program = (
        "from importlib.metadata import entry_points\n"
        "(command,) = entry_points(group='console_scripts', name='alm')\n"
        "raise SystemExit(command.load()(['--version']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    (record,) = packages.glob("alm_curator-*.dist-info")
    version = record.name.removeprefix("alm_curator-").removesuffix(".dist-info")
    assert (done.returncode, done.stdout) == (0, f"alm {version}\n"), done.stderr


def test_the_wheel_is_typed_for_whoever_uses_it(installed, tmp_path):
    environment, _ = installed
    (tmp_path / "downstream.py").write_text(DOWNSTREAM)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python]
    done = subprocess.run(
        [*command, "downstream.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


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
