"""A kept window as a training example: what all formats are made of.

A window holds segments as they are in the manifest, so some begin before it or end behind it, and
the last one may last no time. An example holds what is heard in the window, and nothing else.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from alm.audio.files import below
from alm.input import is_url
from alm.rows.row import Number, Row
from alm.rows.timeline import is_time

Example = dict[str, Any]
"""A training example, JSON all of it; seconds are rounded to the microsecond.

    id                  unique in a corpus, without dots or slashes, the same in each run
    recording           the same of its recording
    audio_filepath      where it is from the working directory, or a URL
    sample_rate         of the recording, Hz, an integer
    recording_duration  seconds
    manifest_filepath   the manifest that the row came from
    start, end          of the window in the recording, seconds
    duration            end less start
    text                what its segments say, in order of time
    speakers            names, in order of their first segment
    segments            {start, end, speaker, text, words}, times from the start of the window,
                        sorted, within it, each longer than 0; speaker is null where nobody is
                        named; words are {word, start, end}, those without times, or of no
                        length, have null
    turns               {start, end, speaker, text}: runs of segments of one speaker
    channels            of the recording, where the row says it
    language            where the row has one
    profile             see :func:`alm.windows.filter.describe`
"""

HASH_BYTES = 8
"""Of the hash of a recording's path in its id. Names without a letter of ASCII are all one name,
and so may be those of a corpus with a folder a recording: of 100,000 with 4 bytes two are equal."""

_UNSAFE = re.compile(r"[^0-9A-Za-z_-]+")
_LONGEST_NAME = 40
"""So that an id with an ending is at most 100 characters: what a tar holds without extensions."""

_PATHS = ("audio_filepath", "resampled_audio_filepath", "swift_audio_filepath", "audio_item_id")


class Kept(NamedTuple):
    """A window that stays: its whole segments, when it ends (s), and its profile if there is one.

    The last segment may be one that the window cuts.
    """

    segments: Sequence[Mapping[str, Any]]
    end: Number
    profile: Mapping[str, Any] | None = None


def examples(
    row: Row, kept: Iterable[Kept], length: Number, manifest: str, audio_root: str | None = None
) -> list[Example]:
    """The windows that stay of a row, one of those with the same start and end.

    Args:
        row: as the manifest has it.
        kept: its windows.
        length: seconds of the recording, not before the end of a window.
        manifest: where the row came from.
        audio_root: the folder or prefix of audio that the row names by a relative path.
    """
    path = audio_path(row)
    recording = recording_id(path)
    shared = {
        "recording": recording,
        "audio_filepath": located(path, audio_root),
        "sample_rate": round(row["audio_sample_rate"]),
        "recording_duration": _seconds(length),
        "manifest_filepath": manifest,
    }
    if type(row.get("channels")) is int and row["channels"] > 0:
        shared["channels"] = row["channels"]
    if isinstance(row.get("language"), str):
        shared["language"] = _sound(row["language"])
    found: dict[tuple[float, float], Example] = {}
    for window in kept:
        start = _seconds(max(window.segments[0]["start"], 0))
        end = _seconds(window.end)
        if (start, end) in found or end <= start:
            continue
        segments = heard(window.segments, start, end)
        example = {
            "id": f"{recording}-{span_name(start, end)}",
            **shared,
            "start": start,
            "end": end,
            "duration": _seconds(end - start),
            "text": _joined(segment["text"] for segment in segments),
            "speakers": list(dict.fromkeys(s["speaker"] for s in segments if s["speaker"])),
            "segments": segments,
            "turns": turns(segments),
        }
        if window.profile is not None:
            example["profile"] = dict(window.profile)
        found[start, end] = example
    return list(found.values())


def cut_short(example: Example, duration: float) -> Example:
    """The same example where its audio lasts for some samples less than its window (s).

    What is said stays: times in manifests are rounded, and no word ends behind its audio.
    """
    last = math.floor(duration * 1_000_000) / 1_000_000
    segments = [
        {**segment, "words": [_word_until(last, word) for word in segment["words"]]}
        for segment in (_until(last, each) for each in example["segments"])
        if segment["start"] < segment["end"]
    ]
    return {
        **example,
        "end": _seconds(example["start"] + last),
        "duration": last,
        "segments": segments,
        "turns": [_until(last, each) for each in example["turns"]],
    }


def _until(last: float, part: Example) -> Example:
    return {**part, "start": min(part["start"], last), "end": min(part["end"], last)}


def _word_until(last: float, word: Example) -> Example:
    if word["start"] is None:
        return word
    return _timed(word["word"], min(word["start"], last), min(word["end"], last))


def located(path: str, root: str | None) -> str:
    """Where the audio of a path is, from the working directory.

    A path that begins with ``root`` is not below it once more: so are those found by an id.
    """
    if not path or root is None or path.startswith(f"{root.rstrip('/')}/"):
        return path
    return below(root, path)


def from_anywhere(example: Example) -> str:
    """Where the audio of an example is for loaders, which look from folders of their own."""
    path = str(example["audio_filepath"])
    return path if not path or is_url(path) else os.path.abspath(path)


def audio_path(row: Row) -> str:
    """Where the audio of a row is, or what else names it; empty where nothing does."""
    return next((row[name] for name in _PATHS if row.get(name) and type(row[name]) is str), "")


def recording_id(path: str) -> str:
    """The name of an audio file without folder, ending and special characters, and a hash.

    The hash of the whole path parts recordings of one name. It is always there: an id must not
    change because another recording of the same name has come to the corpus.
    """
    name = path.rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] or name
    safe = _UNSAFE.sub("_", stem).strip("_-")[:_LONGEST_NAME] or "recording"
    digest = hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES)
    return f"{safe}-{digest.hexdigest()}"


def heard(segments: Sequence[Mapping[str, Any]], start: Number, end: Number) -> list[Example]:
    """The parts of segments between ``start`` and ``end``, times from ``start``, sorted.

    Where a segment reaches out of the window, the words that do not lie wholly within it are left
    out, and its text is that of the words that stay. A word without times stays if its neighbours
    do. A segment without words keeps its text: nothing says which part of it is heard.
    """
    parts = []
    for segment in segments:
        a, b = max(segment["start"], start), min(segment["end"], end)
        begins, ends = _seconds(a - start), _seconds(b - start)
        if ends <= begins:
            continue
        text = segment.get("text")
        words = _words(segment.get("words"))
        if (a, b) != (segment["start"], segment["end"]):
            kept = _within(words, start, end)
            if len(kept) < len(words):
                words, text = kept, _joined(word["word"] for word in kept)
        parts.append(
            {
                "start": begins,
                "end": ends,
                "speaker": _speaker(segment.get("speaker")),
                "text": _sound(text.strip()) if isinstance(text, str) else "",
                "words": [_relative(word, start, end) for word in words],
            }
        )
    return sorted(parts, key=lambda part: (part["start"], part["end"]))


def turns(segments: Sequence[Mapping[str, Any]]) -> list[Example]:
    """Runs of segments of one speaker; those that name nobody neither make nor part one."""
    found: list[Example] = []
    for segment in segments:
        if segment["speaker"] is None:
            continue
        if found and found[-1]["speaker"] == segment["speaker"]:
            last = found[-1]
            last["end"] = max(last["end"], segment["end"])
            last["text"] = _joined([last["text"], segment["text"]])
        else:
            found.append({key: segment[key] for key in ("start", "end", "speaker", "text")})
    return found


def _speaker(name: Any) -> str | None:
    return _sound(str(name)) if name else None


def _sound(text: str) -> str:
    """A text without what JSON may hold and UTF-8 not: halves of characters."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _words(words: Any) -> list[Example]:
    """Words as far as they are sound: manifests may hold anything where no stage looks."""
    if not isinstance(words, list):
        return []
    found = []
    for word in words:
        if isinstance(word, dict) and isinstance(word.get("word"), str) and word["word"].strip():
            times = word.get("start"), word.get("end")
            timed = is_time(times[0]) and is_time(times[1]) and times[0] <= times[1]
            a, b = times if timed else (None, None)
            found.append({"word": _sound(word["word"].strip()), "start": a, "end": b})
    return found


def _within(words: Sequence[Example], start: Number, end: Number) -> list[Example]:
    """The words within a window; one without times goes as the timed one before it, or after."""
    inside = [
        None if word["start"] is None else start <= word["start"] and word["end"] <= end
        for word in words
    ]
    last = next((known for known in inside if known is not None), False)
    kept = []
    for word, known in zip(words, inside, strict=True):
        last = known if known is not None else last
        if last:
            kept.append(word)
    return kept


def _relative(word: Example, start: Number, end: Number) -> Example:
    if word["start"] is None:
        return word
    a, b = (_seconds(min(max(word[key], start), end) - start) for key in ("start", "end"))
    return _timed(word["word"], a, b)


def _timed(word: str, start: float, end: float) -> Example:
    """A word; one of no length is where a loader refuses it, so it has no times."""
    if start < end:
        return {"word": word, "start": start, "end": end}
    return {"word": word, "start": None, "end": None}


def _joined(texts: Any) -> str:
    return " ".join(text for text in texts if text)


def _seconds(value: Number) -> float:
    return round(float(value), 6)


def span_name(start: Number, end: Number) -> str:
    """What the id of a window has after that of its recording: when it begins and ends (s)."""
    return f"{_time(_seconds(max(start, 0)))}-{_time(_seconds(end))}"


def _time(seconds: float) -> str:
    """Seconds and milliseconds, microseconds only where there are some: 12_340, 12_340567."""
    whole, micro = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{whole}_{micro // 1000:03}" if micro % 1000 == 0 else f"{whole}_{micro:06}"
