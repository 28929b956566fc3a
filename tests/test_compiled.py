"""A compiled module is used where it was built from the source beside it, and nowhere else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from helpers import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, times of change included."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "alm", tmp_path / "alm", ignore=ignored))


@pytest.fixture(params=["kernel", "measures"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def used(package: Path, name: str) -> str:
    """The file name of the module that a process started beside the package uses, or `None`."""
    program = (
        "from pathlib import Path\n"
        f"from alm.compiled import {name}\n"
        f"print({name} and Path({name}.__file__).relative_to(Path.cwd()))"
    )
    command = [sys.executable, "-c", program]
    return subprocess.check_output(command, cwd=package.parent, text=True).strip()


@pytest.fixture
def shared(copy: Path, name: str, request: pytest.FixtureRequest) -> Path:
    """The shared object in the copy."""
    module: ModuleType = request.getfixturevalue(name)
    return copy / Path(str(module.__file__)).name


def test_a_build_is_used_until_its_source_is_newer(copy: Path, shared: Path, name: str) -> None:
    source = copy / f"_{name}.pyx"
    assert used(copy, name) == f"alm/{shared.name}"
    time = shared.stat().st_mtime
    os.utime(source, (time, time + 0.01))
    assert used(copy, name) == "None"
    os.utime(shared, (time, time + 0.02))
    assert used(copy, name) == f"alm/{shared.name}"


def test_a_build_without_its_source_is_used(copy: Path, shared: Path, name: str) -> None:
    """As in an installed wheel."""
    (copy / f"_{name}.pyx").unlink()
    assert used(copy, name) == f"alm/{shared.name}"


def test_without_a_build_there_is_none(copy: Path, name: str) -> None:
    """That of the clone whose environment this is would still be found."""
    for build in copy.glob("*.so"):
        build.unlink()
    assert used(copy, name) == "None"


def test_a_build_that_cannot_be_loaded_is_none(copy: Path, shared: Path, name: str) -> None:
    shared.write_bytes(b"of another machine")
    assert used(copy, name) == "None"
