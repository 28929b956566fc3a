"""SegLST: meeteval, CHiME. An array of ``{session_id, start_time, end_time, speaker, words}``.

``words`` is text there, and times may be strings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from alm.input.formats.entries import Documents, Entry, Format, json_items, never, without_endings
from alm.input.formats.segments import Segments, required, row, seconds
from alm.rows.row import Row


def entries(documents: Documents) -> Iterator[Entry]:
    for path, lines in documents:
        for entry, item in json_items(path, lines):
            session = item.get("session_id") if isinstance(item, dict) else None
            yield entry._replace(recording=session) if isinstance(session, str) else entry


def recording(name: str, entries: Sequence[Entry]) -> Row:
    segments = Segments()
    for entry in entries:
        item = json.loads(entry.text)
        segments.add(
            entry,
            seconds(entry, "start_time", required(entry, item, "start_time")),
            seconds(entry, "end_time", required(entry, item, "end_time")),
            speaker=item.get("speaker"),
            text=item.get("words"),
        )
    return row(name, entries, segments, "seglst")


FORMAT = Format(
    "seglst",
    "SegLST",
    is_main=lambda name: name.endswith((".json", ".jsonl")),
    is_companion=never,
    pair=without_endings,
    entries=entries,
    recording=recording,
)
