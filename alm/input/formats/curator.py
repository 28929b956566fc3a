"""NeMo Curator's audio tagging: a row a recording, before PrepareModuleSegments or after it.

After it, metrics are lists with a value for each word. What several speakers say has their names
joined (``"A,B"``), and its words do not say who said them: such a segment is nobody's, unless all
names but one are ``"no-speaker"``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from alm.input.formats.entries import (
    Documents,
    Entry,
    Format,
    json_items,
    never,
    problem,
    without_endings,
)
from alm.input.formats.segments import NO_SPEAKER, Segments, required, seconds, source
from alm.rows.row import Row


def entries(documents: Documents) -> Iterator[Entry]:
    """Each row is a recording of its own, whatever it is called."""
    for path, lines in documents:
        for entry, item in json_items(path, lines):
            is_row = isinstance(item, dict)
            yield entry._replace(recording=f"{path}, {entry.where}") if is_row else entry


def recording(name: str, entries: Sequence[Entry]) -> Row:
    (entry,) = entries
    fields = json.loads(entry.text)
    found = fields.get("segments")
    if not isinstance(found, list):
        raise problem(entry, "missing_field", "there is no list `segments`; run its diarization")
    segments, shared = Segments(), 0
    for number, segment in enumerate(found, start=1):
        place = entry._replace(where=f"{entry.where}, segment {number}")
        if not isinstance(segment, dict):
            raise problem(place, "wrong_type", "it is no object; write the file again")
        speakers = _speakers(segment.get("speaker"))
        shared += len(speakers) > 1
        more = {
            key: value for key, value in segment.items() if key not in ("start", "end", "speaker")
        }
        if isinstance(more.get("metrics"), dict):
            more["metrics"] = _of_segment(more["metrics"])
        segments.add(
            place,
            seconds(place, "start", required(place, segment, "start")),
            seconds(place, "end", required(place, segment, "end")),
            speaker=speakers[0] if len(speakers) == 1 else None,
            speakers=speakers if len(speakers) > 1 else None,
            **more,
        )
    audio = fields.get("resampled_audio_filepath") or fields.get("audio_filepath")
    identity = fields.get("audio_item_id") or audio or name
    counted = {"empty_segments": segments.empty, "segments_of_several": shared}
    return {
        **fields,
        "audio_filepath": fields.get("audio_filepath") or audio or str(identity),
        "recording_id": str(identity),
        "source": source(entries, "curator", counted),
        "segments": list(segments),
    }


def _speakers(joined: Any) -> list[str]:
    """The names in a speaker field, ``no-speaker`` only if it is the only one."""
    names = [name for name in str(joined or "").split(",") if name]
    return [name for name in names if name != NO_SPEAKER] or names[:1]


def _of_segment(metrics: dict[str, Any]) -> dict[str, Any]:
    """Metrics of a segment: of a list of bandwidths, one a word, the lowest."""
    bandwidth = metrics.get("bandwidth")
    if not isinstance(bandwidth, list):
        return metrics
    known = [value for value in bandwidth if isinstance(value, int | float)]
    others = {name: value for name, value in metrics.items() if name != "bandwidth"}
    return {**others, "bandwidth": min(known)} if known else others


FORMAT = Format(
    "curator",
    "NeMo Curator's tagging",
    is_main=lambda name: name.endswith((".json", ".jsonl")),
    is_companion=never,
    pair=without_endings,
    entries=entries,
    recording=recording,
    names_audio=True,
)
