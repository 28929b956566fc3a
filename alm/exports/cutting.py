"""The windows of one recording -> clips; its audio is read once, and only where windows are.

All windows of a recording are cut together, so that what they share is decoded once. Where that
fails, as in a file that is damaged in the middle, each is tried alone: then those that have their
own samples have their clip, whatever else is in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from alm.audio.seeking import go_to
from alm.errors import RowError
from alm.exports.encoding import MOST_CHANNELS, SUFFIXES, Encoder, Samples
from alm.exports.example import Example
from alm.exports.source import NO_CHANNEL, OTHER_RATE, SHORT, opened, require, unreadable
from alm.params import KEEP, MIX, ClipParams

READ_ON_SECONDS = 2.0
"""Gaps between windows that are read rather than searched over."""

SLACK_SECONDS = 0.05
"""By which a window may end after its audio: times in manifests are rounded."""

READ_BLOCK = 1 << 16
"""Samples that are read at a time."""

MICRO = 1_000_000


class Clip(NamedTuple):
    """An encoded clip: ``content`` holds ``frames`` samples of each channel at ``rate`` Hz."""

    content: bytes
    suffix: str
    rate: int
    channels: int
    frames: int


MakeEncoder = Callable[[Example, Any], Encoder]
"""Given a window and its open audio."""

Result = Clip | RowError


def plain_encoder(params: ClipParams) -> MakeEncoder:
    """Clips as ``params`` say."""

    def make(example: Example, audio: Any) -> Encoder:
        most = MOST_CHANNELS[params.clip_format]
        if params.clip_channel == KEEP and audio.channels > most:
            raise RowError(
                NO_CHANNEL,
                f"{example['audio_filepath']} has {audio.channels} channels, and "
                f"{params.clip_format} holds {most}; set clip_format: wav, or clip_channel: mix",
            )
        if params.clip_channel not in (MIX, KEEP) and int(params.clip_channel) >= audio.channels:
            raise RowError(
                NO_CHANNEL,
                f"{example['audio_filepath']} has {audio.channels} channels, so there is no "
                f"number {params.clip_channel}; set clip_channel to mix",
            )
        return Encoder(audio.samplerate, audio.channels, audio.subtype, params)

    return make


def cut_recording(
    windows: Sequence[Example], params: ClipParams, make: MakeEncoder
) -> Iterator[tuple[Example, Result]]:
    """Each window with its clip, or why there is none, as they are done.

    Args:
        windows: of one recording.
        params: see :class:`ClipParams`.
        make: how a clip is encoded.

    Raises:
        ManifestError: the storage of the audio does not answer.
        AudioError: a library is missing.
    """
    left = dict(enumerate(windows))
    try:
        for number, result in _cut_together(windows, params, make):
            yield left.pop(number), result
    except RowError as error:
        for window in left.values():
            if len(windows) == 1:
                yield window, error
            else:
                yield from cut_recording([window], params, make)


class _Span(NamedTuple):
    number: int
    first: int
    stop: int


def _cut_together(
    windows: Sequence[Example], params: ClipParams, make: MakeEncoder
) -> Iterator[tuple[int, Result]]:
    path = windows[0]["audio_filepath"]
    encoders: dict[int, Encoder] = {}
    with opened(path) as audio, _given_up(encoders):
        if audio.samplerate != windows[0]["sample_rate"]:
            raise RowError(
                OTHER_RATE,
                f"{path} has {audio.samplerate} Hz, and its row says {windows[0]['sample_rate']}; "
                "is it the audio that was diarized? Correct the row, or bring the other file",
            )
        spans = []
        for number, window in enumerate(windows):
            try:
                spans.append(_span(number, window, audio))
                encoders[number] = make(window, audio)
            except RowError as error:
                yield number, error
        spans = [span for span in spans if span.number in encoders]
        for first, stop in _stretches(spans, round(READ_ON_SECONDS * audio.samplerate)):
            own = [span for span in spans if first <= span.first < stop]
            at = first
            for block in _blocks(audio, path, first, stop):
                for span in own:
                    a, b = max(span.first, at), min(span.stop, at + len(block))
                    if a < b:
                        encoders[span.number].write(block[a - at : b - at])
                        if b == span.stop:
                            encoder = encoders.pop(span.number)
                            yield span.number, _finished(encoder, params)
                at += len(block)


@contextmanager
def _given_up(encoders: Mapping[int, Encoder]) -> Iterator[None]:
    """At the end give up those that are left: after an error, or where nobody asks for more."""
    try:
        yield
    finally:
        for encoder in encoders.values():
            encoder.give_up()


def _finished(encoder: Encoder, params: ClipParams) -> Clip:
    content = encoder.close()
    suffix = SUFFIXES[params.clip_format]
    return Clip(content, suffix, encoder.rate, encoder.channels, encoder.frames)


def samples_of(start: float, end: float, rate: int) -> tuple[int, int]:
    """The samples from the one at or before ``start`` up to the one at or after ``end`` (s)."""
    first = round(start * MICRO) * rate // MICRO
    return first, -(-round(end * MICRO) * rate // MICRO)


def _span(number: int, window: Example, audio: Any) -> _Span:
    first, stop = samples_of(window["start"], window["end"], audio.samplerate)
    if stop - audio.frames > SLACK_SECONDS * audio.samplerate or first >= audio.frames:
        raise RowError(
            SHORT,
            f"{window['audio_filepath']} lasts {audio.frames / audio.samplerate:g} s, and a window "
            f"reaches to {window['end']:g} s; is it whole, and the audio that was diarized?",
        )
    return _Span(number, first, min(stop, audio.frames))


def _stretches(spans: Sequence[_Span], read_on: int) -> Iterator[tuple[int, int]]:
    """What is read without searching, in order, from and to which sample."""
    begin = end = -1
    for span in sorted(spans, key=lambda span: (span.first, span.stop)):
        if begin >= 0 and span.first <= end + read_on:
            end = max(end, span.stop)
            continue
        if begin >= 0:
            yield begin, end
        begin, end = span.first, span.stop
    if begin >= 0:
        yield begin, end


def _blocks(audio: Any, path: str, first: int, stop: int) -> Iterator[Samples]:
    """Samples as parts of full scale; those of integers to the last bit."""
    soundfile = require("soundfile", "cutting clips")
    exact = audio.subtype.startswith("PCM")
    try:
        go_to(audio, first)
        while first < stop:
            wanted = min(READ_BLOCK, stop - first)
            block = audio.read(wanted, dtype="int32" if exact else "float32", always_2d=True)
            if len(block) < wanted:
                at = (first + len(block)) / audio.samplerate
                raise unreadable(path, f"it breaks off at {at:g} s")
            first += wanted
            yield block / np.float64(1 << 31) if exact else block.astype(np.float64)
    except (soundfile.SoundFileError, OSError) as error:
        raise unreadable(path, f"near {first / audio.samplerate:g} s: {error}") from error
