"""A row -> the columns of its segments that decisions are made on, checked on the way.

Whether a row is sound depends on the row alone, never on the parameters, so that the same rows are
good at every setting (SEMANTICS.md, "differs on purpose").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from alm.errors import RowError
from alm.rows.numbers import Doubles
from alm.rows.row import (
    BANDWIDTH,
    END,
    MAX_SECONDS,
    METRICS,
    SPEAKER,
    START,
    Number,
    json_type,
    not_a_number,
)

_NO_METRICS: dict[str, Any] = {}


class Timeline:
    """The columns of a row's segments, one value a segment; times in seconds, bandwidths in Hz.

    ``total_dur`` is the plain sum of the durations, ``first_start`` the smallest start and
    ``last_end`` the largest end, 0 without segments; ``floats`` says whether there are segments and
    all times are floats, which ``start_doubles`` and ``end_doubles`` then hold as well.
    """

    def __init__(
        self,
        starts: list[Number],
        ends: list[Number],
        durations: list[Number],
        bandwidths: list[Number],
        speakers: list[str | None],
        floats: bool,
    ) -> None:
        self.starts = starts
        self.ends = ends
        self.durations = durations
        self.bandwidths = bandwidths
        self.speakers = speakers
        self.floats = floats
        self.start_doubles = Doubles(starts if floats else [])
        self.end_doubles = Doubles(ends if floats else [])
        self.total_dur: Number = 0
        self.first_start: Number = 0
        self.last_end: Number = 0
        self._sum_up()

    def only(self, chosen: list[int]) -> Timeline:
        """The columns of some of the segments, in the order given."""
        return Timeline(
            [self.starts[k] for k in chosen],
            [self.ends[k] for k in chosen],
            [self.durations[k] for k in chosen],
            [self.bandwidths[k] for k in chosen],
            [self.speakers[k] for k in chosen],
            self.floats and bool(chosen),
        )

    def _sum_up(self) -> None:
        no_seconds, nothing = 0.0, 0
        if self.floats:
            _add_up(self, self.start_doubles.at, self.end_doubles.at, no_seconds)
        elif self.starts:
            _add_up(self, self.starts, self.ends, nothing)


def _add_up(row: Timeline, starts: list[Number], ends: list[Number], zero: Number) -> None:
    total = zero
    first, last = starts[0], ends[0]
    for k in range(len(row.starts)):
        total += ends[k] - starts[k]
        if starts[k] < first:
            first = starts[k]
        if ends[k] > last:
            last = ends[k]
    row.total_dur = total
    row.first_start = first
    row.last_end = last


def timeline(row: Mapping[str, Any]) -> Timeline:
    """The columns of a sound row.

    Raises:
        RowError: a required field is missing, of the wrong type or not finite.
    """
    if not is_number(row.get("audio_sample_rate")):
        raise not_a_number(row, "audio_sample_rate", "the row")
    if "segments" not in row:
        raise RowError("missing_field", "the row has no segments; write [] where there are none")
    return columns_of(row["segments"])


def columns_of(found: Any) -> Timeline:
    """The columns of the segments of a row.

    Raises:
        RowError: they are no array, or one of them is not sound.
    """
    if type(found) is not list:
        raise RowError("wrong_type", f"segments is {json_type(found)}; it must be an array")
    segments = found
    starts: list[Number] = []
    ends: list[Number] = []
    durations: list[Number] = []
    bandwidths: list[Number] = []
    speakers: list[str | None] = []
    floats = bool(segments)
    for segment in segments:
        if type(segment) is not dict:
            raise _refused(len(starts), "", segment, "an object")
        fields = segment
        start = fields.get(START)
        if not is_time(start):
            raise not_a_number(fields, "start", f"segments[{len(starts)}]")
        end = fields.get(END)
        if not is_time(end):
            raise not_a_number(fields, "end", f"segments[{len(starts)}]")
        metrics = fields.get(METRICS, _NO_METRICS)
        if type(metrics) is not dict:
            raise _refused(len(starts), ".metrics", metrics, "an object or absent")
        measures = metrics
        bandwidth = measures.get(BANDWIDTH, 0)
        if not is_number(bandwidth):
            raise not_a_number(measures, "bandwidth", f"segments[{len(starts)}].metrics")
        speaker = fields.get(SPEAKER)
        if speaker is not None and type(speaker) is not str:
            raise _refused(len(starts), ".speaker", speaker, "text, null or absent")
        floats = floats and type(start) is float and type(end) is float
        starts.append(start)
        ends.append(end)
        durations.append(end - start)
        bandwidths.append(bandwidth)
        speakers.append(speaker)
    return Timeline(starts, ends, durations, bandwidths, speakers, floats)


def _refused(index: int, part: str, value: object, wanted: str) -> RowError:
    text = f"segments[{index}]{part} is {json_type(value)}; it must be {wanted}"
    return RowError("wrong_type", text)


def is_time(value: object) -> TypeGuard[Number]:
    """Whether a value can be a time in seconds: a number, not too large and not NaN."""
    if type(value) is float:
        number = value
        return -MAX_SECONDS <= number <= MAX_SECONDS
    return type(value) is int and -MAX_SECONDS <= value <= MAX_SECONDS


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a value is a finite number."""
    if type(value) is float:
        number = value
        return number - number == 0.0
    return type(value) is int
