"""NeMo's flat manifest, a row a window: by offset and duration, or tarred, by clips.

Read in NeMo's ``nemo_adapters.py``. LazyNeMoIterator: ``sampling_rate`` and ``sample_rate`` must
not stand beside ``offset``, or the recording is taken for as long as the window.
LazyNeMoTarredIterator: the numbers of manifests and tars are equal, and count from 0 without gaps;
``audio_filepath`` is the name of a member; a clip has no offset.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alm import files
from alm.exports.clips import StoredClip
from alm.exports.example import Example, from_anywhere
from alm.exports.files import json_line
from alm.exports.tars import packed, write_tar
from alm.params import ExportParams

MANIFEST = "manifest.jsonl"

_CUSTOM = ("id", "recording", "speakers", "turns", "profile")
"""What NeMo does not know: it becomes ``cut.custom``."""


def write(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Write ``manifest.jsonl``."""
    with files.written_whole(folder / MANIFEST) as file:
        for example in examples:
            where = {"audio_filepath": from_anywhere(example), "offset": example["start"]}
            file.write(json_line(where | _row(example, example["duration"])))


def write_tarred(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """Write ``manifest_0.json`` and ``audio_0.tar``, and so on; each row names its shard."""
    for number, batch in enumerate(packed(clips, params.export_file_size, beside=False)):
        write_tar(folder / f"audio_{number}.tar", ((clip.name, clip.read()) for clip in batch))
        with files.written_whole(folder / f"manifest_{number}.json") as file:
            for clip in batch:
                file.write(json_line(clip_row(clip, clip.name) | {"shard_id": number}))


def clip_row(clip: StoredClip, path: str) -> dict[str, Any]:
    """The row of a window whose audio is a file of its own."""
    return {"audio_filepath": path, **_row(clip.example, clip.duration)}


def _row(example: Example, duration: float) -> dict[str, Any]:
    found = {"duration": duration, "text": example["text"]}
    if "language" in example:
        found["lang"] = example["language"]
    return found | {key: example[key] for key in _CUSTOM if key in example}
