"""Windows as conversations to train on: ``salm`` for NeMo, ``chat`` for ms-swift, LLaMA-Factory."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from alm import files
from alm.exports.audio import loose
from alm.exports.clips import StoredClip
from alm.exports.example import Example, from_anywhere
from alm.exports.files import json_line
from alm.exports.render import rendered
from alm.exports.tars import packed, write_tar
from alm.params import ExportParams
from alm.text import counted

CONVERSATIONS, MESSAGES = "conversations.jsonl", "messages.jsonl"

AUDIO = "<audio>"
"""Where audio goes in a message, one for each file in ``audios``."""

_PLACES = re.compile("<(audio|image|video)>")
"""What trainers take for a place of a file, also where somebody has said so."""

_ROLES = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
}

Window = TypeVar("Window", Example, StoredClip)

logger = logging.getLogger("alm")


def write_salm(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Rows of NeMo's type ``multimodal_conversation``.

    They name the whole recording with offset and duration, which NeMo reads from Speech#15281
    (January 2026) on; older versions load the whole file: for those there is ``salm_tarred``.
    """
    with files.written_whole(folder / CONVERSATIONS) as file:
        for example in _with_text(examples):
            where = {"value": from_anywhere(example), "duration": example["duration"]}
            file.write(json_line(_salm_row(example, where | {"offset": example["start"]}, params)))


def write_salm_tarred(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """The same with clips: ``manifest_0.jsonl`` and ``audio_0.tar``, and so on, in one order."""
    for number, batch in enumerate(
        packed(_with_text(clips), params.export_file_size, beside=False)
    ):
        write_tar(folder / f"audio_{number}.tar", ((clip.name, clip.read()) for clip in batch))
        with files.written_whole(folder / f"manifest_{number}.jsonl") as file:
            for clip in batch:
                where = {"value": clip.name, "duration": clip.duration}
                file.write(json_line(_salm_row(clip.example, where, params)))


def _salm_row(example: Example, audio: dict[str, Any], params: ExportParams) -> dict[str, Any]:
    """One window as a conversation: the prompt, the audio, the turns."""
    return {
        "id": example["id"],
        "conversations": [
            {"from": "User", "type": "text", "value": params.export_prompt},
            {"from": "User", "type": "audio", **audio},
            {"from": "Assistant", "type": "text", "value": rendered(example, params)},
        ],
    }


def write_chat(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """Write ``messages.jsonl`` and the clips that it names, and what LLaMA-Factory wants to know.

    Trainers look for a relative path from where they are started or a folder that they are told:
    that of ``messages.jsonl``.
    """
    with files.written_whole(folder / MESSAGES) as file:
        for clip, path in loose(_with_text(clips), folder):
            prompt = params.export_prompt
            answer = _PLACES.sub(r"[\1]", rendered(clip.example, params))
            messages = [
                {"role": "user", "content": prompt if AUDIO in prompt else f"{AUDIO}{prompt}"},
                {"role": "assistant", "content": answer},
            ]
            row = {"messages": messages, "audios": [path]}
            file.write(json_line(row))
    about = {
        "file_name": MESSAGES,
        "formatting": "sharegpt",
        "columns": {"messages": "messages", "audios": "audios"},
        "tags": _ROLES,
    }
    with files.written_whole(folder / "dataset_info.json") as file:
        file.write(json.dumps({"alm": about}, indent=2).encode() + b"\n")


def _with_text(windows: Iterable[Window]) -> Iterator[Window]:
    """Those that say something: nothing is learnt from an empty answer."""
    silent = 0
    for window in windows:
        example = window.example if isinstance(window, StoredClip) else window
        if example["text"]:
            yield window
        else:
            silent += 1
    if silent:
        logger.warning("%s without text left out", counted(silent, "window"))
