"""Two-channel clips for Moshi: the main speaker left, and beside each clip that speaker's words.

Read in kyutai-labs/moshi-finetune (README, ``finetune/data``): a row a clip, its path relative to
the manifest; ``alignments`` in a JSON file of the same name, sorted by start, by which it searches.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alm import files
from alm.exports.audio import loose
from alm.exports.clips import StoredClip
from alm.exports.files import json_line
from alm.exports.masks import alignments, sides
from alm.params import ExportParams


def write(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """Write ``dataset.jsonl``, ``clips/RECORDING/ID.flac`` and the JSON beside it."""
    with files.written_whole(folder / "dataset.jsonl") as manifest:
        for clip, path in loose(clips, folder):
            parts = sides(clip.example)
            about = {
                "alignments": alignments(clip.example, parts.main),
                "speaker": parts.main,
                "overlap": round(parts.overlap, 6),
            }
            with files.written_whole((folder / path).with_suffix(".json")) as file:
                file.write(json_line(about))
            manifest.write(json_line({"path": path, "duration": clip.duration}))
