"""The code behind a result: hashes of its source, and its commit."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def code_hash(module: str) -> str:
    """A short hash of the sources of ``module`` and of all of this package that it imports.

    That includes folders of data, which a module imports to name them, as ``alm.report.templates``.

    Snakemake sees edits of scripts but not of a package, so this goes into the parameters of a
    rule: changed code reruns what it changes, and nothing else.
    """
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if (path := _source_file(name)) is None:
            found |= _data_files(name)
            continue
        found[name] = path.read_bytes()
        if path.suffix == ".py":  # Cython cannot be parsed, and imports nothing of this package
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
    for candidate in (path.with_suffix(".py"), path / "__init__.py", path.with_suffix(".pyx")):
        if candidate.is_file():
            return candidate
    return None


def _data_files(module: str) -> dict[str, bytes]:
    """The content of a folder of this package that holds no modules: templates, for instance."""
    package, *rest = module.split(".")
    folder = PACKAGE.joinpath(*rest)
    if package != PACKAGE.name or not rest or not folder.is_dir():
        return {}
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {f"{module}/{path.relative_to(folder)}": path.read_bytes() for path in paths}


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


def source_sha256(folder: str | Path, *patterns: str) -> str:
    """The SHA-256 of source files, their paths included: what this prints in ``folder``.

    ``find PATTERN… -type f | LC_ALL=C sort | xargs sha256sum | sha256sum``

    Args:
        folder: where the source lies.
        patterns: globs in it.
    """
    root = Path(folder)
    paths = {path.relative_to(root) for pattern in patterns for path in root.glob(pattern)}
    listing = hashlib.sha256()
    for name, path in sorted((os.fsencode(path), path) for path in paths):
        digest = hashlib.sha256((root / path).read_bytes()).hexdigest()
        listing.update(digest.encode() + b"  " + name + b"\n")
    return listing.hexdigest()


def package_sha256() -> str:
    """:func:`source_sha256` of this package, from the folder that it lies in."""
    name = PACKAGE.name
    return source_sha256(PACKAGE.parent, f"{name}/**/*.py", f"{name}/**/*.pyx")


def commit() -> str | None:
    """The git commit of the source, ``-dirty`` behind it where files differ; None without git."""
    git = ["git", "--no-optional-locks", "-C", str(PACKAGE.parent)]
    try:
        tracked = [*git, "ls-files", "--error-unmatch", f"{PACKAGE.name}/__init__.py"]
        subprocess.run(tracked, check=True, capture_output=True)
        describe = [*git, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
        found = subprocess.run(describe, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
