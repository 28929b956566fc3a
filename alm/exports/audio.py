"""Clips as files of their own, and in WebDataset tars."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from alm import files
from alm.exports.clips import StoredClip
from alm.exports.files import json_line
from alm.exports.nemo import clip_row
from alm.exports.tars import packed, with_json, write_tar
from alm.params import ExportParams

CLIPS = "clips"


def write(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """Write ``clips/RECORDING/ID.flac``, and ``manifest.jsonl`` with a row for each.

    The manifest is NeMo's flat one, paths relative to it.
    """
    with files.written_whole(folder / "manifest.jsonl") as manifest:
        for clip, path in loose(clips, folder):
            manifest.write(json_line(clip_row(clip, path)))


def loose(clips: Iterable[StoredClip], folder: Path) -> Iterator[tuple[StoredClip, str]]:
    """Write each clip as a file, and say its path in the folder."""
    for clip in clips:
        path = os.path.join(CLIPS, clip.example["recording"], clip.name)
        with files.written_whole(folder / path) as file:
            file.write(clip.read())
        yield clip, path


def write_webdataset(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """Write ``windows-000000.tar`` and so on: clip and JSON side by side, their key the id."""
    for number, batch in enumerate(packed(clips, params.export_file_size)):
        write_tar(folder / f"windows-{number:06}.tar", with_json(batch))
