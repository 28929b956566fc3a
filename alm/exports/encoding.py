"""Samples -> the bytes of a clip, written in blocks of one size, however they come."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm.exports.source import require
from alm.params import KEEP, MIX, ClipParams

Samples = NDArray[np.float64]
"""Of shape (samples, channels); full scale is 1."""

BLOCK = 1 << 15
"""Samples that are encoded at a time; the encoder of Vorbis fails at a whole clip."""

SUFFIXES = {"flac": ".flac", "wav": ".wav", "ogg": ".ogg"}

MOST_CHANNELS = {"flac": 8, "wav": 1024, "ogg": 255}
"""Of a clip, as libsndfile has it."""

_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 24}
"""Of samples; of what is not listed, a clip has 16. FLAC holds 24 at most."""

Mix = Callable[[Samples, int], Samples]


class Encoder:
    """A clip that is being written.

    Args:
        rate: of the samples that come, Hz.
        channels: how many come.
        subtype: how soundfile calls the samples of the source.
        params: see :class:`ClipParams`.
        mix: turns samples, and the number of the first of them, into those to be encoded; what
            ``clip_channel`` says if None.
        out_channels: how many ``mix`` makes.
    """

    def __init__(
        self,
        rate: int,
        channels: int,
        subtype: str,
        params: ClipParams,
        mix: Mix | None = None,
        out_channels: int = 0,
    ) -> None:
        soundfile = require("soundfile", "writing clips")
        self._bits = max(16, _BITS.get(subtype, 16))
        self._mix = mix or channel_mix(params.clip_channel)
        self.rate = params.clip_sample_rate or rate
        if not mix:
            out_channels = channels if params.clip_channel == KEEP else 1
        self.channels = out_channels
        self._resampler = _resampler(rate, self.rate, out_channels)
        self._resample_ratio = self.rate / rate
        self._lossy = params.clip_format == "ogg"
        self._seen = self.frames = 0
        self._pending: list[Samples] = []
        self._waiting = 0
        self._bytes = io.BytesIO()
        self._file: Any = soundfile.SoundFile(
            self._bytes,
            "w",
            samplerate=self.rate,
            channels=out_channels,
            format=params.clip_format.upper(),
            subtype="VORBIS" if self._lossy else f"PCM_{self._bits}",
        )

    def write(self, samples: Samples) -> None:
        """Add samples of the source."""
        self._pending.append(samples)
        self._waiting += len(samples)
        if self._waiting >= BLOCK:
            every = np.concatenate(self._pending)
            whole = len(every) // BLOCK * BLOCK
            for first in range(0, whole, BLOCK):
                self._encode(every[first : first + BLOCK], last=False)
            self._pending, self._waiting = [every[whole:].copy()], len(every) - whole

    def close(self) -> bytes:
        """The clip; ``frames`` is the number of its samples from then on."""
        self._encode(np.concatenate(self._pending), last=True)
        self._file.close()
        return self._bytes.getvalue()

    def give_up(self) -> None:
        """End without a clip. If that were left to chance, its bytes might go before the file."""
        self._file.close()

    def _encode(self, samples: Samples, last: bool) -> None:
        mixed = self._mix(samples, self._seen)
        self._seen += len(samples)
        if self._resampler is not None:
            mixed = self._resampler.resample_chunk(np.ascontiguousarray(mixed), last=last)
            mixed = mixed.reshape(-1, self.channels)
            if last:
                mixed = _of_length(mixed, round(self._seen * self._resample_ratio) - self.frames)
        self.frames += len(mixed)
        for first in range(0, len(mixed), BLOCK):
            self._file.write(self._quantized(mixed[first : first + BLOCK]))

    def _quantized(self, samples: Samples) -> Any:
        if self._lossy:
            return samples.astype(np.float32)
        full, step = 1 << (self._bits - 1), 1 << (32 - self._bits)
        levels = np.clip(np.rint(samples * full), -full, full - 1)
        return levels.astype(np.int64).astype(np.int32) * np.int32(step)


def channel_mix(channel: str | int) -> Mix:
    """What ``clip_channel`` says."""
    if channel == KEEP:
        return lambda samples, first: samples
    if channel == MIX:
        return lambda samples, first: samples.mean(axis=1, keepdims=True)
    number = int(channel)
    return lambda samples, first: samples[:, number : number + 1]


def _resampler(rate: int, target: int, channels: int) -> Any:
    if rate == target:
        return None
    soxr = require("soxr", "clip_sample_rate")
    return soxr.ResampleStream(rate, target, channels, dtype="float64", quality="HQ")


def _of_length(samples: Samples, length: int) -> Samples:
    """With zeros behind, or without its last samples."""
    if len(samples) >= length:
        return samples[: max(0, length)]
    return np.concatenate([samples, np.zeros((length - len(samples), samples.shape[1]))])
