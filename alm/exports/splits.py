"""Which windows are for training, which for testing: whole recordings, or whole groups of them.

A recording's place follows from its name and the seed, so it stays when others are added. Where
speakers are kept apart, recordings with a speaker in common go together, to the place of the one
that leads them; a new recording that connects two groups moves one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from alm import files

RECORDING, SPEAKERS = "recording", "speakers"

Assignment = dict[str, str]
"""The split of each recording."""


def assigned(
    speakers_of: Mapping[str, Iterable[str]], splits: Mapping[str, float], by: str, seed: int
) -> Assignment:
    """The split of each recording.

    Args:
        speakers_of: who speaks in each recording.
        splits: the share of each split; together 1.
        by: ``recording``, or ``speakers`` that are kept together.
        seed: another one gives another assignment.
    """
    leader = {recording: recording for recording in speakers_of}
    if by == SPEAKERS:
        for group in connected(speakers_of):
            # Not by the number that says where they go: the smallest of many would be small.
            first = min(group, key=lambda recording: number(f"leads {recording}", seed))
            leader |= dict.fromkeys(group, first)
    return {name: place(number(leads, seed), splits) for name, leads in leader.items()}


def number(name: str, seed: int) -> float:
    """Of a name, evenly from 0 up to 1."""
    digest = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)


def place(value: float, splits: Mapping[str, float]) -> str:
    """Where a number lies when the shares of the splits are laid side by side."""
    reach = 0.0
    for name, share in splits.items():
        reach += share
        if value < reach:
            return name
    return [name for name, share in splits.items() if share][-1]


def connected(speakers_of: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The groups of recordings that speakers connect."""
    parent = {recording: recording for recording in speakers_of}

    def root(one: str) -> str:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    first: dict[str, str] = {}
    for recording, speakers in speakers_of.items():
        for speaker in speakers:
            parent[root(recording)] = root(first.setdefault(speaker, recording))
    groups: dict[str, list[str]] = {}
    for recording in speakers_of:
        groups.setdefault(root(recording), []).append(recording)
    return list(groups.values())


def write_assignment(path: str | Path, assignment: Assignment) -> None:
    """Write a line a recording, sorted: its name, a tab, its split."""
    with files.written_whole(path) as file:
        for recording, split in sorted(assignment.items()):
            file.write(f"{recording}\t{split}\n".encode())


def read_assignment(path: str | Path) -> Assignment:
    """Read what :func:`write_assignment` wrote."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {name: split for name, _, split in (line.partition("\t") for line in lines)}
