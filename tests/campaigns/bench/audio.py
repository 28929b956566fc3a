"""How fast bandwidths are measured, decoding included, and in how much memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from helpers import OWN_PEAK

from alm.audio.bandwidth import measure
from bench.clock import cpu_in_turns
from bench.figures import Figure, Part, of_rounds

FILES: dict[str, tuple[int, dict[str, str], float]] = {
    "16 kHz FLAC": (16000, {"format": "FLAC"}, 400),
    "16 kHz WAV": (16000, {"format": "WAV"}, 400),
    "16 kHz MP3": (16000, {"format": "MP3"}, 400),
    "48 kHz FLAC": (48000, {"format": "FLAC"}, 400),
    "48 kHz MP3": (48000, {"format": "MP3"}, 400),
    "48 kHz Opus": (48000, {"format": "OGG", "subtype": "OPUS"}, 120),
}
"""Sample rate, what soundfile calls the format, and how many times real time it must be."""

SEGMENT, STEP = 7.0, 5.0
"""Seconds: segments of one length begin at this distance, so that some of them overlap."""

PEAK = (
    OWN_PEAK
    + """
import sys
import soundfile
from alm.audio.bandwidth import measure
with soundfile.SoundFile(sys.argv[1]) as audio:
    measure(audio, 0, audio.frames / audio.samplerate)
print(own_peak() * 1024 / 1e6)
"""
)


def audio(folder: Path, tiny: bool) -> Part:
    """Segments measured a second of CPU, and the peak of a process that measures a long file."""
    part = Part("Bandwidth: seconds of segments measured in a second of one core")
    seconds = 20 if tiny else 600
    for name, (rate, kind, bound) in FILES.items():
        path = _noise(folder / name, rate, seconds, **kind)
        turns = cpu_in_turns(
            1 if tiny else 5, lambda at=path: _measure_all(at, seconds), after_each=lambda: None
        )
        measured = len(_starts(seconds)) * SEGMENT
        speeds = [measured / spent for (spent,) in turns]
        part.figures.append(of_rounds(name, speeds, "times", better="more", bound=bound))
    long, short = (0.02, 0.01) if tiny else (8, 0.2)
    peaks = {
        hours: _peak(_noise(folder / f"{hours}", 16000, hours * 3600, format="FLAC"))
        for hours in (short, long)
    }
    part.figures += [
        Figure(f"memory for {long:g} hours of 16 kHz FLAC", peaks[long], "MB"),
        Figure(
            f"memory for {long:g} hours over {short:g}",
            peaks[long] / peaks[short],
            "times",
            "less",
            1.2,
        ),
    ]
    return part


def _noise(path: Path, rate: int, seconds: float, **kind: Any) -> Path:
    """Noise, a second again and again; in blocks, as some encoders crash on long ones."""
    second = 0.1 * np.random.default_rng(17).normal(size=rate)
    with soundfile.SoundFile(path, "w", rate, 1, **kind) as file:
        for _ in range(round(seconds)):
            file.write(second)
    return path


def _starts(seconds: float) -> list[float]:
    return [float(start) for start in np.arange(0, seconds - SEGMENT, STEP)]


def _measure_all(path: Path, seconds: float) -> None:
    with soundfile.SoundFile(path) as file:
        for start in _starts(seconds):
            measure(file, start, start + SEGMENT)


def _peak(path: Path) -> float:
    """MB of a process that measures all of a file as one segment."""
    command = [sys.executable, "-c", PEAK, str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
