"""The page of recordings: what became of some of them, drawn over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from alm.statistics.outcome import Stats, nothing_kept
from alm.text import count

MOST_DATA = 900_000
"""Bytes of drawings and texts on the page, about; what is beyond loses texts, then all."""

LONGEST_NAME = 160

Shown: TypeAlias = Mapping[str, Any]
"""A recording as :func:`alm.jobs.recordings.write_recordings` has picked and drawn it."""

Drawing: TypeAlias = Mapping[str, Any] | None
"""What :func:`alm.records.drawing.drawing` made of it."""


def recordings(
    stats: Stats, picked: Sequence[Shown], clips: Mapping[str, Any] | None = None
) -> dict[str, object]:
    """The values of the page.

    Args:
        stats: the run.
        picked: some of its recordings, the poorest first.
        clips: of the export ``audio``, if the run is to have it: the ``format`` of its clips, and
            the ``folders`` in it that may hold one, each empty or with a slash at its end.
    """
    drawings = _within_bounds([recording["drawing"] for recording in picked])
    whys = [recording["why"] for recording in picked]
    return {
        "nothing_kept": nothing_kept(stats),
        "rows": stats["entries"],
        "recordings": picked,
        "drawings": drawings,
        "clips": clips,
        "whys": [
            (why, f"{count(whys.count(why))} {title}")
            for why, title in (
                ("poorest", "of which the least is kept"),
                ("richest", "of which the most is kept"),
                ("random", "at random"),
            )
            if why in whys
        ],
        "longest_name": LONGEST_NAME,
    }


def _within_bounds(drawings: Sequence[Drawing]) -> list[Drawing]:
    """The drawings, without what the page has no room for: ends of texts first, then the last ones.

    Each gets an equal share of the room for texts, and what others leave of theirs.
    """
    sizes = [_size(drawing) for drawing in drawings]
    drawn = sum(total <= MOST_DATA for total in accumulate(sizes))
    room = MOST_DATA - sum(sizes[:drawn])
    found: list[Drawing] = []
    for number, drawing in enumerate(drawings[:drawn]):
        most = room // (drawn - number)
        wanted = _text_size(drawing["windows"]) if drawing else 0
        if drawing and wanted > most:
            cut = [_shortened(window, most / wanted) for window in drawing["windows"]]
            drawing = {**drawing, "windows": cut, "cut": True}
        found.append(drawing)
        room -= min(wanted, most)
    return found + [None] * (len(drawings) - drawn)


def _shortened(window: Shown, share: float) -> Shown:
    """A window with about this share of its text, from the beginning."""
    left = int(share * _text_size([window]))
    turns = []
    for lane, text in window["turns"]:
        left -= _TURN
        if left <= 0:
            break
        beginning = text.encode(errors="replace")[:left].decode(errors="ignore")
        turns.append([lane, beginning])
        left -= len(beginning.encode())
    return {**window, "turns": turns}


_TURN, _NUMBER, _WINDOW = 8, 5, 100
"""Bytes of JSON around a turn, of a number, and around a window."""


def _text_size(windows: Sequence[Shown]) -> int:
    return sum(
        _TURN + len(text.encode(errors="replace")) for each in windows for _, text in each["turns"]
    )


def _size(drawing: Drawing) -> int:
    """About how many bytes a drawing takes on the page without its texts."""
    if drawing is None:
        return _NUMBER
    bars = sum(map(len, drawing["talk"])) + 2 * len(drawing["candidates"])
    return 200 + _NUMBER * bars + _WINDOW * len(drawing["windows"])
