"""The compiled kernel is used where it was built from the source beside it, and nowhere else."""

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


def used(package: Path) -> str:
    """The file name of the kernel that a process started beside the package uses, or `None`."""
    program = (
        "from pathlib import Path\n"
        "from alm.compiled import kernel\n"
        "print(kernel and Path(kernel.__file__).relative_to(Path.cwd()))"
    )
    command = [sys.executable, "-c", program]
    return subprocess.check_output(command, cwd=package.parent, text=True).strip()


@pytest.fixture
def shared(copy: Path, kernel: ModuleType) -> Path:
    """The shared object in the copy."""
    return copy / Path(str(kernel.__file__)).name


def test_a_build_is_used_until_its_source_is_newer(copy: Path, shared: Path) -> None:
    source = copy / "_kernel.pyx"
    assert used(copy) == f"alm/{shared.name}"
    time = shared.stat().st_mtime
    os.utime(source, (time, time + 0.01))
    assert used(copy) == "None"
    os.utime(shared, (time, time + 0.02))
    assert used(copy) == f"alm/{shared.name}"


def test_a_build_without_its_source_is_used(copy: Path, shared: Path) -> None:
    """As in an installed wheel."""
    (copy / "_kernel.pyx").unlink()
    assert used(copy) == f"alm/{shared.name}"


def test_without_a_build_there_is_none(copy: Path) -> None:
    """That of the clone whose environment this is would still be found."""
    for build in copy.glob("*.so"):
        build.unlink()
    assert used(copy) == "None"


def test_a_build_that_cannot_be_loaded_is_none(copy: Path, shared: Path) -> None:
    shared.write_bytes(b"of another machine")
    assert used(copy) == "None"
