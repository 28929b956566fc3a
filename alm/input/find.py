"""Find manifests under what is configured."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePath
from typing import NamedTuple

from alm.errors import ManifestError
from alm.input import remote
from alm.input.ranges import GZIP, ZSTD, ByteRange, Manifest, is_compressed
from alm.input.storage import version_of
from alm.names import as_local, as_text, require_text
from alm.text import counted

SUFFIXES = (".jsonl", ".json")


def is_manifest_name(path: str) -> bool:
    """Whether a file is called like a manifest of ours, perhaps compressed."""
    name = PurePath(path)
    return (name.with_suffix("") if is_compressed(path) else name).suffix in SUFFIXES


class Wanted(NamedTuple):
    """What a search takes: whether it takes a path, by its name, and which these are, in words."""

    takes: Callable[[str], bool]
    called: str


OURS = Wanted(
    is_manifest_name, f"ending in {' or '.join(SUFFIXES)} (or these with {GZIP} or {ZSTD})"
)
"""Manifests of ours."""


class Found(NamedTuple):
    """Manifests, and how many more were left out because their names begin with a dot."""

    manifests: list[Manifest]
    hidden: int


def discover(manifest_path: str | Sequence[str], exclude: str | None = None) -> list[Manifest]:
    """The manifests that :func:`find_manifests` finds."""
    return find_manifests(manifest_path, exclude).manifests


def find_manifests(
    manifest_path: str | Sequence[str],
    exclude: str | None = None,
    choices: Sequence[Wanted] = (OURS,),
) -> Found:
    """Find the manifests under a file, a directory, a glob, a URL, or a list of these.

    A directory is searched recursively for ``.jsonl`` and ``.json``, also compressed
    (``.jsonl.gz``, ``.json.zst`` and so on); a glob may use ``**``. Links to files are followed,
    links to directories are not. Paths stay as they were configured, neither resolved nor made
    absolute. A file that is found twice counts once. The order is that of the list, and sorted by
    path within an item of it. A URL names an object or, for ``s3://`` and ``gs://``, also a
    prefix or a glob. Left out are the output directories of this workflow, and what begins with a
    dot below the directory that is searched, as programs leave copies there
    (``.ipynb_checkpoints``, ``._a.jsonl`` of macOS); a glob may name such a file or folder itself.

    Args:
        manifest_path: what to search.
        exclude: the output directory of the run at hand, left out of searches that begin outside
            of it even while it is new.
        choices: what searches take: the first of these, or the next if there is nothing of it.

    Raises:
        ManifestError: a path does not exist or may not be read, or nothing under it is a manifest.
    """
    wanted = [manifest_path] if isinstance(manifest_path, str) else list(manifest_path)
    if not wanted:
        raise ManifestError("manifest_path is an empty list: name at least one manifest")
    found: dict[str, Manifest] = {}
    hidden = 0
    for item in wanted:
        here = _search(item, exclude, choices)
        hidden += here.hidden
        for manifest in here.manifests:
            path = manifest.path
            found.setdefault(
                path if remote.is_url(path) else os.path.realpath(as_local(path)), manifest
            )
    return Found(list(found.values()), hidden)


def _search(item: str, exclude: str | None, choices: Sequence[Wanted]) -> Found:
    if not remote.is_url(item) and _is_file(item):
        return Found([_manifest(item)], 0)
    if remote.is_url(item):
        what, objects = remote.search(item)
        if what == "the object":
            return Found(objects, 0)
        by_path = {each.path: each for each in objects}
        paths = list(by_path)
    else:
        what, names, root = _listed(as_local(item))
        paths = list(map(as_text, names))
    none = ""
    for choice in choices:
        visible, hidden = _visible(filter(choice.takes, paths), item)
        if remote.is_url(item):
            found = manifests = sorted(by_path[path] for path in visible)
        else:
            found = [each for each in sorted(map(_manifest, visible)) if _is_file(each.path)]
            manifests = _outside_of(exclude, _outside_of_runs(found, as_text(root)), searched=item)
        if manifests:
            return Found(manifests, hidden)
        if found:
            none = none or "none outside of output directories of this workflow"
        elif hidden:
            them = f"{counted(hidden, 'hidden one')}, whose name or folder begins with '.'"
            none = none or f"no file {choice.called} but {them}"
    none = none or f"no file {', nor one '.join(choice.called for choice in choices)}"
    raise ManifestError(f"manifest_path: {what} {item!r} holds no manifest, that is {none}")


def _visible(paths: Iterable[str], searched: str) -> tuple[list[str], int]:
    """Those that are not hidden, and how many are."""
    magic = min((searched.find(sign) for sign in "*?[" if sign in searched), default=-1)
    root = (
        searched
        if os.path.isdir(as_local(searched)) or magic < 0
        else searched[:magic].rpartition("/")[0]
    )
    named = [part for part in searched.removeprefix(root).split("/") if part.startswith(".")]
    visible, hidden = [], 0
    for path in paths:
        if _is_hidden(path, root, named):
            hidden += 1
        else:
            visible.append(path)
    return visible, hidden


def _is_hidden(path: str, root: str, named: Sequence[str] = ()) -> bool:
    """Whether something below ``root`` begins with a dot, other than what a glob names itself."""
    return any(
        part.startswith(".") and not any(fnmatchcase(part, pattern) for pattern in named)
        for part in path.removeprefix(root).split("/")
    )


def hidden_note(hidden: int) -> str:
    """What a run says of hidden manifests.

    >>> hidden_note(1)
    "1 hidden manifest left out, whose name or folder begins with '.': name it to read it"
    """
    them = "it" if hidden == 1 else "them"
    return (
        f"{counted(hidden, 'hidden manifest')} left out, whose name or folder begins with '.': "
        f"name {them} to read {them}"
    )


def _listed(item: str) -> tuple[str, Iterator[str], str]:
    """What ``item`` is, in words, the files under it, and where the search begins."""
    if os.path.isdir(item):
        return "the directory", _walk(item), item
    if glob.has_magic(item):
        root = _fixed_part(item)
        return "the glob", _glob(item, root), root
    raise ManifestError(
        f"manifest_path: {as_text(item)!r} does not exist (looked in {os.getcwd()!r}); "
        "name a file, a directory, a glob, or a list of these"
    )


def _outside_of_runs(manifests: Sequence[Manifest], root: str) -> list[Manifest]:
    """Those that lie in no output directory of this workflow, from ``root`` downwards."""

    @cache
    def in_a_run(folder: str) -> bool:
        return _holds_a_run(folder) or (
            len(folder) > len(root) and in_a_run(os.path.dirname(folder))
        )

    return [each for each in manifests if not in_a_run(os.path.dirname(each.path))]


def _holds_a_run(folder: str) -> bool:
    """Whether a folder is the output of this workflow, finished or begun."""
    folder = as_local(folder)
    finished = ("alm_output.jsonl", "stats.json")
    return os.path.isdir(os.path.join(folder, "work", "shards")) or all(
        os.path.isfile(os.path.join(folder, name)) for name in finished
    )


def _outside_of(folder: str | None, manifests: list[Manifest], searched: str) -> list[Manifest]:
    """Those that are not in ``folder``; all of them where the search itself began in there."""
    if not folder:
        return manifests
    inside = os.path.join(os.path.realpath(folder), "")
    if os.path.realpath(as_local(searched)).startswith(inside):
        return manifests
    return [
        each for each in manifests if not os.path.realpath(as_local(each.path)).startswith(inside)
    ]


def _is_file(path: str) -> bool:
    return "\0" not in path and os.path.isfile(as_local(path))


def _walk(folder: str) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        if not _is_hidden(error.filename, folder):
            raise ManifestError(
                f"manifest_path: cannot search {as_text(error.filename)!r}: {error.strerror}"
            )

    for parent, _, names in os.walk(folder, onerror=unreadable):
        yield from (os.path.join(parent, name) for name in names)


def _fixed_part(pattern: str) -> str:
    parts = Path(pattern).parts
    fixed = next(k for k, part in enumerate(parts) if glob.has_magic(part))
    return os.path.join(*parts[:fixed]) if fixed else ""


def _glob(pattern: str, root: str) -> Iterator[str]:
    """The files of a glob; by pathlib, which does not follow linked directories without end."""
    parts = Path(pattern).parts
    wanted = [*parts[len(Path(root).parts) :], *(["*"] if parts[-1] == "**" else [])]
    for path in Path(root or ".").glob(os.path.join(*wanted)):
        yield os.path.join(root, path.relative_to(root or "."))


def whole_file(path: str) -> ByteRange:
    """All lines of one manifest.

    Raises:
        ManifestError: it is not there, or not a file.
    """
    manifest = stat(path)
    return ByteRange(manifest.path, 0, manifest.size, manifest.version)


def stat(path: str) -> Manifest:
    """One manifest, by its path or URL.

    Raises:
        ManifestError: it is not there, not a file, or may not be read.
    """
    if remote.is_url(path):
        return remote.stat(path)
    if not _is_file(path):
        raise ManifestError(f"manifest {path!r} does not exist or is not a file")
    return _manifest(path)


def has_changed(span: ByteRange) -> bool:
    """Whether a file is another version than planned: grown, or another one. Not for URLs.

    Raises:
        ManifestError: it is not there any more.
    """
    return not remote.is_url(span.path) and span.version not in ("", stat(span.path).version)


def _manifest(path: str) -> Manifest:
    require_text(path)
    try:
        status = os.stat(as_local(path))
    except OSError as error:
        raise ManifestError(f"cannot read manifest {path!r}: {error.strerror}") from error
    if not os.access(as_local(path), os.R_OK):
        raise ManifestError(
            f"cannot read manifest {path!r}: permission denied; "
            "let your account read it, or leave it out"
        )
    return Manifest(path, status.st_size, version_of(status))
