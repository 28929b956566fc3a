"""The changes of parameters that a run tries: each a step or two to either side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from typing import Any

from alm.errors import ParameterError
from alm.params import OverlapParams, WindowParams
from alm.statistics.trials import Setting

SAMPLE_RATES = (0, 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
"""Hz that recordings have."""

PAUSES = (2, 5, 10, 30)
"""Seconds: steps of ``max_gap``."""

OF_HOURS = (
    "target_window_duration",
    "tolerance",
    "min_sample_rate",
    "min_bandwidth",
    "min_speakers",
    "max_speakers",
    "truncation",
    "sort_segments",
    "no_speaker",
    "max_gap",
    "window_ends",
    "overlap_percentage",
    "target_duration",
    "selection",
    "min_turns",
    "max_speaker_share",
    "min_speech_share",
)
"""The parameters that decide which windows stay; all others shape the output."""


def setting(values: Mapping[str, Any]) -> Setting:
    """The parameters of both stages from configured values, of which some may be missing.

    Raises:
        ParameterError: a value is not allowed.
    """
    window = WindowParams(**_of(WindowParams, values))
    return Setting(window, OverlapParams(**_of(OverlapParams, values)).resolved(window))


def _of(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: values[each.name] for each in fields(cls) if each.name in values}


def combinations(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """All combinations of the values of some parameters, the last parameter changing first."""
    return [dict(zip(grid, chosen, strict=True)) for chosen in product(*grid.values())]


def levers(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What to try: each the parameters to change, with their new values.

    Args:
        values: the configured values of the parameters of both stages; a ``target_duration`` of
            null follows the target.
    """
    found = []
    for name in OF_HOURS:
        for value in dict.fromkeys(_steps(name, values)):
            if value == values[name]:
                continue
            try:
                setting({**values, name: value})
            except ParameterError:  # beyond the range, or min_speakers above max_speakers
                continue
            found.append({name: value})
    return found


def _steps(name: str, values: Mapping[str, Any]) -> Iterator[Any]:
    value = values[name]
    match name:
        case "target_window_duration":
            yield from (_plain(factor * value) for factor in (0.5, 0.75, 1.25, 1.5))
        case "tolerance":
            yield from (_plain(value + step) for step in (-0.05, 0.1, 0.2))
        case "min_sample_rate":
            lower = [rate for rate in SAMPLE_RATES if rate < value]
            higher = [rate for rate in SAMPLE_RATES if rate > value]
            yield from (*lower[-2:], *higher[:1])
        case "min_bandwidth":
            yield from (_plain(factor * value) for factor in (0, 0.5, 0.75, 1.25))
        case "min_speakers" | "max_speakers":
            yield from (value - 1, value + 1, *([value + 2] if name == "max_speakers" else []))
        case "truncation" | "sort_segments":
            yield not value
        case "no_speaker":
            yield from ("stop", "silence")
        case "window_ends":
            yield from ("longest", "any")
        case "selection":
            yield from ("greedy", "total", "coverage")
        case "max_gap":
            if value is None:
                yield from PAUSES[-2:]
            else:
                yield from (_plain(value / 2), _plain(2 * value), None)
        case "overlap_percentage":
            yield from (_plain(value + step) for step in (-20, -10, 10, 20))
        case "target_duration":
            if value is not None:
                yield from (_plain(0.9 * value), _plain(1.1 * value), None)
            elif values["selection"] == "greedy":
                target = values["target_window_duration"]
                yield from (_plain(0.9 * target), _plain(1.1 * target))
        case "min_turns":
            if value is not None:
                yield from (value - 1, value + 1, None)
        case "max_speaker_share" | "min_speech_share":
            if value is not None:
                yield from (_plain(value - 0.1), _plain(value + 0.1), None)


def _plain(value: float) -> float:
    """Without the last digits that arithmetic leaves, and without a fraction of zero."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded
