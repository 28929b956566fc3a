"""What one job hands to the next: sealed by the one, checked by the other.

A seal is a small file that a job writes last: the checksums of its other outputs. Its name says
what they were made from (see :mod:`alm.jobs.identity`). It goes before its job starts anew, so
that there is never one beside the outputs of another run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alm import files
from alm.errors import DamageError
from alm.input.digests import damaged, file_digest, line_digest

OF_SHARDS = (
    *("prepare_shard", "build", "overlap", "sweep_shard"),
    *("examples", "clips", "moshi_clips"),
)
"""The rules with a job for each shard, and a seal for each."""

OF_EXPORTS = ("export_windows", "export_clips", "export_moshi")
"""The rules with a job for each format."""


@contextmanager
def sealed(
    inputs: Iterable[str | Path],
    outputs: Iterable[str | Path],
    *,
    seals: Iterable[str | Path] = (),
    seal: str | Path,
    rows: Iterable[str | Path] = (),
) -> Iterator[None]:
    """Check what a job reads, and seal what the block writes.

    Args:
        inputs: the files that the job reads; those that no seal names are not checked.
        outputs: the files that it writes.
        seals: the seals of the jobs before it.
        seal: its own.
        rows: the outputs that have a checksum for each line in another output.

    Raises:
        DamageError: an input is not as its job wrote it.
    """
    check(seals, inputs)
    remove_named(Path(seal).parent, Path(seal).name.partition(".")[0])
    yield
    unread = {str(path) for path in (*rows, seal)}
    write_seal(seal, [path for path in outputs if str(path) not in unread])


def write_seal(seal: str | Path, paths: Iterable[str | Path]) -> None:
    """Write the checksums of files, whose paths are relative to the folder of the seal."""
    folder = Path(seal).parent
    content = {os.path.relpath(path, folder): file_digest(path) for path in paths}
    text = json.dumps(content).encode()
    with files.written_whole(seal) as file:
        file.write(text + b"\n" + line_digest(text).hex().encode() + b"\n")


def read_seal(seal: str | Path) -> dict[str, str]:
    """The paths that a seal names, below the working directory or absolute, and their checksums.

    Raises:
        DamageError: it is not as it was written.
    """
    text, _, digest = Path(seal).read_bytes().partition(b"\n")
    if digest != line_digest(text).hex().encode() + b"\n":
        raise damaged(seal)
    return {
        os.path.normpath(Path(seal).parent / name): known
        for name, known in json.loads(text).items()
    }


def check(seals: Iterable[str | Path], paths: Iterable[str | Path]) -> None:
    """Check files against the seals of their jobs; those that no seal names are left out.

    Raises:
        DamageError: a file is not as its job wrote it.
    """
    wanted = {os.path.normpath(path): path for path in paths}
    for seal in seals:
        for name, digest in read_seal(seal).items():
            if name in wanted and file_digest(name) != digest:
                raise damaged(wanted[name])


def check_seal(seal: str | Path) -> None:
    """Check all files that a seal names.

    Raises:
        DamageError: a file is not as its job wrote it.
        OSError: a file, or the seal, cannot be read.
    """
    check([seal], read_seal(seal))


def files_below(folder: str | Path) -> Iterator[Path]:
    """All files of a folder, sorted, as they are when they are asked for."""
    yield from sorted(path for path in Path(folder).rglob("*") if path.is_file())


def unseal_export(seal: str | Path) -> None:
    """Take back all seals of a format: of two rules that may write it, one is going to."""
    path = Path(seal)
    for rule in OF_EXPORTS:
        remove_named(path.parents[1] / rule, path.name.partition(".")[0])


def forget_if_missing(seal: str | Path) -> None:
    """Take back a seal that names a file that is gone: its job runs again.

    For outputs that Snakemake is not told of, because what it puts beside them is in the way.
    """
    try:
        gone = not all(map(os.path.exists, read_seal(seal)))
    except (OSError, DamageError):
        gone = True
    if gone:
        Path(seal).unlink(missing_ok=True)


def remove_named(folder: str | Path, name: str, keep: str = "") -> None:
    """Remove the files ``NAME.IDENTITY.SUFFIX`` of a folder, whatever the identity, but one."""
    place = Path(folder)
    for other in os.listdir(place) if place.is_dir() else ():
        if other.startswith(f"{name}.") and other != keep:
            (place / other).unlink(missing_ok=True)


def remove_others(folder: str | Path, names: Container[str]) -> None:
    """Remove the files of a folder but ``NAME.SUFFIX`` of these names.

    Of prepared manifests, which are there to be used again: those that an earlier run made of
    other shards would have the same recordings once more.
    """
    place = Path(folder)
    for other in os.listdir(place) if place.is_dir() else ():
        if other.partition(".")[0] not in names and (place / other).is_file():
            (place / other).unlink(missing_ok=True)


def unseal(shard: str | Path) -> None:
    """Take back what was made of a shard: its jobs run again at the next start.

    Args:
        shard: the file that says what it holds, ``work/shards/SHARD.VERSION.json``.
    """
    path = Path(shard)
    for step in OF_SHARDS:
        remove_named(path.parents[1] / "seals" / step, path.name.partition(".")[0])
