"""Windows as conversations to train on: ``salm`` for NeMo, ``chat`` for ms-swift, LLaMA-Factory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from alm import files
from alm.exports.example import Example
from alm.exports.files import json_line
from alm.params import ExportParams
from alm.text import counted

CONVERSATIONS = "conversations.jsonl"

logger = logging.getLogger("alm")


def write_salm(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Rows of NeMo's type ``multimodal_conversation``.

    They name the whole recording with offset and duration, which NeMo reads from Speech#15281
    (January 2026) on; older versions load the whole file: for those cut clips.
    """
    with files.written_whole(folder / CONVERSATIONS) as file:
        for example in with_text(examples):
            file.write(json_line(salm_row(example, params)))


def salm_row(example: Example, params: ExportParams) -> dict[str, Any]:
    """One window as a conversation: the prompt, the audio, the turns."""
    audio = {
        "from": "User",
        "type": "audio",
        "value": example["audio_filepath"],
        "duration": example["duration"],
        "offset": example["start"],
    }
    return {
        "id": example["id"],
        "conversations": [
            {"from": "User", "type": "text", "value": params.export_prompt},
            audio,
            {"from": "Assistant", "type": "text", "value": rendered(example, params)},
        ],
    }


def rendered(example: Example, params: ExportParams) -> str:
    """The turns of a window as lines of text, each as ``export_turn`` says.

    What nobody is named for is part of no turn; where there is no turn at all, the plain text.
    """
    lines = [
        params.export_turn.replace("{speaker}", turn["speaker"]).replace("{text}", turn["text"])
        for turn in example["turns"]
        if turn["text"]
    ]
    return "\n".join(lines) or str(example["text"])


def with_text(examples: Iterable[Example]) -> Iterator[Example]:
    """Those that say something: nothing is learnt from an empty answer."""
    silent = 0
    for example in examples:
        if example["text"]:
            yield example
        else:
            silent += 1
    if silent:
        logger.warning("%s without text left out", counted(silent, "window"))
