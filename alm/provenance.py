"""What made a result: the hash of the code behind a step, and the versions of the packages."""

from __future__ import annotations

import ast
import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from alm import __version__

PACKAGE = Path(__file__).parent
PACKAGES = ("snakemake", "orjson", "ray", "cosmos-xenna")


def code_hash(module: str) -> str:
    """A short hash of the sources of ``module`` and of all of this package that it imports.

    Snakemake sees edits of scripts but not of a package, so this goes into the parameters of a
    rule: changed code reruns what it changes, and nothing else.
    """
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or (path := _source_file(name)) is None:
            continue
        found[name] = path.read_bytes()
        waiting += _imports(found[name])
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + found[name] + b"\0")
    return digest.hexdigest()


def _source_file(module: str) -> Path | None:
    """The file of a module of this package; None for names that are no module of it."""
    package, *rest = module.split(".")
    if package != PACKAGE.name or not rest:
        return None
    path = PACKAGE.joinpath(*rest)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(source: bytes) -> tuple[str, ...]:
    return tuple(_imported_names(ast.parse(source)))


def _imported_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def versions() -> dict[str, str]:
    """The versions of this package, Python and the packages that a run may use."""
    found = {"alm": __version__, "python": platform.python_version()}
    return found | {name: _version(name) for name in PACKAGES}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
