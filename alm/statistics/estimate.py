"""From a sample of recordings to a whole run: how much a change brings, and how sure that is.

The difference that a change makes is known for each recording that was tried. For all of them it
is estimated by their length (a ratio estimator), from the run's own exact total, so that the
spread of the recordings themselves does not count, only that of their differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

FEW_TRIED = 20
FEW_CHANGED = 15
"""With fewer recordings tried, or changed, an interval says only what is possible."""

UNSEEN = 3
"""Recordings that the sample may have missed: they differ as much as the one that differs most, or
by a window."""

_Z = 1.959964
"""Of a normal distribution: 95 % lie within."""


class Sample(NamedTuple):
    """The recordings that were tried, and what the run knows of all.

    ``lengths`` has a value a recording, ``whole`` is their sum over all recordings (seconds, or
    rows), and ``share`` is the share of the run's rows that were tried. ``window`` is the length of
    a window (seconds): most changes are small shifts, and a few gain or lose a window.
    """

    lengths: Sequence[float]
    whole: float
    share: float
    window: float


class Estimate(NamedTuple):
    """A difference for the whole run, the ends of its 95 % interval, and whether that says much.

    Where all was tried, all three are the same.
    """

    difference: float
    low: float
    high: float
    enough: bool


def estimate(differences: Sequence[float], sample: Sample) -> Estimate:
    """The difference for a whole run.

    Args:
        differences: one a recording that was tried, in the order of ``sample.lengths``.
        sample: what they are of.
    """
    tried = math.fsum(differences)
    if sample.share >= 1:
        return Estimate(tried, tried, tried, True)
    count, lengths = len(differences), math.fsum(sample.lengths)
    changed = sum(difference != 0 for difference in differences)
    if count < 2 or lengths <= 0:
        return Estimate(0.0, -sample.whole, sample.whole, False)
    grown = sample.whole / lengths
    difference = grown * tried
    low, high = _skewed_interval(
        [
            d - tried / lengths * length
            for d, length in zip(differences, sample.lengths, strict=True)
        ],
        sample.window,
    )
    narrowed = grown * math.sqrt(count * (1 - sample.share))
    low, high = difference + narrowed * low, difference + narrowed * high
    if count >= FEW_TRIED and changed >= FEW_CHANGED:
        return Estimate(difference, low, high, True)
    # Of the recordings that were not tried more may change, by as much as the largest is long.
    rest = sample.whole * (1 - sample.share)
    most = rest * min(1.0, _most_changed(changed, count)) * _unevenness(sample.lengths)
    return Estimate(difference, min(low, tried - most), max(high, tried + most), False)


def _skewed_interval(errors: Sequence[float], window: float) -> tuple[float, float]:
    """The 95 % interval of the mean of some errors, times the square root of their number.

    The larger of two on either side: Student's, with the degrees of freedom that the variance has
    where few errors make most of it, and Hall's, which follows their skewness (Hall 1992, "On the
    removal of skewness by transformation").
    """
    count = len(errors)
    squares = math.fsum(e * e for e in errors)
    if squares <= 0:
        return 0.0, 0.0
    largest = max(window * window, *(e * e for e in errors))
    deviation = math.sqrt((squares + UNSEEN * largest) / (count - 1))
    kurtosis = count * math.fsum(e**4 for e in errors) / squares**2
    freedom = max(2.0, min(count - 1, 2 * count / max(kurtosis - 1, 0.1)))
    student = _student(freedom)
    skew = math.fsum(e**3 for e in errors) / count / (squares / count) ** 1.5
    bounds = [_untransformed(z, skew, count) for z in (student, -student)]
    low = min(-student, -max(bounds))
    high = max(student, -min(bounds))
    return deviation * low, deviation * high


def _untransformed(z: float, skew: float, count: int) -> float:
    """Hall's transformation undone: what Student's statistic is where the transformed one is z."""
    a = skew / math.sqrt(count)
    if abs(a) < 1e-6:
        return z
    inner = 1 + a * (z - a / 6)
    return 3 / a * (math.copysign(abs(inner) ** (1 / 3), inner) - 1)


def _student(freedom: float) -> float:
    """The 97.5 % quantile of Student's distribution, to 1 % from 2 degrees of freedom on."""
    z, v = _Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def _most_changed(changed: int, count: int) -> float:
    """The share of all recordings that may change if so many of a sample did (97.5 %, Wilson's
    interval with Poisson's tail)."""
    centre = changed + _Z**2 / 2 + 1
    return (centre + _Z * math.sqrt(changed + _Z**2 / 4 + 1)) / count


def _unevenness(lengths: Sequence[float]) -> float:
    """How many times the average the longest recording is."""
    return max(lengths) * len(lengths) / math.fsum(lengths)
