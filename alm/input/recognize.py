"""What a file is, told by its content: a format that can be prepared, or none that is of any use.

Each row of a file of the second kind would be refused, and only the end of a run would say so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from alm.errors import RowError
from alm.input.formats import FORMATS
from alm.input.formats.entries import file_name
from alm.input.formats.rttm import OTHER_TYPES, is_ctm
from alm.rows.row import Row, parse_row
from alm.text import is_number

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
"""What a JSON object has that one of these formats wrote."""


BY_NAME = {".rttm": "rttm", ".stm": "stm"}
"""Endings that no manifest of ours has; what is no line of such a file is refused by itself."""


def recognize(path: str, content: bytes) -> str | None:
    """The format of a file by its content; None if it may be a manifest of ours.

    Args:
        path: only its name is looked at, for the tables of a Kaldi directory, CTM, and text whose
            beginning tells nothing.
        content: its first line, and all of it if that is no JSON text.
    """
    by_name = BY_NAME.get(PurePath(file_name(path)).suffix)
    text = _decoded(content)
    if text[:1] in ("{", "["):
        return _of_json(text)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(";;")]
    if not lines:
        return by_name
    fields = lines[0].split()
    if fields[0] == "SPEAKER" or fields[0] in OTHER_TYPES:
        return "rttm"
    if file_name(path) == "segments" and len(fields) == 4:
        return "kaldi"
    if not is_ctm(path) and len(fields) > 4 and is_number(fields[3]) and is_number(fields[4]):
        return "stm"
    return by_name


def is_json(content: bytes) -> bool:
    """Whether a first line is JSON by itself: :func:`recognize` needs no more of the file."""
    try:
        _parsed(_decoded(content))
    except ValueError:
        return False
    return True


def _decoded(content: bytes) -> str:
    return content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").strip()


def _parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none, or nested too deeply to be read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _of_json(text: str) -> str | None:
    try:
        value = _parsed(text)
    except ValueError:
        try:
            value = _parsed(text.splitlines()[0])
        except ValueError:
            return None
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict) or _has(value, "audio_sample_rate", "segments"):
        return None
    return next((name for name, fits in OF_OBJECTS.items() if fits(value)), None)


class Known(NamedTuple):
    """Something that is taken for a manifest, how to tell it, and what to do about it."""

    what: str
    is_it: Callable[[Any], bool]
    remedy: str


_DIARIZE = "Windows need to know who speaks when: diarize the audio, and write its segments"
_CONVERT = (
    'Write one JSON object a recording and line: {"audio_filepath": …, "audio_sample_rate": Hz, '
    '"segments": [{"start": s, "end": s, "speaker": "a"}, …]}'
)
_ONE_A_LINE = "Write one object a line"

TEXTS = (
    Known("gzip", lambda raw: raw.startswith(b"\x1f\x8b"), "Its name must end in .gz"),
    Known("zstd", lambda raw: raw.startswith(b"\x28\xb5\x2f\xfd"), "Its name must end in .zst"),
    Known("Parquet", lambda raw: raw.startswith(b"PAR1"), _CONVERT),
    Known(
        "text in UTF-16",
        lambda raw: raw.startswith((b"\xff\xfe", b"\xfe\xff")),
        "Save it as UTF-8, for instance: iconv -f UTF-16 -t UTF-8 IN > OUT.jsonl",
    ),
    Known(
        "audio",
        lambda raw: raw.startswith((b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb")),
        "Name the manifest that describes it",
    ),
    Known("XML (ELAN?)", lambda raw: raw.lstrip().startswith(b"<"), _CONVERT),
    Known("a Praat TextGrid", lambda raw: b"ooTextFile" in raw[:80], _CONVERT),
    Known(
        "one JSON array",
        lambda raw: raw.lstrip().startswith(b"["),
        f"{_ONE_A_LINE}: jq -c '.[]' IN > OUT.jsonl",
    ),
    Known(
        "one JSON object over several lines",
        lambda raw: raw.lstrip().startswith(b"{") and not raw.rstrip().endswith(b"}"),
        f"{_ONE_A_LINE}: jq -c . IN > OUT.jsonl",
    ),
    Known("TSV", lambda raw: raw.count(b"\t") > 1 and b"{" not in raw, _CONVERT),
    Known("CSV", lambda raw: raw.count(b",") > 1 and b"{" not in raw, _CONVERT),
)
"""Told by their first line, which is no JSON object; the first that fits."""

_RATES = ("sample_rate", "sampling_rate", "samplerate", "sr", "fs", "audio_sampling_rate")
_STARTS = ("start_time", "begin", "begin_time", "onset", "offset", "start_s", "from")

ROWS = (
    Known(
        "what Curator's Sortformer stage writes",
        lambda row: _has(row, "diar_segments"),
        "Rename diar_segments to segments, and add audio_sample_rate",
    ),
    Known(
        "an ASR manifest, a row an utterance, as NeMo has it",
        lambda row: "segments" not in row and _has(row, "audio_filepath", "duration"),
        _DIARIZE,
    ),
)
"""Told by the fields of their first row; the first that fits."""


def describe(path: str, raw: bytes, error: RowError) -> str:
    """What a refused line seems to be and what to do, in one line; empty if that is unknown.

    Args:
        path: the file.
        raw: the line, or its beginning.
        error: why it was refused.
    """
    if kind := recognize(path, raw):
        return (
            f"It seems to be {FORMATS[kind].what}, which the workflow turns into manifests where "
            f"it is all that manifest_path names; input_format={kind} says so (docs/formats.md)."
        )
    try:
        row = parse_row(raw)
    except RowError:
        return _said(TEXTS, raw)
    return _said(ROWS, row) or _mended(row, error)


def _said(known: tuple[Known, ...], it: Any) -> str:
    for what, is_it, remedy in known:
        if is_it(it):
            return f"It seems to be {what}. {remedy}."
    return ""


def missing_fields(row: Mapping[str, Any]) -> list[str]:
    """The fields that a row must have and has not."""
    return [name for name in ("audio_sample_rate", "segments") if name not in row]


def _mended(row: Row, error: RowError) -> str:
    """What to do about a row that has segments, or could have them."""
    if "audio_sample_rate" not in row:
        for name in _RATES:
            if name in row:
                return f"Rename {name}: jq -c '.audio_sample_rate = .{name}' IN > OUT.jsonl"
        return (
            "Add the sample rate of the audio in Hz, for instance: "
            "jq -c '.audio_sample_rate = 16000' IN > OUT.jsonl"
        )
    if error.reason == "wrong_type" and ".speaker is a number" in error.detail:
        return "Write speakers as text: jq -c '.segments[].speaker |= tostring' IN > OUT.jsonl"
    if error.reason == "wrong_type" and "bandwidth is an array" in error.detail:
        return (
            "Write one bandwidth a segment, for instance the least: jq -c '.segments[].metrics."
            "bandwidth |= min' IN > OUT.jsonl"
        )
    segments = row.get("segments")
    if isinstance(segments, list) and segments and isinstance(segments[0], dict):
        other = [name for name in _STARTS if name in segments[0]]
        if other and "start" not in segments[0]:
            return f"Segments need start and end, in seconds; these have {other[0]}"
    return ""
