"""The windows of all shards -> which recording belongs to which split."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from alm.exports.splits import SPEAKERS, assigned, read_assignment, write_assignment
from alm.jobs.export import read_examples
from alm.text import counted

_NAMED = 20
"""Recordings that a message names at most."""

logger = logging.getLogger("alm")


def split_recordings(
    examples: Sequence[str | Path],
    target: str | Path,
    known: str | Path,
    splits: Mapping[str, float],
    by: str,
    seed: int,
) -> None:
    """Write ``splits.tsv``: a line for each recording with kept windows.

    Args:
        examples: of all shards.
        target: the file to write.
        known: the assignment of the run before, to say what has moved; this one from now on.
        splits, by, seed: see :func:`alm.exports.splits.assigned`.
    """
    speakers_of: dict[str, set[str]] = {}
    for example in read_examples(examples):
        speakers = speakers_of.setdefault(example["recording"], set())
        if by == SPEAKERS:
            speakers.update(example["speakers"])
    assignment = assigned(speakers_of, splits, by, seed)
    chosen = set(assignment.values())
    for name in (name for name, share in splits.items() if share and name not in chosen):
        logger.warning(
            "split %s has no recording, and loaders refuse its empty folder: there are %s in all; "
            "raise its share, or try another split_seed",
            name,
            counted(len(assignment), "recording"),
        )
    if os.path.exists(known):
        _say_what_moved(read_assignment(known), assignment)
    write_assignment(target, assignment)
    write_assignment(known, assignment)


def _say_what_moved(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    moved = [name for name, split in now.items() if before.get(name, split) != split]
    if moved:
        named = ", ".join(f"{name} ({before[name]} -> {now[name]})" for name in moved[:_NAMED])
        more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
        logger.warning(
            "%s moved to another split: %s%s", counted(len(moved), "recording"), named, more
        )
