"""The page of recordings: what became of some of them, drawn over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alm.statistics.outcome import Stats, nothing_kept
from alm.text import count

MOST_DATA = 600_000
"""Bytes of drawings and texts on the page, about; what is beyond loses texts, then all."""

LONGEST_NAME = 160

Shown = Mapping[str, Any]
"""A recording as :func:`alm.jobs.recordings.write_recordings` has picked and drawn it."""


def recordings(stats: Stats, picked: Sequence[Shown]) -> dict[str, object]:
    """The values of the page.

    Args:
        stats: the run.
        picked: some of its recordings, the poorest first.
    """
    left = MOST_DATA
    drawings: list[Any] = []
    for number, recording in enumerate(picked):
        fair = left // (len(picked) - number)
        drawing = _within(recording["drawing"], fair)
        drawings.append(drawing)
        left -= _size(drawing)
    whys = [recording["why"] for recording in picked]
    return {
        "nothing_kept": nothing_kept(stats),
        "rows": stats["entries"],
        "recordings": picked,
        "drawings": drawings,
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


def _within(drawing: Any, most: int) -> Any:
    """A drawing of at most so many bytes: without the ends of its texts, or nothing of it."""
    if drawing is None or _size(drawing) <= most:
        return drawing
    bare = {**drawing, "windows": [{**each, "turns": []} for each in drawing["windows"]]}
    room = most - _size(bare)
    if room < 0:
        return None
    texts = sum(_text_size(window) for window in drawing["windows"])
    share = room / texts
    return {
        **drawing,
        "windows": [_shortened(window, share) for window in drawing["windows"]],
        "cut": True,
    }


def _shortened(window: Shown, share: float) -> Shown:
    """A window with about this share of its text, from the beginning."""
    left = int(share * _text_size(window))
    turns = []
    for lane, text in window["turns"]:
        left -= _TURN
        if left <= 0:
            break
        text = text.encode(errors="surrogatepass")[:left].decode(errors="ignore")
        turns.append([lane, text])
        left -= len(text.encode(errors="replace"))
    return {**window, "turns": turns}


_TURN, _NUMBER, _WINDOW = 8, 6, 90
"""Bytes of JSON around a turn, of a number, and around a window."""


def _text_size(window: Shown) -> int:
    return sum(_TURN + len(text.encode(errors="replace")) for _, text in window["turns"])


def _size(drawing: Any) -> int:
    """About how many bytes a drawing takes on the page."""
    if drawing is None:
        return 4
    bars = 3 * len(drawing["talk"]) + 2 * len(drawing["candidates"])
    texts = sum(_WINDOW + _text_size(window) for window in drawing["windows"])
    return 200 + _NUMBER * bars + texts
