"""Serves the inner loops compiled if possible, otherwise interpreted.

A module of this package is compiled if a ``.pxd`` lies beside its ``.py`` (types for Cython) or a
``.pyx`` does (the same, written for Cython). Importing code never asks which form it gets: a
finder, installed before anything else of the package is imported, serves all of these modules in
one form. The compiled form is built on the first import that finds none (:mod:`alm.compiled.build`)
into a cache outside the source tree, under a hash of what the sources hold: what was built from
other source is never found.

``ALM_COMPILED=python`` asks for the interpreted form, ``ALM_COMPILED=required`` makes it an error
if the compiled one cannot be had. ``python -m alm.compiled`` builds and says what is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Literal, NamedTuple

from alm.compiled.folders import find_build
from alm.compiled.sources import PACKAGE, Sources, read_sources

FAILED = "ALM_COMPILED_FAILED"
"""Not a setting: tells child processes that the build failed, and why."""


class NotCompiledError(ImportError):
    """The compiled form is not available: why, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


class Status(NamedTuple):
    """The form in which this process runs the inner loops.

    If it is ``python``, ``reason`` and ``remedy`` say why and what to do, a phrase each; if it is
    ``compiled``, ``folder`` holds the extension modules.
    """

    form: Literal["compiled", "python"]
    folder: Path | None = None
    reason: str = ""
    remedy: str = ""


def install() -> None:
    """Serve the modules that are to be compiled from now on, in the form of :func:`status`."""
    sys.meta_path.insert(0, _Finder())


@cache
def status() -> Status:
    """The form of the inner loops in this process, decided once; may build them.

    Raises:
        ImportError: ``ALM_COMPILED`` has a value that is not allowed, or requires the compiled form
            and it cannot be had.
    """
    wanted = os.environ.get("ALM_COMPILED", "")
    if wanted not in ("", "python", "required"):
        raise ImportError(
            f"ALM_COMPILED={wanted!r} is not allowed: set it to python or required, or unset it"
        )
    if wanted == "python":
        return Status("python", reason="ALM_COMPILED=python asks for it", remedy="unset it")
    try:
        return Status("compiled", _find_or_build(_sources()))
    except NotCompiledError as error:
        if wanted == "required":
            raise ImportError(f"ALM_COMPILED=required, but {error}") from None
        return Status("python", reason=error.reason, remedy=error.remedy)


def announcement() -> str:
    """One line for the start of a run: the form of the inner loops, and why not the fast one."""
    form, folder, reason, remedy = status()
    if form == "compiled":
        return f"inner loops: compiled (from {folder})"
    return f"inner loops: interpreted, same results, 2 to 4 times slower: {reason}; {remedy}"


class _Finder:
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(f"{PACKAGE.name}.") or name not in _sources().modules:
            return None
        if folder := status().folder:
            file = folder / f"{name}.so"
            return spec_from_file_location(name, file, loader=_Extension(name, str(file)))
        # Python would prefer an extension module that somebody built beside the source.
        return spec_from_file_location(name, PACKAGE.parent / _sources().interpreted(name))


class _Extension(ExtensionFileLoader):
    def get_source(self, fullname: str) -> str:  # type: ignore[override]
        """The source that was compiled, which tracebacks show."""
        return (PACKAGE.parent / _sources().modules[fullname]).read_text("utf-8")


@cache
def _sources() -> Sources:
    return read_sources()


def _find_or_build(sources: Sources) -> Path:
    """The folder of the compiled modules.

    Raises:
        NotCompiledError: they are not built, and cannot be.
    """
    if found := find_build(sources):
        return found
    key, *why = os.environ.get(FAILED, "").split("\n")
    if key == sources.key:
        raise NotCompiledError(*why)
    from alm.compiled.build import build  # seldom needed, and slow to import

    try:
        return build(sources)
    except NotCompiledError as error:
        os.environ[FAILED] = "\n".join((sources.key, error.reason, error.remedy))
        raise
