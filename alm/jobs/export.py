"""Last step of an export: the windows of all shards -> the files of one format."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alm import files
from alm.errors import TooManyInvalidError
from alm.exports.clips import StoredClip, read_clips
from alm.exports.example import Example
from alm.exports.source import OF_AUDIO
from alm.exports.splits import read_assignment
from alm.exports.writers import writer
from alm.jobs.clips import CLIPS, REFUSED
from alm.jobs.seals import files_below
from alm.params import ExportParams
from alm.rows import codec
from alm.statistics.summary import Summary, add_summaries
from alm.text import counted

_KEY_BYTES = 8
"""Of an id, to know it again."""

Window = TypeVar("Window", Example, StoredClip)

logger = logging.getLogger("alm")


def export(
    name: str,
    sources: Mapping[str, Sequence[str | Path]],
    target: str | Path,
    params: ExportParams,
    splits: Sequence[str] = (),
    assignment: str | Path | None = None,
) -> None:
    """Write one format, each split into a folder of its own.

    Args:
        name: one of :data:`alm.exports.formats.FORMATS`.
        sources: of all shards, in input order, ``examples``, or ``clips`` and ``index``.
        target: the folder to write, whole or absent.
        params: see :class:`ExportParams`.
        splits: the names of splits; none for all windows in one place.
        assignment: the split of each recording, where there are splits.
    """
    write = writer(name, params)
    with whole_folder(Path(target)) as folder:
        if not splits or assignment is None:
            write(_windows(sources), folder, params)
            return
        split_of = read_assignment(assignment)
        for split in splits:
            (folder / split).mkdir()
            chosen = (each for each in _windows(sources) if split_of[_recording(each)] == split)
            write(chosen, folder / split, params)


def check_clips(
    summaries: Sequence[str | Path], quarantine: str | Path, max_invalid_fraction: float
) -> None:
    """Stop where the audio of too many windows is not to be had.

    Args:
        summaries: what :func:`alm.jobs.clips.cut_clips` counted in each shard.
        quarantine: the file that lists them, named in the error.
        max_invalid_fraction: the accepted share of windows, 0 to 1.

    Raises:
        TooManyInvalidError: there are more.
    """
    survey = add_summaries(map(Summary.read, summaries)).survey
    reasons = {name: survey[f"{REFUSED}/{name}"] for name in OF_AUDIO}
    refused = sum(reasons.values())
    windows = refused + survey[CLIPS]
    if windows and refused / windows > max_invalid_fraction:
        listed = ", ".join(f"{name} {count}" for name, count in reasons.items() if count)
        raise TooManyInvalidError(
            f"the audio of {refused} of {windows} windows ({refused / windows:.3%}) is not to be "
            f"had ({listed}); max_invalid_fraction = {max_invalid_fraction:g} does not allow that. "
            f"Look at {quarantine}; bring the audio, set audio_root, or raise "
            "max_invalid_fraction to go on without it"
        )


def _windows(sources: Mapping[str, Sequence[str | Path]]) -> Iterator[Example | StoredClip]:
    if "clips" in sources:
        return unique(read_clips(sources["clips"], sources["index"]))
    return unique(read_examples(sources["examples"]))


def _recording(window: Example | StoredClip) -> str:
    return str(_example(window)["recording"])


def _example(window: Example | StoredClip) -> Example:
    return window.example if isinstance(window, StoredClip) else window


def read_examples(parts: Sequence[str | Path]) -> Iterator[Example]:
    """The examples of all shards, in input order."""
    for part in parts:
        with open(part, "rb") as lines:
            for line in lines:
                yield from codec.loads(line)


def unique(windows: Iterable[Window]) -> Iterator[Window]:
    """Of equal windows, as of a recording that is listed twice, the first."""
    seen: set[bytes] = set()
    found = 0
    for window in windows:
        found += 1
        name = str(_example(window)["id"]).encode()
        key = hashlib.blake2b(name, digest_size=_KEY_BYTES).digest()
        if key not in seen:
            seen.add(key)
            yield window
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
        files.settle(files_below(folder))
        if target.exists():
            shutil.rmtree(target)
        os.replace(folder, target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
