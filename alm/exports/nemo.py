"""The flat manifest of NeMo: a row a window, by offset and duration.

Read in NeMo's ``nemo_adapters.py`` (LazyNeMoIterator). ``sampling_rate`` and ``sample_rate`` must
not stand beside ``offset``: the recording would be taken for as long as the window.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alm import files
from alm.exports.example import Example
from alm.exports.files import json_line
from alm.params import ExportParams

MANIFEST = "manifest.jsonl"


def write(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Write ``manifest.jsonl``."""
    with files.written_whole(folder / MANIFEST) as file:
        for example in examples:
            file.write(json_line(row(example)))


def row(example: Example) -> dict[str, Any]:
    """One window; what NeMo does not know, as speakers and turns, becomes ``cut.custom``."""
    found = {
        "audio_filepath": example["audio_filepath"],
        "offset": example["start"],
        "duration": example["duration"],
        "text": example["text"],
    }
    if "language" in example:
        found["lang"] = example["language"]
    custom = ("id", "recording", "speakers", "turns", "profile")
    return found | {key: example[key] for key in custom if key in example}
