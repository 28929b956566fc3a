"""The bandwidth of segments: as written down plainly, and of noise with a known one."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

from alm.audio.bandwidth import BLOCK, measure  # noqa: E402

SECONDS = 3


def noise(rate: int, cutoff: float, seconds: float = SECONDS, channels: int = 1) -> np.ndarray:
    """Noise that falls by 60 dB within 100 Hz around the cutoff."""
    spectrum = np.fft.rfft(np.random.default_rng(17).normal(size=int(seconds * rate)))
    frequencies = np.fft.rfftfreq(int(seconds * rate), 1 / rate)
    decibels = -60 * np.clip((frequencies - cutoff + 50) / 100, 0, 2)
    samples = np.fft.irfft(spectrum * 10 ** (decibels / 20), int(seconds * rate))
    samples *= 0.5 / np.abs(samples).max()
    return np.stack([samples * (1 + k) / channels for k in range(channels)], axis=1)


def plainly(samples: np.ndarray, rate: int, start: float, end: float) -> int:
    """FORMATS in one go: the whole file in memory, all frames at once."""
    part = samples[int(start * rate) : int(end * rate)]
    hop = int(rate * 0.01)
    padded = np.concatenate([np.zeros(256), part, np.zeros(256)])
    n = np.arange(512) * 2 * np.pi / 512
    window = 0.35875 - 0.48829 * np.cos(n) + 0.14128 * np.cos(2 * n) - 0.01168 * np.cos(3 * n)
    frames = [padded[k : k + 512] * window for k in range(0, len(padded) - 511, hop)]
    power = np.mean(np.abs(np.fft.rfft(frames)) ** 2, axis=0)
    level = 10 * np.log10(np.maximum(power, 1e-10))
    above = [k for k in range(257) if level[k] - level.max() > -50]
    return int(above[-1] * rate / 512) if above else 0


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_what_it_plainly_should_be(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "noise.flac"
    soundfile.write(path, noise(rate, rate * 0.3, channels=channels), rate)
    decoded = soundfile.read(path, dtype="float32", always_2d=True)[0].mean(axis=1)
    with soundfile.SoundFile(path) as audio:
        for start, end in ((0.0, 3.0), (0.5, 0.52), (1.234567, 2.9), (2.0, 2.2), (2.5, 9.0)):
            assert measure(audio, start, end) == plainly(decoded, rate, start, end)


@pytest.mark.parametrize("suffix", ["flac", "wav"])
@pytest.mark.parametrize(("rate", "cutoff"), [(16000, 3400), (16000, 7000), (24000, 8000)])
def test_of_noise_it_is_the_cutoff(tmp_path: Path, suffix: str, rate: int, cutoff: int) -> None:
    """Of a long segment: at both ends noise begins at once, which of 3 s reaches to 8000 Hz."""
    path = tmp_path / f"noise.{suffix}"
    soundfile.write(path, noise(rate, cutoff, seconds=60), rate)
    with soundfile.SoundFile(path) as audio:
        assert measure(audio, 0, 60) == pytest.approx(cutoff, abs=200)


def test_sound_of_16_khz_reaches_8000_hz_at_most_and_so_does_silence(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.concatenate([noise(16000, 20000)[:, 0], np.zeros(16000)]), 16000)
    with soundfile.SoundFile(path) as audio:
        assert measure(audio, 0, SECONDS) == 8000
        assert measure(audio, SECONDS, SECONDS + 1) == 8000


@pytest.mark.parametrize(
    ("rate", "kind"),
    [
        (16000, {"format": "WAV"}),
        (16000, {"format": "FLAC"}),
        (16000, {"format": "MP3"}),
        (16000, {"format": "OGG", "subtype": "VORBIS"}),
        (48000, {"format": "OGG", "subtype": "OPUS"}),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
def test_a_segment_measures_the_same_alone_and_after_any_others(
    tmp_path: Path, rate: int, kind: dict[str, str]
) -> None:
    """And as in the whole file, decoded from its beginning, whatever a decoder does at a seek."""
    path = tmp_path / "audio"
    levels = [noise(rate, cutoff, seconds=4)[:, 0] for cutoff in (1500, 5000, 2500, 6500)]
    with soundfile.SoundFile(path, "w", rate, 1, **kind) as file:
        for level in levels:
            for start in range(0, len(level), rate):  # some encoders crash on long blocks
                file.write(level[start : start + rate])
    spans = [(0.0, 3.9), (4.1, 7.9), (4.1, 5.03), (12.3, 15.9), (7.7, 8.4), (2.0, 3.0), (0.0, 16.0)]

    def alone(span: tuple[float, float]) -> int:
        with soundfile.SoundFile(path) as audio:
            return measure(audio, *span)

    with soundfile.SoundFile(path) as audio:
        together = [measure(audio, *span) for span in spans]
    assert together == list(map(alone, spans))
    decoded = soundfile.read(path, dtype="float32")[0]
    assert together == [plainly(decoded, rate, *span) for span in spans]
    assert len(set(together)) > 2


class Endless:
    """Eight hours of noise, made as it is read."""

    samplerate, frames, subtype = 16000, 8 * 3600 * 16000, "PCM_16"

    def __init__(self) -> None:
        self.read_frames = 0
        self._noise = noise(16000, 4000)[: BLOCK // 2].astype(np.float32)

    def seek(self, frames: int) -> int:
        return frames

    def read(self, frames: int, dtype: str, always_2d: bool) -> Any:
        self.read_frames += frames
        return np.resize(self._noise, (frames, 1))


def test_only_the_segment_is_read_and_memory_is_flat() -> None:
    def peak(hours: float) -> tuple[int, int]:
        audio = Endless()
        tracemalloc.start()
        measure(audio, 3600, 3600 + hours * 3600)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return audio.read_frames, most

    short, long = peak(0.01), peak(0.1)
    assert [short[0], long[0]] == [0.01 * 3600 * 16000, 0.1 * 3600 * 16000]
    assert long[1] < 1.2 * short[1]
