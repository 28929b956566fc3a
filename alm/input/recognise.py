"""What a file is that is no manifest, told by its beginning: most often a format of another tool.

Each row of such a file would be refused, and only the end of a run would say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from alm.errors import RowError
from alm.rows.row import Row, parse_row


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

_RTTM = re.compile(r"(?:;;.*\s)*(SPEAKER|SPKR-INFO|LEXEME|NON-SPEECH)\s+\S+\s+\S+\s")

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
    Known("RTTM", lambda raw: bool(_RTTM.match(_text(raw))), _CONVERT),
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


def _has(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(name in row for name in names)


ROWS = (
    Known(
        "a lhotse cut",
        _has("supervisions"),
        "Write its supervisions as segments, with end = start + duration, and audio_sample_rate",
    ),
    Known(
        "a lhotse supervision",
        _has("recording_id", "start", "duration"),
        "Write all supervisions of a recording as the segments of one row, with end = start + "
        "duration, and audio_sample_rate",
    ),
    Known("a lhotse recording", _has("sources", "sampling_rate"), _DIARIZE),
    Known(
        "SegLST",
        _has("session_id", "start_time"),
        "Write all segments of a session into one row, with start, end and audio_sample_rate",
    ),
    Known(
        "what pyannote writes",
        _has("diarization"),
        "Rename diarization to segments, and add audio_filepath and audio_sample_rate",
    ),
    Known(
        "what Curator's Sortformer stage writes",
        _has("diar_segments"),
        "Rename diar_segments to segments, and add audio_sample_rate",
    ),
    Known(
        "what WhisperX writes",
        _has("segments", "word_segments"),
        "Add audio_filepath and audio_sample_rate (Hz)",
    ),
    Known(
        "an ASR manifest, a row an utterance, as NeMo has it",
        lambda row: "segments" not in row and _has("audio_filepath", "duration")(row),
        _DIARIZE,
    ),
)
"""Told by the fields of their first row; the first that fits."""


def describe(raw: bytes, error: RowError) -> str:
    """What a refused line seems to be and what to do, in one line; empty if that is unknown.

    Args:
        raw: the line, or its beginning.
        error: why it was refused.
    """
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


def _text(raw: bytes) -> str:
    return raw[:4096].decode(errors="replace")
