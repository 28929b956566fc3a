"""What growing finds in a row, by reference into the row's segments.

A window is not a copy of its segments: candidate windows overlap almost wholly, so spelling them
out would multiply the data tenfold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from alm.rows.row import Number, Segment
from alm.rows.timeline import Timeline


class Windows(NamedTuple):
    """Candidate windows as columns, one value a window.

    A window has the segments ``firsts`` up to, not including, ``stops``, and then the cut copy
    ``cuts`` if that is not -1; cut copies are numbered on from the row's segments. It lasts from
    ``starts`` to ``ends`` (seconds). ``speakers`` counts those who talk in it; ``talk`` has the
    five largest sums of their seconds, descending, padded with 0.0.
    """

    firsts: list[int]
    stops: list[int]
    cuts: list[int]
    starts: list[Number]
    ends: list[Number]
    speakers: list[int]
    talk: list[list[Number]]


class Losses(NamedTuple):
    """Starts that gave no window because of its duration, as columns like those of windows.

    ``seen`` number the segments that growing looked at last, ``durations`` are what the windows had
    reached, in seconds.
    """

    firsts: list[int]
    stops: list[int]
    cuts: list[int]
    seen: list[int]
    durations: list[Number]


class Copies(NamedTuple):
    """Cut copies of segments, without the fields to drop; they last from start to end (seconds)."""

    segments: list[Segment]
    starts: list[Number]
    ends: list[Number]


class Candidates(NamedTuple):
    """What the first stage finds in one row.

    ``lonely`` has, for each start lost to ``min_speakers``, how many speakers its window had.
    """

    columns: Timeline
    windows: Windows
    losses: Losses
    copies: Copies
    lonely: list[int]
    stats: dict[str, Any]
    truncation_events: int
