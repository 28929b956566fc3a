"""How many bytes a row becomes, known from its windows before they are spelled out.

Candidate windows overlap almost wholly: each segment is written once for each of them that holds
it. So a row of frames or words can become thousands of times what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alm.errors import RowError
from alm.rows import codec
from alm.rows.row import Segment
from alm.text import megabytes
from alm.windows.candidates import Losses, Windows
from alm.windows.cuts import MOST_COPY_BYTES, too_large

MOST_BYTES = 512 << 20
"""Of output that a row may become: eight times the longest line that is read. A recording of 24
hours without a pause takes some 400 MB, most of it candidate windows."""

PIECE_BYTES = 16 << 20
"""Of output that are held at a time."""

AROUND = 200
"""Bytes that a window takes beside its segments: durations of speakers, its span and names."""

PROFILE = 400
"""Bytes that its profile takes at most."""


class Size(NamedTuple):
    """Bytes of a row's output: its candidate windows, those that stay, its losses, all else."""

    candidates: int
    kept: int
    losses: int
    rest: int

    @property
    def whole(self) -> int:
        return sum(self)


def spelled_sizes(chosen: Windows | Losses, offsets: Sequence[int]) -> list[int]:
    """Bytes that each window, or what a lost one had reached, takes when it is spelled out.

    Args:
        chosen: windows or losses.
        offsets: where the text of each segment begins: see :class:`alm.records.record.Record`.
    """
    return [
        offsets[stop]
        - offsets[first]
        + (offsets[cut + 1] - offsets[cut] if cut >= 0 else 0)
        + AROUND
        for first, stop, cut in zip(chosen.firsts, chosen.stops, chosen.cuts, strict=True)
    ]


def check_size(size: Size, most: int) -> None:
    """Refuse a row whose output would be too large.

    Raises:
        RowError: ``too_large``, with its size and the remedy.
    """
    if size.whole <= most:
        return
    without_candidates = size.whole - size.candidates
    if size.candidates and without_candidates <= most:
        remedy = f"With keep_windows = false it has {megabytes(without_candidates)}"
    elif size.losses and size.whole - size.losses <= most:
        remedy = f"With loss_details = false it has {megabytes(size.whole - size.losses)}"
    else:
        remedy = "Join neighbouring segments of one speaker, or split the recording"
    raise RowError(
        "too_large",
        f"its output would have {megabytes(size.whole)}, and a row may have {megabytes(most)}. "
        f"{remedy}",
    )


def check_copies(copies: Sequence[Segment]) -> None:
    """Refuse a row whose cut copies are too large, before all of them are written.

    Raises:
        RowError: ``too_large``, or nested too deeply to be written.
    """
    size = 0
    for copy in copies:
        size += len(codec.dumps(copy))
        if size > MOST_COPY_BYTES:
            raise too_large()


def batches(numbers: Sequence[int], sizes: Sequence[int]) -> Iterator[Sequence[int]]:
    """Some windows, by their numbers, in batches of about ``PIECE_BYTES`` and one window at least.

    Args:
        numbers: of windows.
        sizes: of all windows.
    """
    begin = held = 0
    for place, number in enumerate(numbers):
        if held and held + sizes[number] > PIECE_BYTES:
            yield numbers[begin:place]
            begin, held = place, 0
        held += sizes[number]
    if begin < len(numbers):
        yield numbers[begin:]
