"""The configuration of a workflow run: completed, checked against the schema, then typed."""

from __future__ import annotations

import difflib
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from alm.errors import ParameterError
from alm.files import obstacle
from alm.input import is_url
from alm.input.formats import FORMATS
from alm.keys import (
    AUTO,
    DEFAULTS,
    MOST_COMBINATIONS,
    PREPARE_OPTIONS,
    SAMPLE,
    SCHEMA,
    SILENCE,
    STOP,
)
from alm.names import as_local, as_text
from alm.params import ClipParams, ExportParams, OverlapParams, WindowParams
from alm.statistics.levers import combinations, setting

_FROM_TEXT = {"true": True, "false": False, "null": None, "none": None}

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


@dataclass(frozen=True)
class Config:
    """What a run is asked to do.

    ``values`` holds every key as checked and coerced; ``window`` and ``overlap`` are what the
    two stages need of it, ``target_duration`` resolved, ``clips`` and ``export`` what exports do.
    """

    values: Mapping[str, Any]
    window: WindowParams
    overlap: OverlapParams
    clips: ClipParams
    export: ExportParams

    def of_input(self, kind: str | None) -> Config:
        """The same for an input of this format, which decides what was left to it.

        Args:
            kind: None for manifests of ours.
        """
        if self.values["no_speaker"] != AUTO:
            return self
        no_speaker = SILENCE if kind == "curator" else STOP
        return replace(self, window=replace(self.window, no_speaker=no_speaker))


def load_config(raw: Mapping[str, Any], source: str | Path = ".") -> Config:
    """Complete, check and type the configuration that Snakemake has merged.

    Args:
        raw: keys, as files, the command line or an importing workflow left them; those that are
            missing get their defaults.
        source: the folder that holds the workflow: where the sample is found if it is not in the
            working directory.

    Raises:
        ParameterError: a key is unknown, or its value is not allowed; the message names each key,
            its value and what is allowed.
    """
    values = DEFAULTS | {key: _coerced(key, value) for key, value in raw.items()}
    values["output_dir"] = _nameable(_expanded("output_dir", values["output_dir"]))
    values["compare_with"] = _expanded("compare_with", values["compare_with"])
    for key in ("manifest_path", "audio_root", "audio_files"):
        values[key] = _expanded_inputs(key, values[key])
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(values), key=lambda error: error.path)
    if errors:
        messages = dict.fromkeys(m for error in errors for m in _explain(error, raw))
        raise ParameterError("the configuration is not valid:\n  " + "\n  ".join(messages))
    if values["manifest_path"] == SAMPLE and not os.path.exists(SAMPLE):
        values["manifest_path"] = os.path.join(source, SAMPLE)
    _check_splits(values)
    auto = {"no_speaker": STOP} if values["no_speaker"] == AUTO else {}
    window = WindowParams(**_named_like_fields(WindowParams, values | auto))
    overlap = OverlapParams(**_named_like_fields(OverlapParams, values))
    clips = ClipParams(**_named_like_fields(ClipParams, values))
    export = ExportParams(**_named_like_fields(ExportParams, values))
    _check_sweep(values | {"no_speaker": window.no_speaker})
    config = Config(values, window, overlap.resolved(window), clips, export)
    return config.of_input(values["input_format"])


def _check_splits(values: Mapping[str, Any]) -> None:
    """Refuse what the schema cannot: shares that are not 1 together, names without a meaning."""
    splits = values["splits"]
    if splits is not None and abs(sum(splits.values()) - 1) > 1e-9:
        raise ParameterError(
            f"splits = {splits!r} is not allowed: the shares are {sum(splits.values()):g} "
            "together, and must be 1"
        )
    if splits and values["split_by"] == "speakers" and not values["global_speakers"]:
        raise ParameterError(
            "split_by = 'speakers' needs global_speakers: true: where equal names in two "
            "recordings may be two people, nobody connects them; use split_by: recording"
        )


def _check_sweep(values: Mapping[str, Any]) -> None:
    """Check each combination.

    Raises:
        ParameterError: there are too many, or the parameters of one are not allowed.
    """
    grid = values["sweep"] or {}
    number = math.prod(map(len, grid.values()))
    if number > MOST_COMBINATIONS:
        raise ParameterError(
            f"sweep has {number} combinations; at most {MOST_COMBINATIONS} can be compared"
        )
    for combination in combinations(grid):
        try:
            setting({**values, **combination})
        except ParameterError as error:
            shown = ", ".join(f"{name} = {value!r}" for name, value in combination.items())
            raise ParameterError(f"sweep, {shown}: {error}") from error


def require_writable(folder: str, what: str) -> None:
    """Refuse a directory, called ``what``, in which nothing can be written, or that cannot be made.

    Raises:
        ParameterError: the message says why, and what to do.
    """
    if why := obstacle(folder):
        raise ParameterError(f"{what} cannot be written: {why}")


def _coerced(key: str, value: Any) -> Any:
    """Undo what the command line does to values: ``--config`` leaves booleans and null as text.

    An empty ``drop_fields=`` arrives as null, and means no names. NaN and infinity become text,
    since a schema cannot tell them from numbers.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    types = SCHEMA["properties"].get(key, {}).get("type", [])
    types = [types] if isinstance(types, str) else types
    if value is None and types == ["string"]:
        return ""
    if key == "exports":
        return _names(value)
    if key == "splits" and isinstance(value, Mapping):
        return {name: _number(share) for name, share in value.items()}
    if isinstance(value, str) and value.lower() in _FROM_TEXT:
        meant = _FROM_TEXT[value.lower()]
        if ("boolean" in types and meant is not None) or ("null" in types and meant is None):
            return meant
    return value


def _names(value: Any) -> Any:
    """A list of names, written as text with commas or as one; nothing is none."""
    if value is None:
        return []
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


def _number(value: Any) -> Any:
    """What the command line leaves as text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _expanded_inputs(key: str, value: Any) -> Any:
    """Each path expanded; URLs, and a name that exists with the ``$`` in it, are what they are."""
    if isinstance(value, list):
        return [_expanded_inputs(key, each) for each in value]
    if not isinstance(value, str) or is_url(value):
        return value
    text = as_text(value)
    if not value.startswith("~") and os.path.lexists(as_local(text)):
        return text
    return _expanded(key, text)


def _expanded(key: str, value: Any) -> Any:
    """A path with a ``~`` at its beginning, ``$NAME`` and ``${NAME}`` as a shell has them.

    Raises:
        ParameterError: there is no such user or variable.
    """
    if not isinstance(value, str):
        return value
    for name in (first or second for first, second in _VARIABLE.findall(value)):
        if not os.environ.get(name):
            raise ParameterError(
                f"{key} = {value!r}: the environment variable {name} is not set; set it, or write "
                "the path out"
            )
    path = os.path.expanduser(_VARIABLE.sub(lambda found: os.environ[found[1] or found[2]], value))
    if value.startswith("~") and path.startswith("~"):
        raise ParameterError(
            f"{key} = {value!r}: the home directory of {value.partition('/')[0]!r} is not known; "
            "write it out, or begin with ./ if it is a name"
        )
    return as_text(path)


def _nameable(output_dir: Any) -> Any:
    """An output directory whose name is the same text in this locale and in UTF-8.

    Snakemake names its files by the locale, and its records want text.

    Raises:
        ParameterError: it is not.
    """
    if isinstance(output_dir, str) and not _is_the_same_everywhere(output_dir):
        raise ParameterError(
            f"output_dir = {output_dir!r} cannot be named where names are encoded as "
            f"{sys.getfilesystemencoding()}: set PYTHONUTF8=1 in the environment, or use ASCII"
        )
    return output_dir


def _is_the_same_everywhere(name: str) -> bool:
    try:
        return os.fsencode(name) == name.encode("utf-8")
    except UnicodeEncodeError:
        return False


def _explain(error: ValidationError, raw: Mapping[str, Any]) -> Iterator[str]:
    known: Mapping[Any, Any] = SCHEMA["properties"]
    value: Any = error.instance
    if error.validator == "additionalProperties":
        for unknown in sorted(map(str, value.keys() - known)):
            near = difflib.get_close_matches(unknown, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield f"{unknown} is not a parameter: {hint}"
    else:
        key, *index = error.absolute_path
        place = f"{key}[{index[0]}]" if index else str(key)
        given = value if index else raw[str(key)]
        yield f"{place} = {given!r} is not allowed: it must be {known[key]['allowed']}"


def check_audio(kind: str | None, values: Mapping[str, Any]) -> None:
    """Look whether bandwidths and sample rates can be had, before anything is planned.

    Args:
        kind: the format of the input; None for manifests of ours, which say both.
        values: the configuration.

    Raises:
        ParameterError: they cannot, or a key was set that has no effect.
    """
    if kind is None:
        unused = [
            name
            for name in PREPARE_OPTIONS
            if values[name] != DEFAULTS[name] and not (name == "audio_root" and values["exports"])
        ]
        if unused:
            raise ParameterError(
                f"{', '.join(unused)}: not for manifests of ours, whose rows say all themselves; "
                "leave it out, or set input_format to the format of what manifest_path names"
            )
        return
    has_audio = FORMATS[kind].names_audio or values["audio_root"] or values["audio_files"]
    lacking = [name for name in ("bandwidth", "sample_rate") if values[name] in ("auto", "measure")]
    if lacking and not has_audio:
        raise ParameterError(
            f"{FORMATS[kind].what} says nothing of the audio, so {' and '.join(lacking)} cannot be "
            "had: set audio_root to the folder of the audio, to probe and measure it; or, to try "
            "the timings at once, set both keys, bandwidth=8000 sample_rate=16000"
        )


def _named_like_fields(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in fields(cls)}
