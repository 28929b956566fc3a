"""Two channels from mono dialogue: the main speaker left, the others right, by who speaks when.

A mask cannot part speech that overlaps: there both channels have both voices. What nobody is
labelled to say is silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alm.errors import RowError
from alm.exports.cutting import MakeEncoder, samples_of
from alm.exports.encoding import Encoder, Mix, Samples, channel_mix
from alm.exports.example import Example
from alm.exports.spans import Spans, joined
from alm.params import KEEP, ClipParams

FADE_SECONDS = 0.005
"""Of each end of what is heard, within it: nothing of another speaker comes in."""

MAIN = "SPEAKER_MAIN"

TOO_MUCH, NOBODY = "too_much_overlap", "no_main_speaker"


class Sides(NamedTuple):
    """Who is heard where in a window: ``left`` the main speaker, ``right`` the others (s)."""

    main: str
    left: Spans
    right: Spans

    @property
    def overlap(self) -> float:
        """Seconds that both sides have."""
        return sum(max(0.0, min(b, d) - max(a, c)) for a, b in self.left for c, d in self.right)


def sides(example: Example) -> Sides:
    """The main speaker is who is heard longest; of equal ones the first.

    Raises:
        RowError: nobody is named.
    """
    spoken: dict[str, Spans] = defaultdict(list)
    for segment in example["segments"]:
        if segment["speaker"] is not None:
            spoken[segment["speaker"]].append((segment["start"], segment["end"]))
    if not spoken:
        raise RowError(NOBODY, f"window {example['id']} names no speaker")
    heard = {who: joined(spans) for who, spans in spoken.items()}
    main = max(heard, key=lambda who: round(sum(b - a for a, b in heard[who]), 6))
    others = joined(span for who, spans in heard.items() if who != main for span in spans)
    return Sides(main, heard[main], others)


def two_channel_encoder(params: ClipParams, max_overlap: float | None) -> MakeEncoder:
    """Clips of two channels; a window with a larger share of overlap than is accepted has none."""

    def make(example: Example, audio: Any) -> Encoder:
        parts = sides(example)
        share = parts.overlap / example["duration"]
        if max_overlap is not None and share > max_overlap:
            raise RowError(
                TOO_MUCH,
                f"in {share:.1%} of window {example['id']} the main speaker and others speak at "
                f"once, and moshi_max_overlap = {max_overlap:g}",
            )
        mix = masked(parts, audio.samplerate, params.clip_channel)
        return Encoder(audio.samplerate, audio.channels, audio.subtype, params, mix, 2)

    return make


def masked(parts: Sides, rate: int, channel: str | int) -> Mix:
    """What turns samples of a window into two channels; ``keep`` is the mean, as there are two."""
    one = channel_mix("mix" if channel == KEEP else channel)
    fade = max(1, round(FADE_SECONDS * rate))
    channels = [[samples_of(a, b, rate) for a, b in side] for side in (parts.left, parts.right)]

    def mix(samples: Samples, first: int) -> Samples:
        mono = one(samples, first)[:, 0]
        return np.stack([mono * gain(spans, first, len(mono), fade) for spans in channels], axis=1)

    return mix


def gain(
    spans: Sequence[tuple[int, int]], first: int, count: int, fade: int
) -> NDArray[np.float64]:
    """1 within spans of samples, 0 outside, with ramps of ``fade`` samples at their inner ends."""
    found = np.zeros(count)
    for begin, end in spans:
        a, b = max(begin, first), min(end, first + count)
        if a < b:
            at = np.arange(a, b)
            ramp = np.minimum(at - begin + 1, end - at) / (fade + 1)
            found[a - first : b - first] = np.maximum(
                found[a - first : b - first], np.minimum(ramp, 1.0)
            )
    return found


def alignments(example: Example, main: str) -> list[list[Any]]:
    """The words of the main speaker as moshi-finetune reads them, sorted by their start.

    Those without times are left out.
    """
    found = [
        [word["word"], [word["start"], word["end"]], MAIN]
        for segment in example["segments"]
        if segment["speaker"] == main
        for word in segment["words"]
        if word["start"] is not None
    ]
    return sorted(found, key=lambda each: each[1])
