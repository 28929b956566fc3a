"""Where to read from, so that samples are those that decoding the whole file gives."""

from __future__ import annotations

from typing import Any, Protocol

SETTLE_SECONDS = 0.25
"""What is read before a place, and left out: decoders of MP3, Vorbis and Opus give the samples of
the whole file only a while after they have been set to it (Vorbis: after 0.2 s at the latest)."""

_EXACT = ("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW")
"""How soundfile calls the samples of formats that need none of this, FLAC among them."""


class Audio(Protocol):
    """What is read of a file of soundfile."""

    samplerate: int
    frames: int
    subtype: str

    def seek(self, frames: int) -> int: ...
    def read(self, frames: int, dtype: str, always_2d: bool) -> Any: ...


def go_to(audio: Audio, first: int) -> None:
    """Let reading go on with a sample."""
    if audio.subtype.startswith(_EXACT):
        audio.seek(first)
        return
    if audio.subtype == "VORBIS":
        # Less than 2 s ahead libsndfile 1.2 goes astray by up to a packet, and stays there.
        audio.seek(0)
    before = max(0, first - int(SETTLE_SECONDS * audio.samplerate))
    audio.seek(before)
    audio.read(first - before, dtype="float32", always_2d=True)
