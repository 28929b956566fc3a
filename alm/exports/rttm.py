"""Who speaks when, as RTTM: of each window, and of each recording what its windows hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from alm import files
from alm.exports.example import Example
from alm.exports.spans import Span, joined
from alm.params import ExportParams

WINDOWS, RECORDINGS = "windows.rttm", "recordings.rttm"

Speech = dict[str, list[Span]]


def write(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Write both files; the windows of a recording come one after the other."""
    with (
        files.written_whole(folder / WINDOWS) as windows,
        files.written_whole(folder / RECORDINGS) as recordings,
    ):
        for recording, group in groupby(examples, key=lambda example: example["recording"]):
            whole: Speech = defaultdict(list)
            for example in group:
                _add(whole, example, example["start"])
                alone: Speech = defaultdict(list)
                _add(alone, example, 0.0)
                windows.writelines(_lines(example["id"], alone))
            recordings.writelines(_lines(recording, whole))


def _add(speech: Speech, example: Example, offset: float) -> None:
    for segment in example["segments"]:
        if segment["speaker"] is not None:
            span = round(segment["start"] + offset, 6), round(segment["end"] + offset, 6)
            speech[segment["speaker"]].append(span)


def _lines(file_id: str, speech: Speech) -> Iterator[bytes]:
    """Sorted by start; what one speaker says at once or without a pause is one line."""
    for a, b, who in sorted((a, b, who) for who, spans in speech.items() for a, b in joined(spans)):
        name = "_".join(who.split()) or "_"
        text = f"SPEAKER {file_id} 1 {a:.6f} {b - a:.6f} <NA> <NA> {name} <NA> <NA>\n"
        yield text.encode("utf-8", "replace")
