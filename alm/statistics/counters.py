"""Counters of a run that add up: stats(a + b) == stats(a) + stats(b), to the last bit.

Seconds are carried as exact integers and rounded once, when they are read, so that neither the
order nor the grouping of rows, chunks and shards shows in a total.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from alm.rows.row import Number
from alm.text import is_number

LOSSES = ("bw", "sr", "spk", "win", "no_spkr", "next_seg_bm", "gap")
"""Why a segment gave no window; the last three are sub-categories of ``win``."""

_LOST = [(f"lost_{reason}", f"dur_lost_{reason}") for reason in LOSSES]

COUNTS = ("entries", "quarantined", "windows", "filtered_windows", "truncation_events")
SECONDS = ("total_dur", "total_dur_window", "filtered_dur")
COVERAGE = ("recording_dur", "kept_dur")
"""Seconds of the recordings, and how many of them kept windows cover; counted by the workflow."""

_UNIT_BITS = 1074
"""Every finite double is a whole number of 2**-1074."""

_MOST_WAITING = 1 << 16
"""Values wait to be added many at once, which is faster."""


def _exact_sum(values: Sequence[Number]) -> int:
    """The sum in units of 2**-1074: what `fsum` rounds to, and the rest until none is left."""
    if set(map(type, values)) != {float}:
        return sum(map(_exact, values))
    units = 0
    rest = list(values)
    while part := math.fsum(rest):
        units += _exact(part)
        rest.append(-part)
    return units


def _exact(value: Number) -> int:
    return _in_units(*value.as_integer_ratio())


def _in_units(numerator: int, denominator: int) -> int:
    """The same number in units of 2**-1074; the denominator is a power of two."""
    return numerator << (_UNIT_BITS + 1 - denominator.bit_length())


class Stats:
    """What happened to some rows; names and meaning as in ``stats.json``, durations in seconds."""

    def __init__(self) -> None:
        self._settled_counts: Counter[str] = Counter()
        self._exact_seconds: Counter[str] = Counter()
        self._tallied: dict[str, list[object]] = defaultdict(list)
        self._pending: dict[str, list[Number]] = defaultdict(list)
        self._waiting = 0

    def count(self, name: str, number: int = 1) -> None:
        """Add ``number`` to the counter ``name``."""
        if number:
            self._settled_counts[name] += number

    def tally(self, family: str, *bins: object) -> None:
        """Add one to the counter ``family/bin`` of each of the bins."""
        self._tallied[family] += bins
        self._wait_for(len(bins))

    def add_seconds(self, name: str, value: Number) -> None:
        """Add a duration in seconds to the total ``name``."""
        if value:
            self._pending[name].append(value)
            self._wait_for(1)

    def _wait_for(self, more: int) -> None:
        self._waiting += more
        if self._waiting > _MOST_WAITING:
            self.settle()

    def settle(self) -> None:
        """Turn values that wait, up to 2 MB of them, into totals: do so before many are kept."""
        for family, bins in self._tallied.items():
            for bin_, number in Counter(bins).items():
                self._settled_counts[f"{family}/{bin_}"] += number
        for name, values in self._pending.items():
            self._exact_seconds[name] += _exact_sum(values)
        self._tallied.clear()
        self._pending.clear()
        self._waiting = 0

    @property
    def _counts(self) -> Counter[str]:
        self.settle()
        return self._settled_counts

    @property
    def _seconds(self) -> Counter[str]:
        self.settle()
        return self._exact_seconds

    def add_row(self, row_stats: Mapping[str, Any], truncation_events: int) -> None:
        """Count one row by the ``stats`` that the first stage gave it."""
        self.count("entries")
        self.count("truncation_events", truncation_events)
        self.add_seconds("total_dur", row_stats["total_dur"])
        for starts, seconds in _LOST:
            if lost := row_stats.get(starts):
                self.count(starts, lost)
                self.add_seconds(seconds, row_stats[seconds])
        self.count("silence_segments", row_stats.get("silence_segments", 0))
        self.add_seconds("dur_silence_segments", row_stats.get("dur_silence_segments", 0))

    def add_windows(self, summary: Mapping[str, Any], kept: int) -> None:
        """Count the windows of one row by the fields that the second stage gave it.

        ``kept`` may be more than the spans that stay, as windows of the same span stay together.
        """
        self.count("windows", len(summary["total_dur_list_window"]))
        self.count("filtered_windows", kept)
        self.add_seconds("total_dur_window", summary["total_dur_window"])
        self.add_seconds("filtered_dur", summary["filtered_dur"])

    def __iadd__(self, other: Stats) -> Stats:
        self._settled_counts.update(other._counts)
        for name, units in other._seconds.items():
            self._exact_seconds[name] += units
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stats):
            return NotImplemented
        # Counter comparison: an absent counter equals one of zero.
        return self._counts == other._counts and self._seconds == other._seconds

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Stats({self.as_dict()})"

    def __getitem__(self, name: str) -> int:
        """The counter ``name``, 0 if nothing was counted."""
        return self._counts[name]

    def seconds(self, name: str) -> float:
        """The total ``name`` in seconds, rounded once."""
        return self._seconds[name] / (1 << _UNIT_BITS)

    def family(self, name: str) -> dict[str, int]:
        """The counters ``name/bin`` by their bin, in the order of numeric bins."""
        counts = self._counts
        return {bin_: counts[f"{name}/{bin_}"] for bin_ in _bins(counts, name)}

    def family_seconds(self, name: str) -> dict[str, float]:
        """The totals ``name/bin`` in seconds by their bin, in the order of numeric bins."""
        return {bin_: self.seconds(f"{name}/{bin_}") for bin_ in _bins(self._seconds, name)}

    def as_dict(self) -> dict[str, Any]:
        """The counters under the names of ``stats.json``."""
        lost: dict[str, Number] = {}
        for reason in LOSSES:
            lost[f"lost_{reason}"] = self[f"lost_{reason}"]
            lost[f"dur_lost_{reason}"] = self.seconds(f"dur_lost_{reason}")
        return {
            **{name: self[name] for name in COUNTS},
            **{name: self.seconds(name) for name in SECONDS},
            "lost": lost,
        }

    def to_json(self) -> dict[str, Any]:
        """All counters without loss, for files between jobs: see :meth:`from_json`."""
        return {
            "counts": dict(self._counts),
            "seconds": {
                name: str(Fraction(units, 1 << _UNIT_BITS)) for name, units in self._seconds.items()
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Stats:
        """What :meth:`to_json` wrote."""
        stats = cls()
        stats._counts.update(data["counts"])
        for name, fraction in data["seconds"].items():
            numerator, _, denominator = fraction.partition("/")
            stats._exact_seconds[name] = _in_units(int(numerator), int(denominator or 1))
        return stats


def _bins(names: Iterable[str], family: str) -> list[str]:
    prefix = f"{family}/"
    found = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    return sorted(found, key=lambda name: (float(name), "") if is_number(name) else (0.0, name))


def total(parts: Iterable[Stats]) -> Stats:
    """The sum of ``parts``."""
    result = Stats()
    for part in parts:
        result += part
    return result
