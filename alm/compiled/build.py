"""Builds the extension modules once, also if processes compete or are killed.

All happens in a private folder that is renamed in the end: a build is whole or absent. A kernel
lock, which ends with its process, lets one process build and the others wait for it. Cython and the
C compiler run in processes of their own: they can neither slow down the caller's nor take it down.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from alm.compiled import NotCompiledError
from alm.compiled.folders import DAY, distrust, is_whole, places
from alm.compiled.sources import C_FLAGS, CYTHON_FLAGS, Sources

LIMIT = 600  # seconds that one command may take, and that others wait for the build
UNUSED = 30 * DAY  # after that a build is removed
OURS = re.compile(
    r"alm-([0-9a-f]{32}(\.log|\.js)?|building-\w+)"
)  # ALM_CACHE may hold other things
CYTHON = "pip install 'Cython>=3.1'"

# Says whether an extension module can be loaded here, without running what is in it.
LOAD = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
module_from_spec(spec_from_file_location(sys.argv[1], sys.argv[2]))
"""


def build(sources: Sources) -> Path:
    """Build ``sources`` in the first folder that can hold them, unless another process just has.

    Raises:
        NotCompiledError: something is missing, or a command failed.
    """
    linker = find_tools()
    refused = []
    for place in places():
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if why := distrust(place):
                refused.append(f"{place}: {why}")
                continue
            return _build_in(place, sources, linker)
        except OSError as error:
            refused.append(f"{place}: {error.strerror}")
    raise NotCompiledError(
        f"no folder to build in ({', '.join(refused)})", "set ALM_CACHE to a folder of your own"
    )


def find_tools() -> list[str]:
    """The words of a command that compiles and links an extension module.

    Raises:
        NotCompiledError: there is no C compiler, no Python.h or no Cython that will do.
    """
    try:
        cython = version("Cython")
    except PackageNotFoundError:
        raise NotCompiledError("Cython is not installed", CYTHON) from None
    if int(cython.partition(".")[0]) < 3:
        raise NotCompiledError(f"Cython {cython} is too old", CYTHON)
    theirs = shlex.split(sysconfig.get_config_var("CC") or "cc")
    link = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    link = link[len(theirs) :] if link[: len(theirs)] == theirs else link[1:]
    given = os.environ.get("CC")
    compilers = [shlex.split(given)] if given else [theirs, ["cc"], ["gcc"], ["clang"]]
    found = next((words for words in compilers if shutil.which(words[0])), None)
    if found is None:
        names = ", ".join(dict.fromkeys(words[0] for words in compilers))
        raise NotCompiledError(
            f"no C compiler was found ({names})",
            "apt-get install gcc libc6-dev python3-dev, or conda install c-compiler",
        )
    headers = sysconfig.get_path("include")
    if not Path(headers, "Python.h").exists():
        raise NotCompiledError(
            f"the headers of Python were not found ({headers}/Python.h)",
            "apt-get install python3-dev, or a Python that has them",
        )
    return [*found, *link, f"-I{headers}"]


def _build_in(place: Path, sources: Sources, linker: list[str]) -> Path:
    final = place / sources.key
    with (place / "alm-lock").open("wb") as lock:
        alone = _acquire(lock)
        if is_whole(final, sources):
            return final
        if alone:
            _clean(place, final)
        private = Path(mkdtemp(prefix="alm-building-", dir=place))
        try:
            print(
                f"alm: compiling its inner loops once, into {final}; this takes some 30 s",
                file=sys.stderr,
                flush=True,
            )
            built = _compile(sources, private, linker)
            try:
                built.rename(final)
            except OSError:  # without a lock somebody else may have been first
                if not is_whole(final, sources):
                    raise
        except _CommandFailed as error:
            log = place / f"{sources.key}.log"
            log.write_text(str(error), encoding="utf-8", errors="backslashreplace")
            raise NotCompiledError(
                f"compiling them failed (see {log})", "mend what is named there and start anew"
            ) from None
        finally:
            shutil.rmtree(private, ignore_errors=True)
    return final


def _acquire(lock: IO[bytes]) -> bool:
    """Wait for the lock; False if the file system has no locks: then the rename decides."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        except OSError:
            return False
        else:
            return True
    raise NotCompiledError(
        f"another process has been building for {LIMIT} s (it holds {lock.name})", "end it"
    )


def _clean(place: Path, final: Path) -> None:
    """Remove what killed builds left, what is left of this build, and what has long been unused."""
    for entry in place.iterdir():
        if not OURS.fullmatch(entry.name):
            continue
        killed = entry.name.startswith("alm-building-")
        unused = time.time() - entry.lstat().st_mtime > UNUSED
        if entry.is_dir() and (killed or unused or entry == final):
            shutil.rmtree(entry, ignore_errors=True)
        elif unused:
            entry.unlink()


def _compile(sources: Sources, private: Path, linker: list[str]) -> Path:
    """Compile copies of what was hashed; the folder of the extension modules."""
    for path, content in sources.files.items():
        file = private / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        for package in (*file.relative_to(private).parents,)[:-1]:
            (private / package / "__init__.py").touch()
    built = private / "built"
    built.mkdir(mode=0o755)
    python = (sys.executable, "-P")
    # One process for all: what Cython needs to start costs more than a module of ours.
    _run(private, *python, "-m", "cython", *CYTHON_FLAGS, *sources.modules.values())

    def compile_one(module: str) -> None:
        c = Path(sources.modules[module]).with_suffix(".c")  # beside the copy of its source
        extension = built / f"{module}.so"
        _run(private, *linker, *C_FLAGS, str(c), "-o", str(extension))
        _run(private, *python, "-IS", "-c", LOAD, module, str(extension))
        extension.chmod(0o644)  # nobody else may write it, whatever the umask
        with extension.open("rb") as file:  # on the disk before its folder has its name
            os.fsync(file.fileno())

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, sources.modules))
    return built


class _CommandFailed(Exception):
    """A command and what it printed."""


def _run(folder: Path, *command: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _CommandFailed(f"{shlex.join(command)}\nwas ended after {LIMIT} s\n") from None
    if done.returncode:
        raise _CommandFailed(f"{shlex.join(command)}\n{done.stdout}\nexit {done.returncode}\n")
