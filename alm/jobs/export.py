"""Second step of an export: the examples of all shards -> the files of one format."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alm import files
from alm.exports.example import Example
from alm.exports.formats import FORMATS
from alm.params import ExportParams
from alm.rows import codec
from alm.text import counted

_KEY_BYTES = 8
"""Of an id, to know it again."""

logger = logging.getLogger("alm")


def export(
    name: str, parts: Sequence[str | Path], target: str | Path, params: ExportParams
) -> None:
    """Write one format.

    Args:
        name: one of :data:`alm.exports.formats.FORMATS`.
        parts: the examples of each shard, in input order.
        target: the folder to write, whole or absent.
        params: see :class:`ExportParams`.
    """
    with whole_folder(Path(target)) as folder:
        FORMATS[name](read_examples(parts), folder, params)


def read_examples(parts: Sequence[str | Path]) -> Iterator[Example]:
    """The examples, in input order; of equal windows, as of a recording listed twice, the first."""
    seen: set[bytes] = set()
    found = 0
    for part in parts:
        with open(part, "rb") as lines:
            for line in lines:
                example = codec.loads(line)
                found += 1
                key = hashlib.blake2b(example["id"].encode(), digest_size=_KEY_BYTES).digest()
                if key not in seen:
                    seen.add(key)
                    yield example
    logger.info("%s", counted(len(seen), "window"))
    if found > len(seen):
        logger.warning("%s left out: they are in another row", counted(found - len(seen), "window"))


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder that appears as ``target``, its files on the disk, if the block ends well.

    What a writer that was killed has left goes first; so does an older ``target``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}-"
    for name in os.listdir(target.parent):
        if name.startswith(prefix):
            shutil.rmtree(target.parent / name, ignore_errors=True)
    folder = target.with_name(f"{prefix}{uuid.uuid4().hex}")
    folder.mkdir()
    try:
        yield folder
        files.settle(path for path in sorted(folder.rglob("*")) if path.is_file())
        if target.exists():
            shutil.rmtree(target)
        os.replace(folder, target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
