"""A small corpus with audio, whose every sample and word is known: see :mod:`marks`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import marks

NAMES = ("talk.one", "talk two", "b/talk.one")
SECONDS = 150
OVERLAP = 0.5


def rows(folder: Path, names: Sequence[str] = NAMES, suffix: str = "flac") -> list[dict[str, Any]]:
    """A row a recording; of two recordings the name of the file is one."""
    return [
        {
            "audio_filepath": str(folder / f"{name}.{suffix}"),
            "audio_sample_rate": marks.RATE,
            "duration": SECONDS,
            "language": "en",
            "segments": marks.turn_taking(SECONDS, 5 + number, "ABC"[: 2 + number % 2], OVERLAP),
        }
        for number, name in enumerate(names)
    ]


def write(folder: Path, names: Sequence[str] = NAMES, suffix: str = "flac") -> Path:
    """Write the recordings, and the manifest, whose path is returned."""
    found = rows(folder / "audio", names, suffix)
    for row in found:
        content = marks.samples(SECONDS, row["segments"])
        marks.write(Path(row["audio_filepath"]), content)
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in found))
    return manifest
