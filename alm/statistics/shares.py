"""Shares of a whole. What only counts must never raise, whatever the times of a row are."""

from __future__ import annotations

from alm.rows.row import Number

SHARE_BIN = 0.05
"""Of a whole; the bins are named by their lower edge in percent."""

BIN_PERCENT = round(100 * SHARE_BIN)
EDGE = 1e-9
"""So that a share of 0.15, which may come out as 0.1499999, falls into the bin from 15 %."""


def share(part: Number, whole: Number) -> float:
    """What share of a whole a part is, from 0 to 1; 0 where there is no whole.

    Segments may end before they start, and sums of such durations be negative, or a whole smaller
    than its part: then a share says little, but it is one.

    >>> share(30, 120), share(120, 1e-310), share(1, 0), share(-1, 5)
    (0.25, 1.0, 0.0, 0.0)
    """
    if whole <= 0 or part <= 0:
        return 0.0
    return 1.0 if part >= whole else part / whole


def share_bin(part: Number, whole: Number) -> int:
    """The bin of a share, by its lower edge in percent.

    >>> share_bin(30, 120), share_bin(0.15, 1)
    (25, 15)
    """
    return int(share(part, whole) / SHARE_BIN + EDGE) * BIN_PERCENT
