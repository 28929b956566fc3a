"""How fast clips are cut, what of the audio is read for them, and in how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from helpers import OWN_PEAK

from bench.audio import _noise
from bench.figures import Figure, Part

CUT = (
    OWN_PEAK
    + """
import sys, time
from pathlib import Path
from alm.exports.cutting import cut_recording, plain_encoder
from alm.exports.example import Kept, examples
from alm.params import ClipParams
files, hours, spans = sys.argv[3:], float(sys.argv[1]), int(sys.argv[2])
params, step = ClipParams(), hours * 3600 / spans
starts = [number * step for number in range(spans)]
def read():
    return int(next(l.split()[1] for l in open("/proc/self/io") if l.startswith("rchar")))
before, began, size = read(), time.process_time(), 0
for path in files:
    row = {"audio_filepath": path, "audio_sample_rate": 16000}
    kept = [Kept([{"start": a, "end": a + 120, "speaker": "A"}], a + 120) for a in starts]
    windows = examples(row, kept, hours * 3600, "m")
    for window, clip in cut_recording(windows, params, plain_encoder(params)):
        assert clip.frames == 120 * 16000, clip
print(read() - before, time.process_time() - began, own_peak() * 1024 / 1e6)
"""
)
"""Cuts windows of 120 s at even distances out of each file."""

SPIN = """
import time
began, turns = time.process_time(), 0
while time.process_time() - began < float(__import__("sys").argv[1]):
    turns += 1
print(turns)
"""

WINDOW = 120.0


def clips(folder: Path, tiny: bool) -> Part:
    """1,000 windows out of hour-long FLAC: speed, bytes read, two cores; memory for long files."""
    part = Part("Clips: windows of 120 s out of hour-long 16 kHz FLAC")
    count, spans = (2, 5) if tiny else (50, 20)
    hours = 0.25 if tiny else 1.0
    first = _noise(folder / "hour.flac", 16000, hours * 3600, format="FLAC")
    files = [str(first)] * count
    read, cpu, _ = _cut(hours, spans, files)
    union = count * min(spans * WINDOW, hours * 3600) / (hours * 3600) * first.stat().st_size
    part.figures += [
        Figure(f"{count * spans} windows, audio a second of CPU", count * spans * 120 / cpu, "s"),
        Figure("bytes read over those of the windows", read / union, "times", "less", 1.3),
        Figure("gain of two processes over that of two loops", _gain(files, hours, spans), "times",
               "more", 0.85),
    ]  # fmt: skip
    long, short = (0.5, 0.25) if tiny else (8, 1)
    peaks = {}
    for length in (short, long):
        path = _noise(folder / f"{length}.flac", 16000, length * 3600, format="FLAC")
        peaks[length] = _cut(length, round(length * 20), [str(path)])[2]
    part.figures += [
        Figure(f"memory for {long:g} hours", peaks[long], "MB"),
        Figure(
            f"memory for {long:g} hours over {short:g}", peaks[long] / peaks[short], "times",
            "less", 1.2,
        ),
    ]  # fmt: skip
    return part


def _start(source: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", source, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)


def _cut(hours: float, spans: int, files: Sequence[str]) -> tuple[float, ...]:
    done = _start(CUT, hours, spans, *files)
    said, _ = done.communicate()
    if done.returncode:
        raise RuntimeError("clips could not be cut")
    return tuple(map(float, said.split()))


def _gain(files: Sequence[str], hours: float, spans: int) -> float:
    """How much sooner two processes are done than one, over what two busy loops gain."""
    half = len(files) // 2

    def seconds(jobs: Sequence[Sequence[object]], source: str) -> float:
        began = time.monotonic()
        running = [_start(source, *job) for job in jobs]
        for each in running:
            each.communicate()
        return time.monotonic() - began

    def turns(loops: int) -> float:
        running = [_start(SPIN, 2.0) for _ in range(loops)]
        began = time.monotonic()
        total = sum(int(each.communicate()[0]) for each in running)
        return total / (time.monotonic() - began)

    one = seconds([(hours, spans, *files)], CUT)
    two = seconds([(hours, spans, *files[:half]), (hours, spans, *files[half:])], CUT)
    return (one / two) / (turns(2) / turns(1))
