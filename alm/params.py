"""The parameters of the two stages, under the names and defaults of the reference.

Durations are in seconds, rates and bandwidths in Hz.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from alm.errors import ParameterError

SHORTEST_TARGET = 0.001
"""Seconds; times in manifests are no finer."""

_LARGEST = 1e300


def _require(name: str, value: Any, allowed: bool, what: str) -> None:
    if not allowed:
        raise ParameterError(f"{name} = {value!r} is not allowed: it must be {what}")


def _is_number(value: Any) -> bool:
    """Whether it is a number that arithmetic in doubles can take; NaN fails both comparisons."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_LARGEST <= value <= _LARGEST
    )


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _field_names(comma_separated: str) -> frozenset[str]:
    return frozenset(name for part in comma_separated.split(",") if (name := part.strip()))


@dataclass(frozen=True)
class WindowParams:
    """How candidate windows are built from one recording.

    Args:
        target_window_duration: wanted length of a window in seconds, 0.001 or more.
        tolerance: accepted deviation as a share of the target, in [0, 1); 0.1 accepts
            108 to 132 s for a target of 120 s.
        min_sample_rate: recordings below this rate (Hz) give no windows.
        min_bandwidth: segments below this bandwidth (Hz) neither start nor continue a window.
        min_speakers: least number of distinct speakers in a window.
        max_speakers: largest number of distinct speakers in a window.
        truncation: cut the segment that crosses the longest accepted length at a word's end;
            without it a window ends before such a segment.
        drop_fields: comma-separated names of segment fields left out of the output.
        drop_fields_top_level: comma-separated names of row fields left out of the output.
        loss_details: add ``stats.lost_win_full_data``, one record for each window lost
            to its duration. Bulky.

    Raises:
        ParameterError: a value has the wrong type or is out of range.
    """

    target_window_duration: float = 120.0
    tolerance: float = 0.1
    min_sample_rate: float = 16000
    min_bandwidth: float = 8000
    min_speakers: int = 2
    max_speakers: int = 5
    truncation: bool = True
    drop_fields: str = "words"
    drop_fields_top_level: str = "words,segments"
    loss_details: bool = False

    def __post_init__(self) -> None:
        target = self.target_window_duration
        _require(
            "target_window_duration",
            target,
            _is_number(target) and target >= SHORTEST_TARGET,
            f"a number of seconds, {SHORTEST_TARGET} or more",
        )
        _require(
            "tolerance",
            self.tolerance,
            _is_number(self.tolerance) and 0 <= self.tolerance < 1,
            "a number from 0 up to, but not including, 1",
        )
        for name in ("min_sample_rate", "min_bandwidth"):
            value = getattr(self, name)
            _require(name, value, _is_number(value) and value >= 0, "a number of Hz, 0 or more")
        _require(
            "min_speakers",
            self.min_speakers,
            _is_integer(self.min_speakers) and self.min_speakers >= 0,
            "an integer, 0 or more",
        )
        _require(
            "max_speakers",
            self.max_speakers,
            _is_integer(self.max_speakers) and self.max_speakers >= 1,
            "an integer, 1 or more",
        )
        _require(
            "min_speakers",
            self.min_speakers,
            self.min_speakers <= self.max_speakers,
            f"at most max_speakers = {self.max_speakers}",
        )
        for name in ("truncation", "loss_details"):
            value = getattr(self, name)
            _require(name, value, isinstance(value, bool), "true or false")
        for name in ("drop_fields", "drop_fields_top_level"):
            value = getattr(self, name)
            _require(name, value, isinstance(value, str), "comma-separated field names as text")

    @cached_property
    def shortest(self) -> float:
        """Shortest accepted window in seconds."""
        return self.target_window_duration - self.target_window_duration * self.tolerance

    @cached_property
    def longest(self) -> float:
        """Longest accepted window in seconds."""
        return self.target_window_duration + self.target_window_duration * self.tolerance

    @cached_property
    def dropped_segment_fields(self) -> frozenset[str]:
        """``drop_fields`` as a set of names."""
        return _field_names(self.drop_fields)

    @cached_property
    def dropped_row_fields(self) -> frozenset[str]:
        """``drop_fields_top_level`` as a set of names."""
        return _field_names(self.drop_fields_top_level)


@dataclass(frozen=True)
class OverlapParams:
    """Which of the overlapping windows of one recording stay.

    Args:
        overlap_percentage: two windows are near-duplicates when they share at least this
            percentage of the shorter one, 0 to 100. 0 lets no two windows overlap; 100 still
            removes a window that lies wholly inside another.
        target_duration: of two near-duplicates the one whose duration is nearer to this (in
            seconds) stays. None means the window's own target: see :meth:`resolved`.
        keep_windows: keep the candidate ``windows`` in the output beside the filtered ones.

    Raises:
        ParameterError: a value has the wrong type or is out of range.
    """

    overlap_percentage: float = 0
    target_duration: float | None = 120.0
    keep_windows: bool = True

    def __post_init__(self) -> None:
        percentage, target = self.overlap_percentage, self.target_duration
        _require(
            "overlap_percentage",
            percentage,
            _is_number(percentage) and 0 <= percentage <= 100,
            "a number from 0 to 100",
        )
        _require(
            "target_duration",
            target,
            target is None or (_is_number(target) and target >= SHORTEST_TARGET),
            f"a number of seconds, {SHORTEST_TARGET} or more, or null for target_window_duration",
        )
        _require(
            "keep_windows", self.keep_windows, isinstance(self.keep_windows, bool), "true or false"
        )

    def resolved(self, window_params: WindowParams) -> OverlapParams:
        """The same parameters with a ``target_duration`` of None replaced by the window's."""
        if self.target_duration is not None:
            return self
        return replace(self, target_duration=window_params.target_window_duration)
