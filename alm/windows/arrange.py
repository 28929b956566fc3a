"""The segments of a row in the order, and without those, that the parameters ask for.

Before anything else: SELECTION.md, ``sort_segments`` and ``no_speaker``.
"""

from __future__ import annotations

from typing import NamedTuple

from alm.params import WindowParams
from alm.rows.row import Number, Segment, add_up
from alm.rows.timeline import Timeline
from alm.windows.growth import NO_SPEAKER
from alm.windows.overlap import in_order


class Arranged(NamedTuple):
    """Segments to grow windows of, their columns, and where in the row each of them came.

    ``total_dur`` is the sum of all durations, and ``silences`` are those of the segments that were
    left out, in seconds, in the order that was asked for.
    """

    segments: list[Segment]
    columns: Timeline
    places: list[int]
    total_dur: Number
    silences: list[Number]


def says_nothing(segment: Segment) -> bool:
    """Whether a segment is the pause that a diarizer filled: labelled so, without text or words."""
    if segment.get("speaker") != NO_SPEAKER or segment.get("words") not in (None, []):
        return False
    text = segment.get("text")
    return text is None or (isinstance(text, str) and not text.strip())


def arrange(segments: list[Segment], columns: Timeline, params: WindowParams) -> Arranged:
    """Sort the segments of a row and leave out silence, as far as the parameters say so.

    Args:
        segments: those of a row.
        columns: their columns.
        params: see :class:`WindowParams`.
    """
    every = list(range(len(segments)))
    order = in_order(columns.starts, columns.ends) if params.sort_segments else every
    left_out: set[int] = set()
    if params.no_speaker == "silence":
        left_out = {k for k in every if says_nothing(segments[k])}
    if order == every and not left_out:
        return Arranged(segments, columns, every, columns.total_dur, [])
    places = [k for k in order if k not in left_out]
    return Arranged(
        [segments[k] for k in places],
        columns.only(places),
        places,
        add_up([columns.durations[k] for k in order]),
        [columns.durations[k] for k in order if k in left_out],
    )
