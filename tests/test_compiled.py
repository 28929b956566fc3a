"""The compiled form is used wherever it can be had, and only what was built from this source.

Real processes and real builds, mostly of a package with one tiny module and the loader of this one.
"""

import json
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from helpers import ROOT, wait_until

from alm.compiled import NotCompiledError
from alm.compiled.build import find_tools
from alm.compiled.sources import Sources, read_sources

TINY = """
class Kept:
    def __init__(self, value):
        self.value = value


def answer():
    return Kept(1).value


def fail():
    raise ValueError("on purpose")
"""
TINY_TYPES = """
cdef class Kept:
    cdef readonly long value
"""
TELL = """
import json, sys
import alm.compiled, alm.tiny
status = alm.compiled.status()._asdict() | {"folder": str(alm.compiled.status().folder)}
print(json.dumps(status | {"answer": alm.tiny.answer(), "file": alm.tiny.__file__}))
"""
BUILDS = "alm: compiling its inner loops once"


@dataclass(frozen=True)
class Said:
    """What a process said of its inner loops, and whether it built them."""

    form: str
    folder: Path
    reason: str
    remedy: str
    answer: int
    file: Path
    terminal: str

    @property
    def tried(self) -> bool:
        return BUILDS in self.terminal

    @property
    def built(self) -> bool:
        return self.tried and self.form == "compiled"


@dataclass(frozen=True)
class Clone:
    """A package with a tiny module, and the environment of the processes that import it."""

    root: Path
    cache: Path
    environ: dict[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)
    prefix: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        return self.root / "alm" / "tiny.py"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A process elsewhere that finds the package by PYTHONPATH, not by an installation."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ALM_") and k != "CC"}
        environ = {"ALM_CACHE": str(self.cache), "PYTHONPATH": str(self.root)} | self.environ
        return subprocess.Popen(
            [*self.prefix, self.python, *arguments],
            cwd=self.root.parent,
            env={k: v for k, v in (inherited | environ).items() if v},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        output, terminal = process.communicate()
        return process.returncode, output, terminal

    def tell(self) -> Said:
        return heard(self.start("-c", TELL))

    def having(self, **environ: object) -> "Clone":
        return replace(self, environ=self.environ | {k: str(v) for k, v in environ.items()})


def heard(process: subprocess.Popen[str]) -> Said:
    output, terminal = process.communicate()
    assert process.returncode == 0, terminal
    said = json.loads(output)
    paths = {name: Path(said[name]) for name in ("folder", "file")}
    found = Said(**(said | paths), terminal=terminal)
    assert terminal.count("\n") == found.tried, "a build says one line, all else nothing"
    if found.form == "compiled":
        assert found.file == found.folder / "alm.tiny.so"
        assert not found.reason
    else:
        assert found.file.name == "tiny.py"
        assert found.reason
        assert found.remedy
    return found


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def compiler() -> None:
    try:
        find_tools()
    except NotCompiledError as error:
        if "CI" in os.environ:
            pytest.fail(str(error))
        pytest.skip(str(error))


def clone_into(folder: Path) -> Clone:
    package = folder / "clone/alm"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "alm/compiled", package / "compiled", ignore=ignored)
    (package / "__init__.py").write_text("from alm.compiled import install\n\ninstall()\n")
    (package / "tiny.py").write_text(TINY)
    (package / "tiny.pxd").write_text(TINY_TYPES)
    return Clone(package.parent, folder / "cache")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone whose cache is empty."""
    return clone_into(tmp_path)


@pytest.fixture(scope="session")
def first(compiler: None, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone that has been built."""
    clone = clone_into(tmp_path_factory.mktemp("first"))
    said = clone.tell()
    assert said.form == "compiled"
    assert said.built
    assert said.folder.parent == clone.cache
    return clone


@pytest.fixture
def built(first: Clone, clone: Clone) -> Clone:
    """A clone with a cache of its own, in which its build lies."""
    shutil.copytree(first.cache, clone.cache)
    return clone


def without_compiler(clone: Clone) -> Clone:
    return clone.having(PATH="/nowhere")


# Contents decide


def test_what_was_built_is_used_without_a_compiler(built: Clone) -> None:
    said = without_compiler(built).tell()
    assert said.form == "compiled"
    assert said.answer == 1


def test_an_edit_takes_effect_in_both_forms(built: Clone) -> None:
    before = built.tell()
    edit(built.source, "Kept(1)", "Kept(2)")
    assert without_compiler(built).tell().answer == 2, "what is there was built from other source"
    after = built.tell()
    assert after.built
    assert (after.form, after.answer) == ("compiled", 2)
    edit(built.source, "Kept(2)", "Kept(1)")
    assert built.tell() == before, "both builds are kept"


def test_times_of_files_change_nothing(built: Clone) -> None:
    before = built.tell()
    assert not before.built
    for when in (10**9, time.time() + 10**6):
        for path in (*built.root.rglob("*"), *built.cache.rglob("*")):
            os.utime(path, (when, when))
        assert built.tell() == before


def test_an_extension_module_beside_the_source_is_not_used(built: Clone) -> None:
    """Python would import it instead of the source, whatever it was built from."""
    (extension,) = built.cache.rglob("alm.tiny.so")
    shutil.copy(extension, built.source.with_suffix(".so"))
    edit(built.source, "Kept(1)", "Kept(2)")
    assert without_compiler(built).tell().answer == 2


@pytest.mark.parametrize("changed", ["tiny.py", "tiny.pxd", "flags", "target"])
def test_the_key_is_of_all_that_makes_a_build(
    monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    files = {"alm/tiny.py": TINY.encode(), "alm/tiny.pxd": TINY_TYPES.encode()}
    before = Sources(files).key
    assert Sources(dict(reversed(files.items()))).key == before
    if changed == "flags":
        monkeypatch.setattr("alm.compiled.sources.C_FLAGS", ("-O3",))
    elif changed == "target":
        monkeypatch.setattr("alm.compiled.sources.EXTENSION_SUFFIXES", [".cpython-399.so"])
    else:
        files = files | {f"alm/{changed}": b"other"}
    assert Sources(files).key != before


def test_what_is_compiled() -> None:
    files = dict.fromkeys(("alm/a.py", "alm/a.pxd", "alm/b/c.py", "alm/b/c.pyx", "alm/d.pxd"), b"")
    sources = Sources(files)
    assert sources.modules == {"alm.a": "alm/a.py", "alm.b.c": "alm/b/c.pyx"}
    assert [*map(sources.interpreted, sources.modules)] == ["alm/a.py", "alm/b/c.py"]


# Wherever the package is imported


def environment(clone: Clone, *missing: str) -> Clone:
    """The clone in a virtual environment that has all packages of this one but these."""
    venv.create(clone.root / "venv", symlinks=True)
    (site,) = (clone.root / "venv").glob("lib/python*/site-packages")
    for folder in (Path(path) for path in sys.path if path.endswith("-packages")):
        for path in folder.iterdir():
            if not path.name.lower().removeprefix("__editable__").strip("_.").startswith(missing):
                (site / path.name).symlink_to(path)
    return replace(clone, python=clone.root / "venv/bin/python")


def test_another_clone_and_environment_without_the_package(clone: Clone, compiler: None) -> None:
    """An environment that has all but the package; the next clone uses what this one built."""
    elsewhere = environment(clone, "alm")
    missing, _, _ = elsewhere.having(PYTHONPATH="").run("-c", "import alm")
    assert missing
    said = elsewhere.tell()
    assert said.form == "compiled"
    assert said.built
    other = replace(clone, root=clone.root.parent / "other")
    shutil.copytree(clone.root / "alm", other.root / "alm")
    assert other.tell().folder == said.folder
    assert not other.tell().built
    edit(other.source, "Kept(1)", "Kept(2)")
    assert without_compiler(other).tell().answer == 2
    assert elsewhere.tell().folder == said.folder


def test_functions_and_objects_are_pickled_by_name(built: Clone) -> None:
    """As Ray does it with what it sends to its workers."""
    program = """
import pickle
from ray import cloudpickle
from alm import compiled, tiny
for dumps in pickle.dumps, cloudpickle.dumps:
    for each in tiny.answer, tiny.Kept:
        assert pickle.loads(dumps(each)) is each
        assert b"alm.tiny" in dumps(each)
assert type(tiny.answer).__name__ == "cython_function_or_method"
assert pickle.loads(pickle.dumps(tiny.Kept(5))).value == 5
"""
    assert built.run("-c", program) == (0, "", "")


def test_what_looks_for_the_source_finds_it(built: Clone) -> None:
    program = "from importlib.resources import files; print(files('alm').joinpath('tiny.py'))"
    assert built.run("-c", f"import alm.tiny; {program}") == (0, f"{built.source}\n", "")
    program = "import alm.tiny, logging\ntry: alm.tiny.fail()\nexcept: logging.exception('')"
    _, _, log = built.run("-c", program)
    assert '"alm/tiny.py", line 12, in alm.tiny.fail\n    raise ValueError("on purpose")' in log


# One build, whatever happens meanwhile


def left_in(cache: Path) -> set[str]:
    """The names of what is in the cache, but builds."""
    return {path.name for path in cache.iterdir() if len(path.name) != 36}


def test_eight_processes_at_once_build_once(clone: Clone, compiler: None) -> None:
    processes = [clone.start("-c", TELL) for _ in range(8)]
    said = [heard(process) for process in processes]
    assert {each.form for each in said} == {"compiled"}
    assert sum(each.built for each in said) == 1
    assert left_in(clone.cache) == {"alm-lock"}


def test_a_killed_build_harms_nobody(clone: Clone, compiler: None) -> None:
    process = clone.start("-c", TELL)

    def compiler_runs() -> bool:
        assert process.poll() is None
        return any(clone.cache.glob("alm-building-*/alm/tiny.c"))  # what Cython makes of it

    wait_until(compiler_runs)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [path.name[:13] for path in clone.cache.iterdir() if path.is_dir()] == ["alm-building-"]
    said = clone.tell()
    assert said.form == "compiled"
    assert said.built
    assert left_in(clone.cache) == {"alm-lock"}


def test_a_build_clears_up(built: Clone) -> None:
    """A build that has lost a file is made anew; old ones and what killed ones left are removed."""
    said = built.tell()
    (said.folder / "alm.tiny.so").unlink()
    old, young, theirs = f"alm-{'a' * 32}", f"alm-{'b' * 32}", "alm-results"
    names = (old, young, theirs, "alm-building-x", f"{old}.log", f"{old}.js")
    for name, age in zip(names, (31, 29, 31, 0, 31, 31), strict=True):
        path = built.cache / name
        path.touch() if path.suffix else path.mkdir()
        os.utime(path, (time.time() - age * 86400,) * 2)
    again = built.tell()
    assert again.built
    assert again.folder == said.folder
    left = {"alm-lock", young, theirs, said.folder.name}
    assert {path.name for path in built.cache.iterdir()} == left


def test_a_build_in_use_is_not_old(built: Clone) -> None:
    folder = built.tell().folder
    os.utime(folder, (0, 0))
    built.tell()
    assert time.time() - folder.stat().st_mtime < 60


# Where it lies


def mounted(*mount: str | Path) -> tuple[str, ...]:
    """What a command starts with to find that mounted."""
    if os.geteuid():
        pytest.skip("needs root, to mount something in a namespace of its own")
    return (
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'mount {shlex.join(map(str, mount))} && exec "$@"',
        "sh",
    )


def read_only(folder: Path) -> tuple[str, ...]:
    return mounted("--bind", "-o", "ro", folder, folder)


def test_a_read_only_cache_is_used(built: Clone) -> None:
    said = replace(built, prefix=read_only(built.cache)).tell()
    assert said.folder.parent == built.cache
    assert said.form == "compiled"


@pytest.mark.parametrize("home", ["read-only", "a file", "none"])
def test_where_home_cannot_be_written_the_temporary_directory_is(
    clone: Clone, first: Clone, tmp_path: Path, home: str
) -> None:
    (tmp_path / "home").touch() if home == "a file" else (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    private = tmp_path / "tmp" / f"alm-curator-{os.getuid()}"
    if home != "read-only":  # one build is enough
        shutil.copytree(first.cache, private)
    prefix = read_only(tmp_path / "home") if home == "read-only" else ()
    path = "relative" if home == "none" else tmp_path / "home"
    homeless = clone.having(HOME=path, TMPDIR=tmp_path / "tmp", ALM_CACHE="", XDG_CACHE_HOME="")
    said = replace(homeless, prefix=prefix).tell()
    assert said.form == "compiled"
    assert said.folder.parent == private
    assert said.built == (home == "read-only")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert not (tmp_path / "relative").exists()


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_the_usual_place(built: Clone, tmp_path: Path, variable: str) -> None:
    place = tmp_path / ("alm-curator" if variable == "XDG_CACHE_HOME" else ".cache/alm-curator")
    place.parent.mkdir(exist_ok=True)
    built.cache.rename(place)
    usual = built.having(ALM_CACHE="", XDG_CACHE_HOME="", HOME="/nowhere")
    assert usual.having(**{variable: tmp_path}).tell().folder.parent == place


def writable(cache: Path) -> str:
    cache.chmod(0o777)
    return "others can write there"


def of_somebody(cache: Path) -> str:
    if os.geteuid():
        pytest.skip("needs root, to give a folder to somebody else")
    os.chown(cache, 12345, 12345)
    return "belongs to somebody else"


def link(cache: Path) -> str:
    cache.rename(cache.with_name("theirs"))
    cache.symlink_to("theirs")
    return "not a directory"


@pytest.mark.parametrize("spoil", [writable, of_somebody])
def test_nothing_is_loaded_from_where_others_may_write(
    built: Clone, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    reason = spoil(built.cache)
    private = tmp_path / f"alm-curator-{os.getuid()}"
    private.touch()
    said = built.having(TMPDIR=tmp_path).tell()
    assert said.form == "python"
    assert f"({built.cache}: {reason}, {private}: File exists)" in said.reason
    assert "set ALM_CACHE" in said.remedy


@pytest.mark.parametrize("spoil", [writable, of_somebody, link])
def test_nothing_is_loaded_from_what_others_put_into_the_temporary_directory(
    built: Clone, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    private = tmp_path / f"alm-curator-{os.getuid()}"
    built.cache.rename(private)
    elsewhere = built.having(TMPDIR=tmp_path, ALM_CACHE="/proc/none")
    assert elsewhere.tell().form == "compiled"
    reason = spoil(private)
    assert f"{private}: {reason}" in elsewhere.tell().reason


def test_a_user_may_link_the_cache(built: Clone) -> None:
    link(built.cache)
    assert built.tell().folder.parent == built.cache.with_name("theirs")


def test_nobody_else_can_write_a_build_whatever_the_umask(clone: Clone, compiler: None) -> None:
    clone.cache.mkdir()
    program = "import os; os.umask(0); from alm import compiled; print(compiled.status().folder)"
    _, folder, _ = clone.run("-c", program)
    for path in (Path(folder.strip()), *Path(folder.strip()).iterdir()):
        assert not path.stat().st_mode & 0o022


# Where it cannot be had


def test_without_a_compiler(clone: Clone) -> None:
    said = without_compiler(clone).tell()
    assert said.form == "python"
    assert "no C compiler was found" in said.reason
    assert "apt-get install gcc" in said.remedy
    assert not clone.cache.exists(), "nothing was tried"
    assert "(my-cc)" in clone.having(CC="my-cc -m64").tell().reason


def test_without_the_headers_of_python(clone: Clone, compiler: None) -> None:
    headers = sysconfig.get_path("include")
    said = replace(clone, prefix=mounted("-t", "tmpfs", "none", headers)).tell()
    assert said.form == "python"
    assert f"{headers}/Python.h" in said.reason
    assert "apt-get install python3-dev" in said.remedy


def test_without_cython(clone: Clone) -> None:
    said = environment(clone, "alm", "cython").tell()
    assert said.reason == "Cython is not installed"
    assert "Cython>=3.1" in said.remedy


def test_with_an_old_cython(clone: Clone) -> None:
    metadata = clone.root / "Cython-0.29.36.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: Cython\nVersion: 0.29.36\n")
    assert clone.tell().reason == "Cython 0.29.36 is too old"


def test_a_compiler_that_fails(clone: Clone, compiler: None) -> None:
    """Its children take that for decided, the next process does not."""
    program = f"import alm.compiled, alm.tiny, subprocess, sys\n{TELL}\nsys.stdout.flush()\n"
    program += f"sys.exit(subprocess.call([sys.executable, '-c', {TELL!r}]))"
    failing = clone.having(CC="/bin/false")
    status, output, terminal = failing.run("-c", program)
    assert status == 0, terminal
    mother, child = map(json.loads, output.splitlines())
    assert terminal.count(BUILDS) == terminal.count("\n") == 1
    assert mother == child
    assert mother["form"] == "python"
    (log,) = clone.cache.glob("*.log")
    assert str(log) in mother["reason"]
    assert log.read_text().startswith("/bin/false -shared")
    assert left_in(clone.cache) == {"alm-lock", log.name}
    assert clone.tell().form == "compiled"


def test_types_that_do_not_compile(clone: Clone, compiler: None) -> None:
    edit(clone.source.with_suffix(".pxd"), "long", "lang")
    said = clone.tell()
    assert said.form == "python"
    assert said.tried
    assert "alm/tiny.pxd:3" in next(clone.cache.glob("*.log")).read_text()


# What a user asks for and is told


def test_a_user_may_ask_for_the_interpreted_form(built: Clone) -> None:
    said = built.having(ALM_COMPILED="python").tell()
    assert said.form == "python"
    assert said.answer == 1
    assert said.reason == "ALM_COMPILED=python asks for it"


def test_a_user_may_require_the_compiled_form(built: Clone) -> None:
    required = built.having(ALM_COMPILED="required")
    assert required.tell().form == "compiled"
    edit(built.source, "Kept(1)", "Kept(2)")
    status, _, terminal = without_compiler(required).run("-c", "import alm.tiny")
    assert status
    last = terminal.splitlines()[-1]
    assert last.startswith("ImportError: ALM_COMPILED=required, but no C compiler was found")
    assert "apt-get" in last


def test_any_other_wish_is_refused(built: Clone) -> None:
    status, _, terminal = built.having(ALM_COMPILED="yes").run("-c", "import alm.tiny")
    assert status
    assert terminal.splitlines()[-1] == (
        "ImportError: ALM_COMPILED='yes' is not allowed: set it to python or required, or unset it"
    )


def test_the_command_says_what_is_used(built: Clone) -> None:
    folder = built.tell().folder
    line = f"inner loops: compiled (from {folder})\n"
    assert built.run("-m", "alm.compiled") == (0, line, "")
    edit(built.source, "Kept(1)", "Kept(2)")
    status, line, terminal = without_compiler(built).run("-m", "alm.compiled")
    assert (status, terminal) == (1, "")
    assert line.startswith("inner loops: interpreted, same results, 2 to 4 times slower: ")
    assert "; apt-get install" in line
    assert line.count("\n") == 1


# The real modules


def test_each_module_has_an_interpreted_form() -> None:
    sources = read_sources()
    for module in sources.modules:
        assert sources.interpreted(module) in sources.files


def test_the_real_modules_are_compiled(compiler: None) -> None:
    program = "import sys; from importlib import import_module; from pathlib import Path\n"
    program += "for name in sys.argv[1:]: print(Path(import_module(name).__file__).parent)"
    modules = read_sources().modules
    environ = {k: v for k, v in os.environ.items() if k != "ALM_COMPILED"}
    done = subprocess.run(
        [sys.executable, "-c", program, *modules],
        cwd=ROOT,
        env=environ | {"ALM_COMPILED": "required"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    (folder,) = set(done.stdout.split())
    assert Path(folder).name == read_sources().key


def test_both_forms_give_the_same_bytes(compiler: None, tmp_path: Path) -> None:
    program = "import sys; from alm import curate_manifest; curate_manifest(*sys.argv[1:])"
    manifest = ROOT / "workflow/sample/manifests/interviews.jsonl"
    outputs = []
    for form in ("required", "python"):
        output = tmp_path / f"{form}.jsonl"
        command = [sys.executable, "-c", program, str(manifest), str(output)]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"ALM_COMPILED": form}, check=True)
        outputs.append(output.read_bytes())
    assert outputs[0] == outputs[1] != b""
