"""The parameters of the two stages, under the names and defaults of the reference.

Durations are in seconds, rates and bandwidths in Hz. What a parameter is and may be is written
here and nowhere else: the classes check themselves by it, and the schema of the workflow's
configuration is made from it (see :mod:`alm.keys`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, TypeVar

from alm.errors import ParameterError
from alm.schema import boolean, choice, conforms, field_names, integer, number, text

SHORTEST_TARGET = 0.001
"""Seconds; times in manifests are no finer."""

C = TypeVar("C", bound=type)


def _param(reference: Any, description: str, allowed: Mapping[str, Any], **in_workflow: Any) -> Any:
    """A parameter.

    Args:
        reference: the default of the reference, and of the class.
        description: what it means.
        allowed: its schema.
        in_workflow: ``default=``, where the workflow has another one.
    """
    metadata = {**allowed, "default": reference, "description": description, **in_workflow}
    return field(default=reference, metadata=metadata)


def _documented(cls: C) -> C:
    """Add its parameters to the docstring of a class."""
    args = (
        f"    {each.name}: {each.metadata['description']} It is {each.metadata['allowed']}."
        for each in fields(cls)
    )
    cls.__doc__ = "\n".join([inspect.cleandoc(str(cls.__doc__)), "", "Args:", *args])
    return cls


def _check(params: Any) -> None:
    for each in fields(params):
        value, allowed = getattr(params, each.name), each.metadata
        _require(each.name, value, conforms(value, allowed), allowed["allowed"])


def _require(name: str, value: Any, allowed: bool, what: str) -> None:
    if not allowed:
        raise ParameterError(f"{name} = {value!r} is not allowed: it must be {what}")


def _names(comma_separated: str) -> frozenset[str]:
    return frozenset(name for part in comma_separated.split(",") if (name := part.strip()))


@_documented
@dataclass(frozen=True)
class WindowParams:
    """How candidate windows are built from one recording.

    Raises:
        ParameterError: a value has the wrong type or is out of range.
    """

    target_window_duration: float = _param(
        120.0,
        "Wanted length of a window, in seconds.",
        number("seconds", minimum=SHORTEST_TARGET),
    )
    tolerance: float = _param(
        0.1,
        "Accepted deviation as a share of the target: 0.1 accepts 108 to 132 s for 120 s.",
        number(minimum=0, below=1),
    )
    min_sample_rate: float = _param(
        16000, "Recordings below this rate give no windows.", number("Hz", minimum=0)
    )
    min_bandwidth: float = _param(
        8000,
        "Segments below this bandwidth neither start nor continue a window.",
        number("Hz", minimum=0),
    )
    min_speakers: int = _param(
        2,
        "Least number of distinct speakers in a window, max_speakers or fewer.",
        integer(minimum=0),
    )
    max_speakers: int = _param(
        5, "Largest number of distinct speakers in a window.", integer(minimum=1)
    )
    truncation: bool = _param(
        True,
        "Cut the segment that crosses the longest accepted length at a word's end; false ends a "
        "window before it.",
        boolean(),
    )
    drop_fields: str = _param(
        "words", "Segment fields that are left out of the output.", field_names()
    )
    drop_fields_top_level: str = _param(
        "words,segments", "Row fields that are left out of the output.", field_names()
    )
    loss_details: bool = _param(
        False,
        "Add stats.lost_win_full_data, one record for each window lost to its duration. Bulky.",
        boolean(),
    )
    sort_segments: bool = _param(
        False,
        "Sort the segments of a row by start and end before anything else; false takes them in "
        "the order of the file.",
        boolean(),
    )
    no_speaker: str = _param(
        "stop",
        'What a segment does whose speaker is "no-speaker" and that has neither text nor words: '
        "stop ends every window, silence leaves the segment out.",
        choice("stop", "silence"),
    )
    max_gap: float | None = _param(
        None,
        "A window grows over no pause longer than this, in seconds, in which none of its "
        "segments runs.",
        number("seconds", minimum=0, null="no limit"),
    )
    window_ends: str = _param(
        "longest",
        "Candidates of a start: longest takes one, as long as it grows, any takes one at every "
        "step of its growing that makes an accepted window.",
        choice("longest", "any"),
    )

    def __post_init__(self) -> None:
        _check(self)
        _require(
            "min_speakers",
            self.min_speakers,
            self.min_speakers <= self.max_speakers,
            f"at most max_speakers = {self.max_speakers}",
        )

    @cached_property
    def shortest(self) -> float:
        """Shortest accepted window in seconds."""
        return self.target_window_duration - self.target_window_duration * self.tolerance

    @cached_property
    def longest(self) -> float:
        """Longest accepted window in seconds."""
        return self.target_window_duration + self.target_window_duration * self.tolerance

    @cached_property
    def dropped_segment_fields(self) -> frozenset[str]:
        """``drop_fields`` as a set of names."""
        return _names(self.drop_fields)

    @cached_property
    def dropped_row_fields(self) -> frozenset[str]:
        """``drop_fields_top_level`` as a set of names."""
        return _names(self.drop_fields_top_level)


@_documented
@dataclass(frozen=True)
class OverlapParams:
    """Which of the overlapping windows of one recording stay.

    A ``target_duration`` of None means the window's own target: see :meth:`resolved`.

    Raises:
        ParameterError: a value has the wrong type or is out of range.
    """

    overlap_percentage: float = _param(
        0,
        "Two windows are near-duplicates when they share at least this percentage of the shorter "
        "one. 0 lets no two windows overlap; 100 still removes one that lies wholly in another.",
        number(minimum=0, maximum=100),
        default=50,
    )
    target_duration: float | None = _param(
        120.0,
        "Of two near-duplicates the one whose duration is nearer to this, in seconds, stays.",
        number("seconds", minimum=SHORTEST_TARGET, null="target_window_duration"),
        default=None,
    )
    keep_windows: bool = _param(
        True, "Keep the candidate windows in the output beside the filtered ones.", boolean()
    )
    selection: str = _param(
        "greedy",
        "Which windows stay: greedy compares two by two, as the reference does; total keeps the "
        "most seconds; coverage covers the most of the recording, each second counted once.",
        choice("greedy", "total", "coverage"),
    )
    min_turns: int | None = _param(
        None,
        "Least number of turns in a window; segments of one speaker in a row are one turn.",
        integer(minimum=1, null="no limit"),
    )
    max_speaker_share: float | None = _param(
        None,
        "Largest share that the speaker who talks most may have of all speakers' seconds.",
        number(minimum=0, maximum=1, null="no limit"),
    )
    min_speech_share: float | None = _param(
        None,
        "Least share of a window in which a segment runs.",
        number(minimum=0, maximum=1, null="no limit"),
    )
    window_profile: bool = _param(
        False, "Add a profile to each filtered window: what can be heard in it.", boolean()
    )

    def __post_init__(self) -> None:
        _check(self)

    @property
    def filters(self) -> bool:
        """Whether any candidate may be refused before the selection."""
        return (self.min_turns, self.max_speaker_share, self.min_speech_share) != (None,) * 3

    def resolved(self, window_params: WindowParams) -> OverlapParams:
        """The same parameters with a ``target_duration`` of None replaced by the window's."""
        if self.target_duration is not None:
            return self
        return replace(self, target_duration=window_params.target_window_duration)


MIX, KEEP = "mix", "keep"


@_documented
@dataclass(frozen=True)
class ClipParams:
    """How the audio of kept windows is cut into clips.

    Raises:
        ParameterError: a value has the wrong type.
    """

    clip_format: str = _param(
        "flac", "The format of clips; ogg is Vorbis, and lossy.", choice("flac", "wav", "ogg")
    )
    clip_sample_rate: int | None = _param(
        None,
        "Clips are resampled to this rate, in Hz.",
        integer(minimum=1000, null="the recording's own"),
    )
    clip_channel: str | int = _param(
        MIX,
        "mix makes a clip of the mean of all channels, keep has them as they are, a number takes "
        "that channel, from 0.",
        {
            "oneOf": [{"enum": [MIX, KEEP]}, {"type": "integer", "minimum": 0}],
            "allowed": "mix, keep or the number of a channel, 0 or more",
        },
    )

    def __post_init__(self) -> None:
        _check(self)


@_documented
@dataclass(frozen=True)
class ExportParams:
    """How kept windows are written for trainers.

    Raises:
        ParameterError: a value has the wrong type or is out of range.
    """

    export_prompt: str = _param(
        "Transcribe the conversation and say who speaks.",
        "What the user asks in conversations that are exported.",
        text(),
    )
    export_turn: str = _param(
        "{speaker}: {text}",
        "A line of the answer, a turn: {speaker} and {text} are put in.",
        text(),
    )
    global_speakers: bool = _param(
        False,
        "Speakers of one name are one person in all recordings; false puts the recording before "
        "the name where a trainer would think so.",
        boolean(),
    )
    export_file_size: int = _param(
        1_000_000_000,
        "A tar, or a Parquet file with audio, is closed before it would grow above so many bytes.",
        integer(minimum=1),
    )
    parquet_audio: bool = _param(
        False, "Put the clips into the Parquet files; false writes where the audio is.", boolean()
    )

    def __post_init__(self) -> None:
        _check(self)
