"""What the shards of a run have read of each manifest, and whether all read the same one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alm.errors import ManifestError
from alm.input import ByteRange, has_changed, is_compressed, read_lines
from alm.input.digests import DIGEST_BYTES, new_digest
from alm.input.ranges import changed
from alm.input.shards import read_ranges
from alm.jobs.seals import unseal
from alm.statistics.summary import Summary


def manifests_read(
    shards: Sequence[str | Path],
    builds: Iterable[Summary],
    digests: Sequence[str | Path],
    overlaps: Iterable[Summary] = (),
) -> list[dict[str, Any]]:
    """What ``provenance.json`` says of each manifest, in input order.

    Args:
        shards: the files that say what each shard holds, in input order.
        builds: the summaries of each shard's build.
        digests: of each shard, the digests of the lines that its build read.
        overlaps: the summaries of each shard's overlap, where rows are counted.
    """
    found: dict[str, dict[str, Any]] = {}
    lines: dict[str, Any] = defaultdict(new_digest)
    for shard, built, path in zip(shards, builds, digests, strict=True):
        for span in read_ranges(shard):
            manifest = found.setdefault(
                span.path,
                {"path": span.path, "bytes": 0, "version": span.version, "lines": 0}
                | {"rows": 0, "quarantined": 0, "lines_xxh128": ""},
            )
            manifest["bytes"] = span.stop
        with open(path, "rb") as file:
            for count in built.line_counts:
                lines[count.path].update(file.read(count.lines * DIGEST_BYTES))
                found[count.path]["lines"] += count.lines
        _count_rows(found, built)
    for overlapped in overlaps:
        _count_rows(found, overlapped)
    for name, manifest in found.items():
        manifest["lines_xxh128"] = lines[name].hexdigest()
    return list(found.values())


def _count_rows(manifests: Mapping[str, dict[str, Any]], summary: Summary) -> None:
    for name, stats in summary.stats.items():
        manifests[name]["rows"] += stats["entries"]
        manifests[name]["quarantined"] += stats["quarantined"]


def check_manifests(
    shards: Sequence[str | Path], summaries: Iterable[Summary], digests: Sequence[str | Path]
) -> None:
    """Check that a manifest that was written since the run was planned has only grown.

    The shards of a manifest read it one after the other, and a larger file may be another one.
    What was planned of such a manifest is read once more: it must be what all shards together have
    read, or what they made of it counts for nothing. Objects and compressed files are read in one
    piece, or not at all if they changed.

    Raises:
        ManifestError: it was changed, and rows of two contents may be mixed.
    """
    grown: set[str] = set()

    def noting() -> Iterator[Summary]:
        for summary in summaries:
            grown.update(summary.grown)
            yield summary

    for manifest in manifests_read(shards, noting(), digests):
        path = manifest["path"]
        whole = ByteRange(path, 0, manifest["bytes"], manifest["version"])
        if is_compressed(path) or not (path in grown or has_changed(whole)):
            continue
        if _digest_of(whole._replace(version="")) != manifest["lines_xxh128"]:
            for shard in shards:
                if any(span.path == path for span in read_ranges(shard)):
                    unseal(shard)
            raise changed(path)


def _digest_of(span: ByteRange) -> str | None:
    """The digest of the lines of a range; None if there are not as many bytes."""
    digest = new_digest()
    try:
        for line in read_lines(span):
            digest.update(line.digest)
    except ManifestError:
        return None
    return digest.hexdigest()
