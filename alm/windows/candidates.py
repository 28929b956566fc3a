"""What growing finds in a row, by reference into the row's segments.

A window is not a copy of its segments: candidate windows overlap almost wholly, so spelling them
out would multiply the data tenfold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from alm.rows.row import Number, Segment
from alm.rows.timeline import Timeline

SILENT = -3
"""The speaker number of a segment that says nothing: see :mod:`alm.windows.arrange`."""


class Windows(NamedTuple):
    """Candidate windows as columns, one value a window.

    A window has the segments ``firsts`` up to, not including, ``stops``, and then the cut copy
    ``cuts`` if that is not -1; cut copies are numbered on from the row's segments. It lasts from
    ``starts`` to ``ends`` (seconds).
    """

    firsts: list[int]
    stops: list[int]
    cuts: list[int]
    starts: list[Number]
    ends: list[Number]

    def only(self, chosen: Sequence[int]) -> Windows:
        """Some of them, by their numbers."""
        return Windows(
            [self.firsts[k] for k in chosen],
            [self.stops[k] for k in chosen],
            [self.cuts[k] for k in chosen],
            [self.starts[k] for k in chosen],
            [self.ends[k] for k in chosen],
        )


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


class Spans(NamedTuple):
    """When segments start and end (seconds), and who speaks in them, one value a segment.

    Those of a row, then the cut copies. Speakers are numbers from 0; a negative one is nobody's.
    """

    starts: list[Number]
    ends: list[Number]
    speakers: list[int]

    def first(self, count: int) -> Spans:
        """Those of the first ``count`` segments."""
        return Spans(self.starts[:count], self.ends[:count], self.speakers[:count])


class Candidates(NamedTuple):
    """What the first stage finds in one row.

    ``columns`` are of the row's segments as they came. ``segments`` are those that windows were
    grown of, ``used`` their columns and ``places`` where each of them came; ``copies`` are the cut
    ones, without the fields to drop, and ``spans`` are of both.

    ``lonely`` has, for each start lost to ``min_speakers``, how many speakers its window had;
    ``beyond_gap`` are the starts lost to ``max_gap``. ``stats`` are the reference's, ``own_stats``
    those of parameters that it does not have.
    """

    columns: Timeline
    segments: list[Segment]
    used: Timeline
    places: list[int]
    copies: list[Segment]
    spans: Spans
    windows: Windows
    losses: Losses
    lonely: list[int]
    beyond_gap: list[int]
    stats: dict[str, Any]
    own_stats: dict[str, Any]
    truncation_events: int
