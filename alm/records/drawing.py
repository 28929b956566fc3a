"""A record as it can be drawn: who speaks when, the candidate windows, what is in the kept ones.

Times are whole steps, so many to a recording, since a screen shows no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from alm.errors import RowError
from alm.records.record import Record
from alm.rows import codec
from alm.rows.row import Number

STEPS = 1000
"""Of a recording's length; half as many where there would be too many bars."""

MOST_BARS = 250
MOST_SPEAKERS = 8
MOST_CANDIDATES = 40
MOST_WINDOWS = 60
MOST_TEXT = 6_000
"""Letters of a window."""

_SHORTEST, _LONGEST = 1e-3, 1e9
"""Seconds; of recordings with shorter or longer times there is no drawing."""


def drawing(record: Record, kept: Sequence[int]) -> dict[str, Any] | None:
    """What to draw of a recording; None where its times, or what it holds, are beyond drawing.

    Args:
        record: a row with its candidate windows.
        kept: the numbers of those that stay.
    """
    starts, ends = record.spans.starts, record.spans.ends
    if not record.own:
        return None
    first, last = min(0, *starts), max(record.length, *ends)
    if not _SHORTEST < last - first < _LONGEST:
        return None
    try:
        segments = codec.loads(b"[%b]" % record.segments)
    except RowError:
        return None
    own = segments[: record.own]
    names = _speakers(own, starts, ends)
    lanes = {name: number for number, name in enumerate(names[:MOST_SPEAKERS])}
    others = len(lanes)
    scale = STEPS / (last - first)

    def step(time: Number) -> int:
        return round((time - first) * scale)

    spoken = [
        (lanes.get(_name(segment), others), step(starts[k]), step(ends[k]))
        for k, segment in enumerate(own)
    ]
    windows = record.windows
    shown = list(_thinned(range(len(windows.starts)), MOST_CANDIDATES))
    return {
        "first": float(first),
        "last": float(last),
        "speakers": list(map(_shown, lanes)) + ["others"] * (len(names) > MOST_SPEAKERS),
        "talk": _bars(spoken, min(len(names), MOST_SPEAKERS + 1)),
        "candidates": [[step(windows.starts[k]), step(windows.ends[k])] for k in shown],
        "windows": [_window(record, k, segments, lanes) for k in kept[:MOST_WINDOWS]],
    }


def _name(segment: dict[str, Any]) -> str | None:
    name = segment.get("speaker")
    return name if isinstance(name, str) and name else None


def _shown(name: str | None) -> str:
    return "nobody" if name is None else name[:40]


def _speakers(
    segments: Iterable[dict[str, Any]], starts: Sequence[Number], ends: Sequence[Number]
) -> list[str | None]:
    """Who speaks, those who speak most first."""
    seconds: dict[str | None, Number] = {}
    for k, segment in enumerate(segments):
        name = _name(segment)
        seconds[name] = seconds.get(name, 0) + ends[k] - starts[k]
    return sorted(seconds, key=lambda name: -seconds[name])


def _thinned(numbers: Sequence[int], most: int) -> Iterable[int]:
    """Evenly spread ones, if there are more than fit."""
    if len(numbers) <= most:
        return numbers
    return (numbers[k * len(numbers) // most] for k in range(most))


def _bars(spoken: Sequence[tuple[int, int, int]], lanes: int, coarse: int = 1) -> list[list[int]]:
    """The bars of each lane: a pause, a length, a pause and so on; those that touch are one."""
    bars: dict[int, list[list[int]]] = {}
    for lane, begin, end in sorted(spoken):
        begin, end = begin // coarse * coarse, -(-end // coarse) * coarse
        own = bars.setdefault(lane, [])
        if own and begin <= own[-1][1]:
            own[-1][1] = max(own[-1][1], end)
        elif end > begin:
            own.append([begin, end])
    if sum(map(len, bars.values())) > MOST_BARS and coarse < STEPS // 8:
        return _bars(spoken, lanes, 2 * coarse)
    found = []
    for lane in range(lanes):
        edges = [edge for bar in bars.get(lane, ()) for edge in bar]
        found.append([edge - before for before, edge in pairwise([0, *edges])])
    return found


def _window(
    record: Record, k: int, segments: Sequence[dict[str, Any]], lanes: dict[str | None, int]
) -> dict[str, Any]:
    """A kept window: when it is, its figures in seconds, and its turns, as lane and text."""
    windows = record.windows
    first, stop, cut = windows.firsts[k], windows.stops[k], windows.cuts[k]
    places = [*range(first, stop), cut] if cut >= 0 else list(range(first, stop))
    start, end = windows.starts[k], windows.ends[k]
    starts, ends = record.spans.starts, record.spans.ends
    speech = min(end - start, _union((starts[j], ends[j]) for j in places))
    turns: list[list[Any]] = []
    left = MOST_TEXT
    for j in places:
        text = segments[j].get("text")
        if not isinstance(text, str) or not text or left <= 0:
            continue
        lane = lanes.get(_name(segments[j]), len(lanes))
        text = text[:left]
        left -= len(text)
        if turns and turns[-1][0] == lane:
            turns[-1][1] += " " + text
        else:
            turns.append([lane, text])
    return {
        "start": round(float(start), 2),
        "end": round(float(end), 2),
        "speech": round(float(speech), 2),
        "speakers": len({_name(segments[j]) for j in places} - {None}),
        "turns": turns,
    }


def _union(spans: Iterable[tuple[Number, Number]]) -> Number:
    covered: Number = 0
    reached: Number | None = None
    for start, end in sorted(spans):
        begin = start if reached is None else max(start, reached)
        covered += max(0, end - begin)
        reached = end if reached is None else max(reached, end)
    return covered
