"""Plan the shards of a run from the manifests' names and sizes alone."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.errors import ManifestError, ParameterError
from alm.input import ByteRange, Manifest, is_compressed
from alm.input.digests import damaged

MAX_SHARDS = 4096
"""Of ``auto``."""

MOST_SHARDS = 10_000
"""Of a configured size; each is three jobs."""

SHARD_BYTES = {"local": 32 << 20, "ray_data": 1 << 30, "xenna": 1 << 30}
"""What ``auto`` means for a backend: a job should work for longer than it takes to start."""


class Shard(NamedTuple):
    """A unit of work: named by what it holds, so that a change elsewhere leaves it alone."""

    name: str
    ranges: tuple[ByteRange, ...]

    @property
    def version(self) -> str:
        """A hash of all that is known of it, the versions of its manifests included."""
        return _digest(ranges_text(self.ranges))


def resolve_shard_size(
    shard_size: float | str, manifests: Sequence[Manifest], backend: str, auto: int | None = None
) -> int:
    """``shard_size`` in bytes; ``auto`` doubles until there are at most 4,096 shards.

    ``auto`` begins with what is good for the backend, unless the argument says another number.
    Packed shards hold at least a quarter of the size, so a quarter of the number is planned for.

    Raises:
        ParameterError: so small a size would make more shards than Snakemake can plan.
    """
    total = sum(manifest.size for manifest in manifests)
    if shard_size != "auto":
        if total / int(shard_size) > MOST_SHARDS:
            raise ParameterError(
                f"shard_size = {shard_size} cuts {total} bytes of manifests into more than "
                f"{MOST_SHARDS} shards: use {total // MOST_SHARDS + 1} or more, or auto"
            )
        return int(shard_size)
    size = auto or SHARD_BYTES[backend]
    while total > size * MAX_SHARDS / 4:
        size *= 2
    return size


def plan_shards(manifests: Sequence[Manifest], shard_size: int) -> list[Shard]:
    """Cut large manifests and pack small ones into shards of about ``shard_size`` bytes.

    A compressed manifest cannot be cut: a large one is a shard, whatever its size.

    The order of rows is that of the manifests. Where a shard of small manifests ends is decided
    by the hash of the path of its last one, not by a count from the front: a manifest more or
    less changes the shard it falls into and leaves the others as they are.
    """
    shards: list[Shard] = []
    packed: list[ByteRange] = []
    packed_size = 0

    def close() -> None:
        nonlocal packed, packed_size
        if packed:
            shards.append(_named(packed))
        packed, packed_size = [], 0

    for path, size, version in manifests:
        if size >= shard_size:
            close()
            pieces = 1 if is_compressed(path) else max(1, round(size / shard_size))
            borders = [size * k // pieces for k in range(pieces + 1)]
            for start, stop in pairwise(borders):
                shards.append(_named([ByteRange(path, start, stop, version)]))
            continue
        packed.append(ByteRange(path, 0, size, version))
        packed_size += size
        if packed_size >= shard_size // 4 and (
            packed_size >= 4 * shard_size or _ends_shard(path, size, shard_size)
        ):
            close()
    close()
    return shards


def _ends_shard(path: str, size: int, shard_size: int) -> bool:
    """True with a probability of ``size / shard_size``, always the same for the same path."""
    draw = int.from_bytes(hashlib.blake2b(path.encode(errors="surrogateescape")).digest()[:8])
    return draw * shard_size < size << 64


def _named(ranges: Sequence[ByteRange]) -> Shard:
    return Shard(digest_of(ranges), tuple(ranges))


def digest_of(ranges: Sequence[ByteRange]) -> str:
    """The name of ranges. A changed manifest leaves it, so that new results replace old ones."""
    return _digest(json.dumps([span[:3] for span in ranges]).encode())


def ranges_text(ranges: Sequence[ByteRange]) -> bytes:
    """What a shard holds, as JSON; its digest is the version of the shard."""
    return json.dumps(ranges).encode() + b"\n"


def read_ranges(path: str | Path) -> tuple[ByteRange, ...]:
    """Read what :func:`alm.jobs.shard.write_ranges` wrote, or what a prepared manifest is.

    Raises:
        DamageError: it is not what the name says; of a prepared manifest a seal says it.
    """
    text = Path(path).read_bytes()
    version = Path(path).stem.partition(".")[2]
    if version and _digest(text) != version:
        raise damaged(path)
    return tuple(ByteRange(*span) for span in json.loads(text))


def write_plan(shards: Sequence[Shard], path: str | Path) -> None:
    """Write all shards of a run, in input order, as JSON."""
    with files.written_whole(path) as file:
        file.write(_plan_text(shards))


def plan_digest(shards: Sequence[Shard]) -> str:
    """A hash of all shards of a run, the versions of their manifests included."""
    return _digest(_plan_text(shards))


def planned_shards(
    path: str | Path, digest: str | None, plan: Callable[[], list[Shard]]
) -> list[Shard]:
    """The shards that the main process of a run has planned, for one of its jobs.

    Args:
        path: where :func:`write_plan` wrote them, unless another workflow imports this one without
            its hooks: then there may be none, or those of an earlier run.
        digest: their :func:`plan_digest`, None if the job was not told.
        plan: makes the plan anew, from the manifests as they are now.

    Raises:
        ParameterError: the plan is not there and nothing tells what it was.
        ManifestError: the plan is not there, and the manifests have changed since.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        if digest is None:
            raise ParameterError(
                f"{str(path)!r} does not show on {socket.gethostname()}: output_dir must lie on a "
                "file system that all nodes of the cluster share"
            ) from None
    else:
        if digest in (None, _digest(text)):
            return [
                Shard(name, tuple(ByteRange(*span) for span in ranges))
                for name, ranges in json.loads(text).items()
            ]
    shards = plan()
    if plan_digest(shards) != digest:
        raise ManifestError(
            "manifests were changed, added or removed while the run was under way; start again "
            "when they are complete: only what reads them is done anew"
        )
    return shards


def _plan_text(shards: Sequence[Shard]) -> bytes:
    return json.dumps(dict(shards)).encode() + b"\n"


def _digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=8).hexdigest()
