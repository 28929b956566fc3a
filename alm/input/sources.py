"""Find what is to be curated, in whatever format it is, and plan the shards that read it.

A source is a file with segments and what adds to it: a table of Kaldi, the words of a CTM file. Its
recordings may be in any order, so it is grouped before it is cut: a shard is a share of a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple

from alm.errors import ManifestError, RowError
from alm.input import ByteRange, Manifest, find_manifests, read_lines, whole_file
from alm.input.find import OURS, Wanted
from alm.input.formats import FORMATS, Format
from alm.input.formats.entries import file_name
from alm.input.lines import LONGEST_LINE
from alm.input.recognize import is_json, recognize
from alm.input.shards import Shard, digest_of, plan_shards, resolve_shard_size

AUTO = "auto"

SOURCE_BYTES = 256 << 10
"""Of a shard, if audio is read for it: some hours of audio, so some minutes."""

TABLES = ("rttm", "kaldi")
"""Formats whose companions are told by their names alone."""

HEAD_LINES = 20
"""Of a file of text that are looked at to recognize it."""


class Found(NamedTuple):
    """What there is to curate.

    Attributes:
        kind: the format; None for manifests of ours.
        manifests: the files with segments.
        companions: what adds to one of these, by its path.
        hidden: how many more were left out because their names begin with a dot.
    """

    kind: str | None
    manifests: list[Manifest]
    companions: Mapping[str, Sequence[Manifest]]
    hidden: int


def find_sources(
    manifest_path: str | Sequence[str], exclude: str | None, input_format: str
) -> Found:
    """Find manifests, or files of another format.

    With ``auto`` searches take what is called like a manifest of ours, and only if there is nothing
    of it what is called like another format's; the first file of each name ending is then
    recognized by its content.

    Args:
        manifest_path, exclude: see :func:`alm.input.find_manifests`.
        input_format: the format, or ``auto``.

    Raises:
        ManifestError: there is nothing, or formats are mixed, or a companion has no file that it
            adds to.
    """
    if input_format == AUTO:
        found, hidden = find_manifests(manifest_path, exclude, (OURS, OTHERS))
        kind = _recognized(found)
    else:
        kind = input_format
        known = FORMATS[kind]
        wanted = Wanted(lambda path: _is_of(known, path), f"that {known.what} would be in")
        found, hidden = find_manifests(manifest_path, exclude, (wanted,))
    if kind is None:
        return Found(None, found, {}, hidden)
    known = FORMATS[kind]
    mains = [each for each in found if not known.is_companion(file_name(each.path))]
    companions: dict[str, list[Manifest]] = {}
    for each in found:
        if known.is_companion(file_name(each.path)):
            companions.setdefault(_main_of(each, mains, known).path, []).append(each)
    return Found(kind, mains, companions, hidden)


def _is_of(known: Format, path: str) -> bool:
    name = file_name(path)
    return known.is_main(name) or known.is_companion(name)


OTHERS = Wanted(
    lambda path: any(_is_of(known, path) for known in FORMATS.values()),
    "ending in .rttm or .stm, nor a Kaldi directory",
)


def _main_of(companion: Manifest, mains: Sequence[Manifest], known: Format) -> Manifest:
    pair = known.pair(companion.path)
    partners = [each for each in mains if known.pair(each.path) == pair] or list(mains)
    if len(partners) != 1:
        raise ManifestError(
            f"{companion.path!r} only adds to {known.what}, and "
            + ("there is none" if not mains else "it is not clear to which of the files")
            + ": name both, alike but for the ending"
        )
    return partners[0]


def _recognized(found: Sequence[Manifest]) -> str | None:
    """The format of all files, by the first file of each ending that is not empty."""
    heads: dict[str, Manifest] = {}
    for each in found:
        if each.size:
            name = file_name(each.path)
            heads.setdefault(PurePath(name).suffix or name, each)
    kinds: dict[str | None, Manifest] = {}
    tables: dict[str | None, Manifest] = {}
    for each in heads.values():
        table = next((kind for kind in TABLES if _adds_to(kind, each)), None)
        if table:
            tables.setdefault(table, each)
        else:
            kinds.setdefault(recognize_file(each.path), each)
    kinds = kinds or tables
    if len(kinds) > 1:
        (first, one), (second, other), *_ = kinds.items()
        raise ManifestError(
            f"manifest_path mixes formats: {one.path!r} is {in_words(first)}, {other.path!r} is "
            f"{in_words(second)}; a run reads one format: name its files, or set input_format"
        )
    return next(iter(kinds), None)


def _adds_to(kind: str, each: Manifest) -> bool:
    return FORMATS[kind].is_companion(file_name(each.path))


def in_words(kind: str | None) -> str:
    """What a format is called."""
    return FORMATS[kind].what if kind else "a manifest of ours"


def recognize_file(path: str) -> str | None:
    """The format of a file, by its content; None if it may be a manifest of ours or unreadable."""
    try:
        return recognize(path, b"".join(_head(path)))
    except (ManifestError, RowError):
        return None


def _head(path: str) -> Iterator[bytes]:
    """The first line, and more of the file if that is no JSON by itself."""
    lines = (line for line in read_lines(whole_file(path)) if not line.is_blank)
    size = 0
    first = next(lines, None)
    if first is None:
        return
    yield first.text
    begins_json = first.text.lstrip()[:1] in (b"{", b"[")
    if begins_json and is_json(first.text):
        return
    for line in lines if begins_json else islice(lines, HEAD_LINES):
        size += line.length
        if size > LONGEST_LINE:
            return
        yield line.text


def check_format(kind: str, path: str) -> None:
    """Look whether a file is in the format of the run.

    Raises:
        ManifestError: it is in another one.
    """
    found = recognize_file(path)
    if found not in (kind, None):
        raise ManifestError(
            f"{path!r} is {in_words(found)}, but the run reads {in_words(kind)}: a run reads one "
            "format; name its files, or set input_format"
        )


def plan_sources(found: Found, shard_size: float | str, backend: str, listens: bool) -> list[Shard]:
    """The shards of a run.

    Args:
        found: what there is to curate.
        shard_size, backend: as configured.
        listens: whether audio is read for them.
    """
    small = SOURCE_BYTES if found.kind and listens else None
    size = resolve_shard_size(shard_size, found.manifests, backend, small)
    return _with_companions(plan_shards(found.manifests, size), found)


def _with_companions(shards: Sequence[Shard], found: Found) -> list[Shard]:
    """The shards with what adds to their files, after these files."""
    return [
        Shard(
            shard.name,
            (
                *shard.ranges,
                *(
                    ByteRange(each.path, 0, each.size, each.version)
                    for span in shard.ranges
                    for each in found.companions.get(span.path, ())
                ),
            ),
        )
        for shard in shards
    ]


class Share(NamedTuple):
    """What a shard is of a group: from ``start`` to ``stop`` of ``size`` parts."""

    group: str
    start: int
    stop: int
    size: int


def plan_groups(shards: Sequence[Shard], kind: str) -> tuple[dict[str, Shard], dict[str, Share]]:
    """Each group, with whole files, by its name, and the share that each shard is of one.

    Args:
        shards: of :func:`plan_sources`.
        kind: the format.
    """
    known = FORMATS[kind]
    sizes: dict[str, int] = {}
    for shard in shards:
        for span in shard.ranges:
            sizes[span.path] = max(span.stop, sizes.get(span.path, 0))
    groups: dict[str, Shard] = {}
    shares: dict[str, Share] = {}
    for shard in shards:
        whole = tuple(span._replace(start=0, stop=sizes[span.path]) for span in shard.ranges)
        name = digest_of(whole)
        groups[name] = Shard(name, whole)
        mains = [span for span in shard.ranges if not known.is_companion(file_name(span.path))]
        first, size = mains[0], sizes[mains[0].path]
        cut = len(mains) == 1 and first.stop - first.start < size
        shares[shard.name] = Share(name, *((first.start, first.stop, size) if cut else (0, 1, 1)))
    return groups, shares


def documents_of(
    ranges: Sequence[ByteRange], kind: str
) -> Iterator[tuple[ByteRange, list[ByteRange]]]:
    """Each source of a group: its main file, and what adds to it.

    Args:
        ranges: of a group, main files first.
        kind: the format.
    """
    known = FORMATS[kind]
    mains = [span for span in ranges if not known.is_companion(file_name(span.path))]
    owners: dict[str, list[ByteRange]] = {span.path: [] for span in mains}
    as_manifests = [Manifest(span.path, span.stop, span.version) for span in mains]
    for span in ranges[len(mains) :]:
        owner = _main_of(Manifest(span.path, span.stop, span.version), as_manifests, known)
        owners[owner.path].append(span)
    for span in mains:
        yield span, owners[span.path]
