"""What ``json.dumps(output.serialize())`` of pyannote.audio 4 writes: a document a recording.

It does not say of which recording, so the file's name does. Of its two lists ``diarization`` is
read; ``exclusive_diarization`` has overlapping turns shortened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

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
from alm.input.formats.segments import Segments, required, row, seconds
from alm.rows.row import Row


def entries(documents: Documents) -> Iterator[Entry]:
    for path, lines in documents:
        entry, value = json_document(path, lines)
        yield entry._replace(recording=stem(path)) if isinstance(value, dict) else entry


def recording(name: str, entries: Sequence[Entry]) -> Row:
    segments = Segments()
    for entry in entries:
        turns = json.loads(entry.text).get("diarization")
        if not isinstance(turns, list):
            raise problem(
                entry, "missing_field", "there is no list `diarization`; write serialize() again"
            )
        for number, turn in enumerate(turns, start=1):
            place = entry._replace(where=f"diarization {number}")
            if not isinstance(turn, dict):
                raise problem(place, "wrong_type", "it is no object; write serialize() again")
            segments.add(
                place,
                seconds(place, "start", required(place, turn, "start")),
                seconds(place, "end", required(place, turn, "end")),
                speaker=turn.get("speaker"),
            )
    return row(name, entries, segments, "pyannote")


FORMAT = Format(
    "pyannote",
    "pyannote's JSON",
    is_main=lambda name: name.endswith(".json"),
    is_companion=never,
    pair=without_endings,
    entries=entries,
    recording=recording,
)
