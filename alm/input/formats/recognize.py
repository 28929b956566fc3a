"""Tell by its content in which format a file is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from alm.input.formats.entries import file_name
from alm.input.formats.rttm import OTHER_TYPES, is_ctm

Fields = Mapping[str, Any]


def _is_list(fields: Fields, name: str) -> bool:
    return isinstance(fields.get(name), list)


def _has(fields: Fields, *names: str) -> bool:
    return all(name in fields for name in names)


CURATOR_MARKS = ("audio_item_id", "resampled_audio_filepath", "overlap_segments", "alignment")
"""Fields that only NeMo Curator's tagging writes."""

OF_OBJECTS: dict[str, Callable[[Fields], bool]] = {
    "pyannote": lambda fields: _is_list(fields, "diarization"),
    "curator": lambda fields: (
        _is_list(fields, "segments")
        and "audio_sample_rate" not in fields
        and any(name in fields for name in CURATOR_MARKS)
    ),
    "whisperx": lambda fields: (
        _is_list(fields, "segments")
        and not _has(fields, "audio_filepath")
        and (_has(fields, "word_segments") or _has(fields, "language"))
    ),
    "lhotse": lambda fields: (
        (
            _has(fields, "id", "start", "duration")
            and ("recording_id" in fields or _is_list(fields, "supervisions"))
        )
        or (_has(fields, "id", "sampling_rate") and _is_list(fields, "sources"))
    ),
    "seglst": lambda fields: _has(fields, "session_id", "start_time", "end_time"),
}
"""What a JSON object has that one of these formats wrote; a manifest of ours has none of it."""


def recognize(path: str, content: bytes) -> str | None:
    """The format of a file by its content; None if it may be a manifest of ours.

    Args:
        path: only its name is looked at, and only for the tables of a Kaldi directory and CTM.
        content: its first line, and all of it if that is no JSON text.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").strip()
    if text[:1] in ("{", "["):
        return _of_json(text)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(";;")]
    if not lines:
        return None
    fields = lines[0].split()
    if fields[0] == "SPEAKER" or fields[0] in OTHER_TYPES:
        return "rttm"
    if file_name(path) == "segments" and len(fields) == 4:
        return "kaldi"
    if not is_ctm(path) and len(fields) > 4 and _is_number(fields[3]) and _is_number(fields[4]):
        return "stm"
    return None


def _of_json(text: str) -> str | None:
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = json.loads(text.splitlines()[0])
        except ValueError:
            return None
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    return next((name for name, fits in OF_OBJECTS.items() if fits(value)), None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
