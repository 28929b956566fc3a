"""Cuts for lhotse, written without it: ``cuts.jsonl.gz`` and ``cuts_whole.jsonl.gz``.

The fields are those of lhotse 1.33 (``cut/data.py``, ``audio/recording.py``, ``supervision.py``);
``qa.py`` there says what it refuses. Speakers carry the name of their recording, since lhotse takes
equal names for one person.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alm.exports.clips import StoredClip
from alm.exports.cutting import samples_of
from alm.exports.example import Example, from_anywhere
from alm.exports.files import gzipped, json_line
from alm.exports.render import rendered
from alm.exports.tars import packed, write_tar
from alm.input import is_url
from alm.params import ExportParams

_CLOSE = 0.1
"""Seconds by which a recording may be another than a manifest says."""

TURNS, WHOLE = "cuts.jsonl.gz", "cuts_whole.jsonl.gz"


def write(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Write both files: one supervision a segment, and one of the whole text.

    What trains on ``supervisions[0].text`` alone, as NeMo's ``lhotse_as_conversation`` does, needs
    the second.
    """
    with gzipped(folder / TURNS) as by_turn, gzipped(folder / WHOLE) as whole:
        for example in examples:
            recording = recording_of(example)
            by_turn.write(json_line(cut(example, recording, supervisions(example, params))))
            whole.write(json_line(cut(example, recording, [whole_supervision(example, params)])))


def write_shar(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """Write Shar: ``cuts.000000.jsonl.gz`` and ``recording.000000.tar``, and so on.

    A cut is a whole clip, and of its recording there are the samples in the tar.
    """
    for number, batch in enumerate(packed(clips, params.export_file_size)):
        cuts = [_clip_cut(clip, params) for clip in batch]
        with gzipped(folder / f"cuts.{number:06}.jsonl.gz") as file:
            for each in cuts:
                file.write(json_line(each))
        members = (
            member
            for clip, each in zip(batch, cuts, strict=True)
            for member in (
                (clip.name, clip.read()),
                (f"{clip.example['id']}.json", json_line(each["recording"])),
            )
        )
        write_tar(folder / f"recording.{number:06}.tar", members)


def _clip_cut(clip: StoredClip, params: ExportParams) -> dict[str, Any]:
    example = clip.example | {"start": 0.0, "duration": clip.duration}
    source = {"type": "shar", "source": ""}
    recording = _recording(example["id"], clip.rate, clip.frames, clip.channels, source)
    return cut(example, recording, supervisions(example, params))


def recording_of(example: Example) -> dict[str, Any]:
    """The recording that a window is cut from, long enough for it.

    It is longer than a window that would be all of it: lhotse loads the whole file then, and
    refuses one that lasts some samples more or less than a manifest says.
    """
    rate = example["sample_rate"]
    samples = round(example["recording_duration"] * rate)
    _, last = samples_of(example["start"], example["end"], rate)
    if samples - last < rate * _CLOSE and example["start"] < _CLOSE:
        samples = last + rate
    path = from_anywhere(example)
    source = {"type": "url" if is_url(path) else "file", "source": path}
    return _recording(example["recording"], rate, samples, example.get("channels", 1), source)


def _recording(
    name: str, rate: int, samples: int, channels: int, source: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": name,
        "sources": [{**source, "channels": list(range(channels))}],
        "sampling_rate": rate,
        "num_samples": samples,
        "duration": samples / rate,
        "channel_ids": list(range(channels)),
    }


def cut(example: Example, recording: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """A window as a cut of all channels of its recording, with its supervisions."""
    channels = recording["channel_ids"]
    channel = channels if len(channels) > 1 else channels[0]
    of_recording = {"recording_id": recording["id"], "channel": channel}
    custom = {key: example[key] for key in ("manifest_filepath", "profile") if key in example}
    return {
        "id": example["id"],
        "start": example["start"],
        "duration": example["duration"],
        "channel": channel,
        "supervisions": [{**each, **of_recording} for each in found],
        "recording": recording,
        "custom": custom,
        "type": "MultiCut" if len(channels) > 1 else "MonoCut",
    }


def supervisions(example: Example, params: ExportParams) -> list[dict[str, Any]]:
    """One a segment, its words as alignment; times from the start of the cut."""
    found = []
    for number, segment in enumerate(example["segments"]):
        words = [
            [word["word"], word["start"], round(word["end"] - word["start"], 6), None]
            for word in segment["words"]
            if word["start"] is not None
        ]
        one = _supervision(example, number, segment["start"], segment["end"], segment["text"])
        if segment["speaker"] is not None:
            one["speaker"] = scoped(example, segment["speaker"], params)
        if words:
            one["alignment"] = {"word": words}
        found.append(one)
    return found


def whole_supervision(example: Example, params: ExportParams) -> dict[str, Any]:
    """One that lasts as long as the cut, with all turns in its text."""
    text = rendered(example, params) if example["text"] else ""
    return _supervision(example, 0, 0.0, example["duration"], text)


def scoped(example: Example, speaker: str, params: ExportParams) -> str:
    """The name of a speaker where equal names mean one person."""
    return speaker if params.global_speakers else f"{example['recording']}-{speaker}"


def _supervision(
    example: Example, number: int, start: float, end: float, text: str
) -> dict[str, Any]:
    one = {
        "id": f"{example['id']}-{number}",
        "start": start,
        "duration": round(end - start, 6),
        "text": text,
    }
    if "language" in example:
        one["language"] = example["language"]
    return one
