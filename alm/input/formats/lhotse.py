"""lhotse: supervisions (with the recordings beside them) and cuts, a JSON object a line.

Times of supervisions are those of the recording, in a cut those of the cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alm.input.formats.entries import Documents, Entry, Format, json_items, problem
from alm.input.formats.rttm import span
from alm.input.formats.segments import Segments, optional, required, row, seconds
from alm.rows.row import Row

CUTS = ("MonoCut", "MultiCut")
REMEDY = "write it with lhotse again"

EDGE = 0.01
"""Seconds by which words may stand out of their supervision."""


def entries(documents: Documents) -> Iterator[Entry]:
    for path, lines in documents:
        for entry, item in json_items(path, lines):
            name = _recording_of(item) if isinstance(item, dict) else None
            yield entry._replace(recording=name) if isinstance(name, str) else entry


def _recording_of(item: Mapping[str, Any]) -> Any:
    if "sources" in item:
        return item.get("id")
    if isinstance(item.get("recording"), dict):
        return item["recording"].get("id")
    supervisions = item.get("supervisions")
    if isinstance(supervisions, list):  # a cut without its recording, as of features alone
        return supervisions[0].get("recording_id") if supervisions else None
    return item.get("recording_id")


def recording(name: str, entries: Sequence[Entry]) -> Row:
    segments, audio = Segments(), {}
    seen: set[tuple[Any, ...]] = set()
    for entry in entries:
        item = json.loads(entry.text)
        offset = 0.0
        supervisions = [item]
        if "sources" in item:
            audio = _audio(item)
            continue
        if "supervisions" in item:
            if item.get("type", "MonoCut") not in CUTS:
                raise problem(
                    entry,
                    "unknown_cut",
                    f"a {item['type']} is no stretch of one recording; write the supervisions "
                    "themselves, or cuts before mixing",
                )
            audio = _audio(item.get("recording") or {}) or audio
            offset = seconds(entry, "start of the cut", required(entry, item, "start"))
            supervisions = item["supervisions"]
        for supervision in supervisions:
            start, end = span(
                entry,
                required(entry, supervision, "start"),
                required(entry, supervision, "duration"),
            )
            start, end = round(offset + start, 6), round(offset + end, 6)
            key = (supervision.get("id"), start, end)
            if key in seen:  # overlapping cuts have it twice
                continue
            seen.add(key)
            segments.add(
                entry,
                start,
                end,
                speaker=supervision.get("speaker"),
                text=supervision.get("text"),
                language=supervision.get("language"),
                channel=supervision["channel"] if supervision.get("channel") else None,
                words=_words(entry, supervision, start, end, offset) or None,
            )
    return row(name, entries, segments, "lhotse", **audio)


def _audio(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a recording says of its audio; a command that would make it is no file."""
    files = [
        each["source"]
        for each in item.get("sources", [])
        if each.get("type") in ("file", "url") and isinstance(each.get("source"), str)
    ]
    return optional(
        audio_filepath=files[0] if files else None,
        audio_sample_rate=item.get("sampling_rate"),
        duration=item.get("duration"),
    )


def _words(
    entry: Entry, supervision: Mapping[str, Any], start: float, end: float, offset: float
) -> list[dict[str, Any]]:
    """The words of a supervision that lasts from ``start`` to ``end`` of the recording.

    They should be timed as the supervision is, from the beginning of the cut, but
    ``cut_into_windows`` leaves them as they were in the recording (lhotse 1.33.0).
    """
    words = [_word(entry, item) for item in (supervision.get("alignment") or {}).get("word") or []]
    if offset and words and not _lie_in(words, start, end):
        for word in words:
            word.update({name: round(offset + word[name], 6) for name in ("start", "end")})
    return words


def _lie_in(words: Sequence[Mapping[str, Any]], start: float, end: float) -> bool:
    return all(start <= word["start"] + EDGE and word["end"] <= end + EDGE for word in words)


def _word(entry: Entry, item: Any) -> dict[str, Any]:
    if isinstance(item, dict):
        item = [item.get(name) for name in ("symbol", "start", "duration", "score")]
    if not isinstance(item, list) or len(item) < 3:
        raise problem(entry, "wrong_type", f"a word of the alignment is no list; {REMEDY}")
    start, end = span(entry, item[1], item[2])
    score = item[3] if len(item) > 3 else None
    return {"word": str(item[0]), "start": start, "end": end, **optional(score=score)}


def _is(name: str, what: str) -> bool:
    return what in name and name.endswith((".json", ".jsonl"))


FORMAT = Format(
    "lhotse",
    "lhotse's supervisions or cuts",
    is_main=lambda name: name.endswith((".json", ".jsonl")) and not _is(name, "recordings"),
    is_companion=lambda name: _is(name, "recordings"),
    pair=lambda path: path.replace("recordings", "supervisions"),
    entries=entries,
    recording=recording,
    names_audio=True,
)
