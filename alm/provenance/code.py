"""The code behind a result: hashes of its source, and its commit."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SUFFIXES = (".py", ".pxd", ".pyx")
DATA_SUFFIXES = (".j2", ".css", ".js")
"""Of the report's templates, and what they need."""

CIMPORT = re.compile(r"^[ \t]*(?:from +([\w.]+) +)?c?import +(\([^()]*\)|[^\n]*)", re.MULTILINE)


def code_hashes(modules: Iterable[str]) -> dict[str, str]:
    """Short hashes, of the source of each module and of all of this package that it imports.

    That includes folders of data, which a module imports to name them, as ``alm.report.templates``.

    Snakemake sees edits of scripts but not of a package, so these go into the parameters of rules:
    changed code reruns what it changes, and nothing else. Each file is read once, for all of them.
    """
    source = cache(_source)
    found = {}
    for module in set(modules):
        files: dict[str, bytes] = {}
        waiting, seen = [module], {module}
        while waiting:
            contents, imported = source(waiting.pop())
            files |= contents
            waiting += imported - seen
            seen |= imported
        digest = hashlib.blake2b(digest_size=8)
        for name in sorted(files):
            digest.update(name.encode() + b"\0" + files[name] + b"\0")
        found[module] = digest.hexdigest()
    return found


def _source(module: str) -> tuple[dict[str, bytes], set[str]]:
    """The files of a module of this package with their contents, and the names it imports."""
    sources = _source_files(module)
    contents = {path: path.read_bytes() for path in sources or _data_files(module)}
    imported = {name for path in sources for name in _imports(contents[path], path.suffix)}
    named = {path.relative_to(PACKAGE).as_posix(): text for path, text in contents.items()}
    return named, imported


def _source_files(module: str) -> list[Path]:
    """The files of a module of this package, in both forms; empty for other names."""
    package, *rest = module.split(".")
    if package != PACKAGE.name or not rest:
        return []
    path = PACKAGE.joinpath(*rest)
    candidates = (path / "__init__.py", *map(path.with_suffix, SUFFIXES))
    return [candidate for candidate in candidates if candidate.is_file()]


def _data_files(module: str) -> list[Path]:
    """The files of a folder of this package that holds no modules: templates, for instance."""
    package, *rest = module.split(".")
    folder = PACKAGE.joinpath(*rest)
    if package != PACKAGE.name or not rest or not folder.is_dir():
        return []
    return [path for path in folder.rglob("*") if path.is_file()]


def _imports(source: bytes, suffix: str) -> tuple[str, ...]:
    if suffix == ".py":
        return tuple(_imported_names(ast.parse(source)))
    return tuple(_cimported_names(source.decode()))


def _imported_names(tree: ast.AST) -> Iterator[str]:
    """What Python source imports, wherever it does: no expression holds a statement."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for node in getattr(tree, field, ()):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield from _imported_names(node)


def _cimported_names(source: str) -> Iterator[str]:
    """What Cython source imports and cimports, which Python cannot parse."""
    for module, names in CIMPORT.findall(source):
        imported = re.findall(r"[\w.]+", names)
        yield from (f"{module}.{name}" for name in imported) if module else imported
        yield module


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
    suffixes = (*SUFFIXES, *DATA_SUFFIXES)
    return source_sha256(PACKAGE.parent, *(f"{PACKAGE.name}/**/*{suffix}" for suffix in suffixes))


def commit() -> str | None:
    """The git commit of the source, followed by ``-dirty`` if files differ; None without git."""
    git = ["git", "--no-optional-locks", "-C", str(PACKAGE.parent)]
    try:
        tracked = [*git, "ls-files", "--error-unmatch", f"{PACKAGE.name}/__init__.py"]
        subprocess.run(tracked, check=True, capture_output=True)
        describe = [*git, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
        found = subprocess.run(describe, check=True, capture_output=True, encoding="utf-8")
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
