"""What is compiled: the sources of the inner loops, and the hash of all that makes their build."""

from __future__ import annotations

import os
from functools import cached_property
from hashlib import blake2b
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

CYTHON_FLAGS = ("-3", "-X", "annotation_typing=False")
"""Annotations are for people and mypy: a ``.pxd`` has the types of the compiled form."""

# Multiply and add stay two roundings, so that sums are equal to the last bit on processors that
# have one instruction for both; integers wrap around, as in Python's own build.
C_FLAGS = (
    *("-O3", "-g0", "-fPIC", "-DNDEBUG"),
    *("-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing", "-Wl,-s"),
)


class Sources:
    """The sources of the modules that are compiled.

    ``files`` has what they hold, by their path from the folder of the package; ``modules`` the path
    of the one that is compiled, by the name of its module.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        compiled = {path for path in files if path.endswith(".pyx")}
        compiled |= {path for path in files if path.endswith(".py") and f"{path}x" not in compiled}
        self.modules = {_stem(path).replace("/", "."): path for path in sorted(compiled)}

    def interpreted(self, module: str) -> str:
        """The path of the source that is the interpreted form of ``module``."""
        return _stem(self.modules[module]) + ".py"

    @cached_property
    def key(self) -> str:
        """The name of a build: a hash of contents, flags and what it is for; never of times."""
        # The C library: a build with a newer one does not load with an older one.
        confstr = getattr(os, "confstr_names", ())
        library = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in confstr else ""
        target = (os.uname().machine, EXTENSION_SUFFIXES[0], str(library))
        digest = blake2b(repr((CYTHON_FLAGS, C_FLAGS, target)).encode(), digest_size=16)
        for path, content in sorted(self.files.items()):
            digest.update(f"\0{path}\0{len(content)}\0".encode() + content)
        return f"alm-{digest.hexdigest()}"


def read_sources() -> Sources:
    """Read the sources: each ``.pxd`` and ``.pyx`` of this package, and the ``.py`` of its name."""
    files = {}
    for folder, _, names in os.walk(PACKAGE):
        beside = {_stem(name) for name in names if name.endswith((".pxd", ".pyx"))}
        for name in names:
            if name.endswith((".py", ".pxd", ".pyx")) and _stem(name) in beside:
                path = Path(folder, name)
                files[path.relative_to(PACKAGE.parent).as_posix()] = path.read_bytes()
    return Sources(files)


def _stem(path: str) -> str:
    return path.rpartition(".")[0]
