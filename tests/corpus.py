"""A small corpus with audio, whose every sample and word is known: see :mod:`marks`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import marks

NAMES = ("talk.one", "talk two", "b/talk.one")
SECONDS = 150
OVERLAP = 0.5


def rows(folder: Path, names: Sequence[str] = NAMES) -> list[dict[str, Any]]:
    """A row a recording; of two recordings the name of the file is one."""
    return [
        {
            "audio_filepath": str(folder / f"{name}.flac"),
            "audio_sample_rate": marks.RATE,
            "duration": SECONDS,
            "language": "en",
            "segments": marks.turn_taking(SECONDS, 5 + number, "ABC"[: 2 + number % 2], OVERLAP),
        }
        for number, name in enumerate(names)
    ]


def write(folder: Path, names: Sequence[str] = NAMES, where: Path | None = None) -> Path:
    """Write the recordings, and the manifest, whose path is returned.

    It names recordings in `where`; in the folder, absolutely, if that is None.
    """
    found = rows(folder / "audio" if where is None else where, names)
    for name, row in zip(names, found, strict=True):
        content = marks.samples(SECONDS, row["segments"])
        marks.write(folder / "audio" / f"{name}.flac", content)
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in found))
    return manifest
