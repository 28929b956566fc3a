"""The bandwidth of a stretch of audio, as NeMo Curator's BandwidthEstimationStage measures it.

The power spectrum of short frames is averaged; the bandwidth is the frequency of the highest bin
that lies less than 50 dB below the strongest one. Audio is read in blocks, so memory is flat.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from alm.audio.seeking import Audio, go_to

FRAME = 512
"""Samples of a frame."""

HOP_SECONDS = 0.01

THRESHOLD_DB = 50

FLOOR = 1e-10
"""Power that counts at least, as there: digital silence is equally strong in all bins, so its
bandwidth is half the sample rate."""

BLOCK = 1 << 16
"""Samples that are read at a time."""

Samples = NDArray[np.float64]


class BrokenOffError(Exception):
    """A file ends before its header says; ``at`` is where, in seconds."""

    def __init__(self, at: float) -> None:
        super().__init__(at)
        self.at = at


def measure(audio: Audio, start: float, end: float) -> int:
    """The bandwidth from ``start`` to ``end`` (seconds) in Hz; of several channels, of their mean.

    Args:
        audio: an open file.
        start: within the audio.
        end: later; what lies behind the end of the audio is left out.

    Raises:
        BrokenOffError: the file ends before its header says.
    """
    first = max(0, int(start * audio.samplerate))
    last = min(int(end * audio.samplerate), audio.frames)
    return of_blocks(_blocks(audio, first, last), audio.samplerate)


def of_blocks(blocks: Iterator[Samples], rate: int) -> int:
    """The bandwidth in Hz of mono samples that come in blocks of any length."""
    power = _mean_power(blocks, max(1, int(rate * HOP_SECONDS)))
    decibels = 10 * np.log10(np.maximum(power, FLOOR))
    (high,) = np.nonzero(decibels - decibels.max() > -THRESHOLD_DB)
    return int(int(high[-1]) * (rate / FRAME))


def _mean_power(blocks: Iterator[Samples], hop: int) -> Samples:
    """The mean power of all frames; the first and the last are centred on the ends."""
    edge = np.zeros(FRAME // 2)
    total, count = np.zeros(FRAME // 2 + 1), 0
    pending, skip = edge, 0
    for block in _with_edge(blocks, edge):
        pending = np.concatenate([pending, block])
        if skip:
            skip, pending = max(0, skip - len(pending)), pending[skip:]
        frames = 1 + (len(pending) - FRAME) // hop if len(pending) >= FRAME else 0
        if frames:
            cut = sliding_window_view(pending, FRAME)[: (frames - 1) * hop + 1 : hop]
            spectrum = np.fft.rfft(cut * WINDOW, axis=1)
            total += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
            count += frames
            skip, pending = max(0, frames * hop - len(pending)), pending[frames * hop :]
    return total / count


def _with_edge(blocks: Iterator[Samples], edge: Samples) -> Iterator[Samples]:
    yield from blocks
    yield edge


def _blackman_harris(size: int) -> Samples:
    """The window for spectra: periodic, not symmetric."""
    turns = 2 * np.pi * np.arange(size) / size
    weights = (0.35875, -0.48829, 0.14128, -0.01168)
    return np.asarray(sum(weight * np.cos(k * turns) for k, weight in enumerate(weights)))


WINDOW = _blackman_harris(FRAME)


def _blocks(audio: Audio, first: int, last: int) -> Iterator[Samples]:
    go_to(audio, first)
    at = first
    while at < last:
        block = audio.read(min(BLOCK, last - at), dtype="float32", always_2d=True)
        if not len(block):
            raise BrokenOffError(at / audio.samplerate)
        at += len(block)
        mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)
        yield mono.astype(np.float64)
