"""Recordings whose every sample is known: a tone of its own for each speaker, a click a second."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

RATE = 16000
TONES = {"A": 440.0, "B": 1000.0, "C": 2500.0}
LEVEL = 0.2


def samples(seconds: float, segments: Sequence[dict[str, Any]], rate: int = RATE) -> np.ndarray:
    """Mono, 16 bits: the tones of those who speak, each with the phase of the whole recording."""
    count = round(seconds * rate)
    found = np.zeros(count)
    for segment in segments:
        at = np.arange(round(segment["start"] * rate), min(count, round(segment["end"] * rate)))
        found[at] += LEVEL * np.sin(2 * np.pi * TONES[segment["speaker"]] * at / rate)
    found[::rate] += 0.25
    return np.rint(found * 32768).clip(-32768, 32767).astype(np.int16)


def write(path: Path, content: np.ndarray, rate: int = RATE) -> Path:
    """Write a recording; the format is that of the ending."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, content, rate)
    return path


def tone(content: np.ndarray, speaker: str, rate: int = RATE) -> float:
    """How strong a speaker's tone is: its amplitude, of full scale 1."""
    at = np.arange(len(content))
    turn = np.exp(-2j * np.pi * TONES[speaker] * at / rate)
    return float(2 * abs((content * turn).mean())) if len(content) else 0.0


def turn_taking(seconds: float, turn: float = 6.0, speakers: str = "AB", overlap: float = 0.0):
    """Segments one after the other, each of another speaker, with a word a second."""
    segments, start, number = [], 0.0, 0
    while start + turn <= seconds:
        end = min(seconds, start + turn + overlap)
        words = [
            {"word": f"w{second}", "start": float(second), "end": second + 0.5}
            for second in range(int(start), int(start + turn))
        ]
        segments.append(
            {
                "start": start,
                "end": end,
                "speaker": speakers[number % len(speakers)],
                "text": " ".join(word["word"] for word in words),
                "words": words,
                "metrics": {"bandwidth": 8000},
            }
        )
        start += turn
        number += 1
    return segments
