"""What made a result: code hashes that see every edit that matters, and only those."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

from alm import __version__
from alm.provenance import code_hash, versions

STEPS = ("alm.steps.build", "alm.steps.overlap", "alm.steps.merge")


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the package that can be edited."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "alm", tmp_path / "alm", ignore=ignored))


def python(folder: Path, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def hashes(package: Path) -> dict[str, str]:
    program = (
        f"from alm.provenance import code_hash\nfor m in {STEPS}: print(m, code_hash(m), sep='=')"
    )
    return dict(line.split("=") for line in python(package.parent, program).splitlines())


def edit(package: Path, module: str) -> None:
    path = package / module
    assert path.is_file()
    path.write_text(path.read_text() + "\n# edited\n")


def changed(package: Path, module: str) -> set[str]:
    """The steps whose hash an edit of `module` changes."""
    before = hashes(package)
    edit(package, module)
    after = hashes(package)
    return {step for step in STEPS if before[step] != after[step]}


def test_hashes_are_short_and_of_the_sources_alone(copy):
    found = hashes(copy)
    assert found == {step: code_hash(step) for step in STEPS}
    assert all(len(value) == 16 for value in found.values())
    assert len(set(found.values())) == len(STEPS)


@pytest.mark.parametrize(
    ("module", "steps"),
    [
        ("steps/build.py", {"alm.steps.build"}),
        ("steps/overlap.py", {"alm.steps.overlap"}),
        ("steps/merge.py", {"alm.steps.merge"}),
        ("rows.py", set(STEPS)),  # merge adds up what rows gave
        ("codec.py", set(STEPS)),
        ("steps/chunks.py", {"alm.steps.build", "alm.steps.overlap"}),
        ("engines/__init__.py", {"alm.steps.build", "alm.steps.overlap"}),
        ("config.py", set()),
        ("curate.py", set()),
        ("provenance.py", set()),
    ],
)
def test_an_edit_changes_the_steps_that_import_the_module(copy, module, steps):
    assert changed(copy, module) == steps


def test_an_edit_of_the_window_builder_changes_the_build(copy):
    assert "alm.steps.build" in changed(copy, "windows.py")


@pytest.mark.parametrize(
    "statement",
    [
        "import alm.curate",
        "from alm import curate",
        "from alm.curate import curate_manifest",
        "def late():\n    from alm import curate",
        "if True:\n    import alm.curate as c",
    ],
)
def test_every_form_of_import_is_followed(copy, statement):
    path = copy / "steps/merge.py"
    path.write_text(path.read_text() + f"\n{statement}\n")
    assert "alm.steps.merge" in changed(copy, "curate.py")


def test_versions():
    found = versions()
    assert found["alm"] == __version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(found) == {"alm", "python", "snakemake", "orjson", "ray", "cosmos-xenna"}
    assert found["orjson"][0].isdigit()


@pytest.mark.parametrize("module", ["alm", "alm.config", "alm.steps.build", "alm.steps.merge"])
def test_nothing_heavy_is_imported_before_it_is_needed(module):
    program = f"import sys, {module}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    imported = set(python(ROOT, program).split())
    assert "alm" in imported
    assert not imported & {"ray", "snakemake", "cosmos_xenna", "pandas", "numpy", "pyarrow"}
