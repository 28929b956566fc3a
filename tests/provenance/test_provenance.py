"""What made a result: code hashes that see every edit that matters, and only those."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

from alm import __version__
from alm.compiled import status
from alm.provenance.code import code_hashes, source_sha256
from alm.provenance.versions import versions, versions_in_use

STEPS = ("alm.jobs.build", "alm.jobs.overlap", "alm.jobs.merge_output")


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the package that can be edited."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "alm", tmp_path / "alm", ignore=ignored))


def python(folder: Path, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"ALM_COMPILED": "python"},  # not to compile each edit
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def hashes(package: Path, steps: tuple[str, ...] = STEPS) -> dict[str, str]:
    program = "from alm.provenance.code import code_hashes\n"
    program += f"for m, found in code_hashes({steps}).items(): print(m, found, sep='=')"
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
    assert found == code_hashes(STEPS)
    assert all(len(value) == 16 for value in found.values())
    assert len(set(found.values())) == len(STEPS)


@pytest.mark.parametrize(
    ("module", "steps"),
    [
        ("jobs/build.py", {"alm.jobs.build"}),
        ("jobs/overlap.py", {"alm.jobs.overlap"}),
        ("jobs/merge_output.py", {"alm.jobs.merge_output"}),
        ("rows/row.py", set(STEPS)),  # merge adds up what rows gave
        ("rows/codec.py", set(STEPS)),
        ("jobs/chunks.py", {"alm.jobs.build", "alm.jobs.overlap"}),
        ("engines/__init__.py", {"alm.jobs.build", "alm.jobs.overlap"}),
        ("config.py", set()),
        ("curate.py", set()),
        ("provenance/code.py", set()),
        ("jobs/provenance.py", set()),
        ("provenance/versions.py", {"alm.jobs.build", "alm.jobs.overlap"}),
    ],
)
def test_an_edit_changes_the_steps_that_import_the_module(copy, module, steps):
    assert changed(copy, module) == steps


def test_an_edit_of_the_window_builder_changes_the_build(copy):
    assert "alm.jobs.build" in changed(copy, "windows/build.py")


@pytest.mark.parametrize("suffix", ["py", "pxd", "pyx"])
def test_the_sources_of_both_forms_count(copy, suffix):
    for name in ("a.py", "a.pxd", "a.pyx"):
        (copy / "rows" / name).touch()
    importing = copy / "jobs/merge_output.py"
    importing.write_text(importing.read_text() + "\nfrom alm.rows import a\n")
    assert changed(copy, f"rows/a.{suffix}") == {"alm.jobs.merge_output"}


@pytest.mark.parametrize(
    "statement",
    [
        "cimport alm.rows.b",
        "cimport cython, alm.rows.b as b",
        "from alm.rows.b cimport thing",
        "from alm.rows cimport c, b",
        "from alm.rows cimport (\n    c,\n    b,\n)",
        "cdef f():\n    from alm.rows import b",
    ],
)
def test_what_cython_imports_is_followed(copy, statement):
    (copy / "rows/b.pxd").touch()
    (copy / "rows/a.pxd").write_text(statement)
    importing = copy / "jobs/merge_output.py"
    importing.write_text(importing.read_text() + "\nfrom alm.rows.a import thing\n")
    assert changed(copy, "rows/b.pxd") == {"alm.jobs.merge_output"}


def test_cython_imports_by_whole_names():
    """Relative ones are not followed; in Python the linter forbids them."""
    for path in (*(ROOT / "alm").rglob("*.pxd"), *(ROOT / "alm").rglob("*.pyx")):
        assert not re.search(r"from\s+\.", path.read_text()), path


@pytest.mark.parametrize(
    "file",
    ["templates/page.html.j2", "templates/windows.html.j2", "static/report.css", "static/sort.js"],
)
def test_an_edit_of_what_pages_are_made_from_changes_the_pages_alone(copy, file):
    """Neither the steps before them nor the script that draws the charts is run again."""
    steps = ("alm.jobs.pages", *STEPS)
    before = hashes(copy, steps)
    edit(copy, f"report/{file}")
    after = hashes(copy, steps)
    assert {step for step in steps if before[step] != after[step]} == {"alm.jobs.pages"}


def test_the_source_of_the_package_is_python_and_cython(copy):
    def found() -> str:
        program = "from alm.provenance.code import package_sha256; print(package_sha256())"
        return python(copy.parent, program)

    hashes = [found()]
    for source in ("rows/row.py", "rows/new.pxd", "rows/new.pyx"):
        (copy / source).touch()
        edit(copy, source)
        hashes.append(found())
    assert len(set(hashes)) == 4
    for made in ("rows/new.c", "rows/new.so"):
        (copy / made).write_text("made from the source")
    assert found() == hashes[-1]


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
    path = copy / "jobs/merge_output.py"
    path.write_text(path.read_text() + f"\n{statement}\n")
    assert "alm.jobs.merge_output" in changed(copy, "curate.py")


def test_versions():
    found = versions()
    assert found["alm"] == __version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["kernel"] == status().form
    assert set(found) == {"alm", "python", "kernel", "snakemake", "orjson", "ray", "cosmos-xenna"}
    assert found["orjson"][0].isdigit()


def test_versions_in_use_are_of_what_is_imported():
    names = "from alm.provenance.versions import versions_in_use as v\nprint(*v())\n"
    assert python(ROOT, names) == "alm python kernel orjson"
    assert python(ROOT, "import ray.util\n" + names) == "alm python kernel orjson ray"
    assert versions_in_use().items() <= versions().items()


def test_source_hash(tmp_path):
    """What `sha256sum` says of what it says of the files; edits and names change it."""
    (tmp_path / "b" / "c").mkdir(parents=True)
    files = {"b.py": "1", "b/a.py": "2", "b/c/é.py": "", "b/c/x.txt": "no source", "a.smk": "3"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    command = "find . -name '*.py' -o -name '*.smk' | sed 's,^./,,' | LC_ALL=C sort"
    command += " | xargs sha256sum | sha256sum"

    def found() -> str:
        by_shell = subprocess.check_output(command, shell=True, cwd=tmp_path, text=True)[:64]
        assert source_sha256(tmp_path, "**/*.py", "a.smk", "*.py") == by_shell
        return by_shell

    hashes = [found()]
    (tmp_path / "b/a.py").write_text("3")
    hashes.append(found())
    (tmp_path / "b/a.py").rename(tmp_path / "b/d.py")
    hashes.append(found())
    assert len(set(hashes)) == 3


def test_the_commit_is_that_of_the_source_and_says_if_it_was_edited(copy):
    def commit() -> str:
        return python(copy.parent, "from alm.provenance.code import commit; print(commit())")

    def git(*arguments: str) -> str:
        author = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(copy.parent), *author, *arguments]
        return subprocess.check_output(command, text=True).strip()

    git("init", "-q")
    assert commit() == "None", "a repository around an installed package is not its own"
    git("add", "alm")
    git("commit", "-qm", "x")
    assert commit() == git("rev-parse", "HEAD")
    edit(copy, "rows/row.py")
    assert commit() == git("rev-parse", "HEAD") + "-dirty"


@pytest.mark.parametrize("module", ["alm", "alm.config", "alm.jobs.build", "alm.jobs.merge_output"])
def test_nothing_heavy_is_imported_before_it_is_needed(module):
    program = f"import sys, {module}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    imported = set(python(ROOT, program).split())
    assert "alm" in imported
    assert not imported & {"ray", "snakemake", "cosmos_xenna", "pandas", "numpy", "pyarrow"}
