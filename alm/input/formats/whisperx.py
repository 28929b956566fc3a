"""WhisperX: a JSON document a recording, ``{"segments": [{start, end, text, speaker, words}], …}``.

A segment is a sentence, and several may speak in it: it is cut where the speaker of its words
changes. Words may lack a speaker (they belong to the one before) and times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from alm.input.formats.entries import (
    Documents,
    Entry,
    Format,
    json_document,
    never,
    problem,
    stem,
    without_endings,
)
from alm.input.formats.segments import Segments, optional, required, row, seconds
from alm.rows.row import Row

Words = list[dict[str, Any]]


def entries(documents: Documents) -> Iterator[Entry]:
    for path, lines in documents:
        entry, value = json_document(path, lines)
        yield entry._replace(recording=stem(path)) if isinstance(value, dict) else entry


def recording(name: str, entries: Sequence[Entry]) -> Row:
    segments = Segments()
    language = None
    for entry in entries:
        content = json.loads(entry.text)
        language = content.get("language")
        found = content.get("segments")
        if not isinstance(found, list):
            raise problem(
                entry, "missing_field", "there is no list `segments`; write the file again"
            )
        for number, segment in enumerate(found, start=1):
            place = entry._replace(where=f"segment {number}")
            if not isinstance(segment, dict):
                raise problem(place, "wrong_type", "it is no object; write the file again")
            _add(segments, place, segment)
    return row(name, entries, segments, "whisperx", language=language)


def _add(segments: Segments, place: Entry, segment: Mapping[str, Any]) -> None:
    start = seconds(place, "start", required(place, segment, "start"))
    end = seconds(place, "end", required(place, segment, "end"))
    words = segment.get("words") or []
    if not isinstance(words, list) or not all(isinstance(word, dict) for word in words):
        raise problem(place, "wrong_type", "words is no list of objects; write the file again")
    text = str(segment.get("text") or "").strip()
    runs = _runs(place, words, segment.get("speaker"))
    if len(runs) < 2:
        speaker, own = runs[0] if runs else (segment.get("speaker"), [])
        segments.add(place, start, end, speaker=speaker, text=text or None, words=own or None)
        return
    joint = "" if "".join(map(_spelling, words)) == text else " "
    for number, (speaker, own) in enumerate(runs):
        timed = [word for word in own if "start" in word and "end" in word]
        segments.add(
            place,
            timed[0]["start"] if number else start,
            timed[-1]["end"] if number < len(runs) - 1 else end,
            speaker=speaker,
            text=joint.join(map(_spelling, own)).strip(),
            words=own,
        )


def _runs(
    place: Entry, words: Sequence[Mapping[str, Any]], speaker: Any
) -> list[tuple[Any, Words]]:
    """Successive words of one speaker; a run in which no word has both times joins the last one."""
    said: list[tuple[Any, dict[str, Any]]] = []
    current = next((word["speaker"] for word in words if word.get("speaker")), speaker)
    for word in words:
        current = word.get("speaker") or current
        said.append((current, _word(place, word)))
    runs: list[tuple[Any, Words]] = []
    for name, group in groupby(said, key=lambda pair: pair[0]):
        own = [word for _, word in group]
        placed = any("start" in word and "end" in word for word in own)
        if runs and (name == runs[-1][0] or not placed or not _is_placed(runs[-1][1])):
            runs[-1] = (runs[-1][0] if not placed else name, runs[-1][1] + own)
        else:
            runs.append((name, own))
    return runs


def _is_placed(words: Words) -> bool:
    return any("start" in word and "end" in word for word in words)


def _word(place: Entry, word: Mapping[str, Any]) -> dict[str, Any]:
    times = {
        name: seconds(place, f"{name} of a word", word[name])
        for name in ("start", "end")
        if word.get(name) is not None
    }
    return {"word": _spelling(word), **times, **optional(score=word.get("score"))}


def _spelling(word: Mapping[str, Any]) -> str:
    return str(word.get("word") or "")


FORMAT = Format(
    "whisperx",
    "WhisperX's JSON",
    is_main=lambda name: name.endswith(".json"),
    is_companion=never,
    pair=without_endings,
    entries=entries,
    recording=recording,
)
