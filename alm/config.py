"""The configuration of a workflow run: completed, checked against the schema, then typed.

``python -m alm.config`` prints the schema: ``make schema`` writes it to
``workflow/schemas/config.schema.yaml``, for whoever looks there (Snakemake's catalog, editors).
"""

from __future__ import annotations

import difflib
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from alm.errors import ParameterError
from alm.files import obstacle
from alm.input import is_url
from alm.names import as_local, as_text
from alm.params import OverlapParams, WindowParams
from alm.schema import Schema, boolean, choice, number
from alm.statistics.levers import OF_HOURS, combinations, setting

SAMPLE = "workflow/sample/manifests"
"""The shipped sample, in the folder that holds the workflow."""

SMALLEST_SAMPLE = 1e-6

MOST_COMBINATIONS = 500
"""Of a sweep."""

_FROM_TEXT = {"true": True, "false": False, "null": None, "none": None}

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")

_AS_TEXT = (
    "as text (write it into a config file, in quotes, where the command line takes it for "
    "something else)"
)

_INPUT: dict[str, Schema] = {
    "manifest_path": {
        "type": ["string", "array"],
        "minLength": 1,
        "minItems": 1,
        "items": {"type": "string", "minLength": 1},
        "allowed": "the path of a manifest, a directory or a glob, a URL, or a list of these, "
        + _AS_TEXT,
        "default": SAMPLE,
        "description": "What to curate. Directories are searched for .jsonl and .json; ~ and "
        "$NAME are expanded.",
    },
    "output_dir": {
        "type": "string",
        "pattern": "^(?!.*://)[^{}<>]+$",
        "allowed": f"the path of a directory, not a URL, without {{ }} < or >, {_AS_TEXT}",
        "default": "results/sample",
        "description": "Where everything is written; ~ and $NAME are expanded.",
    },
    "backend": {
        **choice("xenna", "ray_data", "local"),
        "default": "xenna",
        "description": "Which engine works on the chunks of a shard; local is none.",
    },
    "ray_address": {
        "type": ["string", "null"],
        "pattern": "^[^:/ ]+:[0-9]+$",
        "allowed": "host:port of the head of a Ray cluster (no ray://), or null",
        "default": None,
        "description": "A Ray cluster that the engine is to use; null: one of its own.",
    },
    "sample_fraction": {
        **number(minimum=SMALLEST_SAMPLE, maximum=1, null="all of them"),
        "default": None,
        "description": "A preview: the share of recordings that the run is made with.",
    },
    "shard_size": {
        "oneOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}],
        "allowed": "a number of bytes, 1 or more, or auto",
        "default": "auto",
        "description": "Bytes of manifest a shard.",
    },
}

_OUTPUT: dict[str, Schema] = {
    "merge": {
        **boolean(),
        "default": True,
        "description": "Join the rows of all shards; false writes an index of the shards' files.",
    },
    "on_invalid": {
        **choice("quarantine", "fail"),
        "default": "quarantine",
        "description": "What becomes of a row that cannot be processed; fail stops at the first.",
    },
    "max_invalid_fraction": {
        **number(minimum=0, maximum=1),
        "default": 0.05,
        "description": "Above this share of such rows the run ends with an error.",
    },
}


_SWEEP: dict[str, Schema] = {
    "sweep": {
        "type": ["object", "null"],
        "minProperties": 1,
        "maxProperties": 5,
        "propertyNames": {"enum": list(OF_HOURS)},
        "additionalProperties": {"type": "array", "minItems": 1, "uniqueItems": True},
        "allowed": "up to 5 parameters that decide which windows stay, each with a list of values, "
        "or null",
        "default": None,
        "description": "What `snakemake sweep` tries: all combinations of these values.",
    },
}


def _of_fields(cls: type) -> dict[str, Schema]:
    return {each.name: dict(each.metadata) for each in fields(cls)}


SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Configuration of the ALM curation workflow",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **_INPUT,
        **_of_fields(WindowParams),
        **_of_fields(OverlapParams),
        **_OUTPUT,
        **_SWEEP,
    },
}
"""All keys, strict, so that a misspelled one stops the run."""

DEFAULTS: dict[str, Any] = {name: key["default"] for name, key in SCHEMA["properties"].items()}


@dataclass(frozen=True)
class Config:
    """What a run is asked to do.

    ``values`` holds every key as checked and coerced; ``window`` and ``overlap`` are what the
    two stages need of it, ``target_duration`` resolved.
    """

    values: Mapping[str, Any]
    window: WindowParams
    overlap: OverlapParams


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
    values["manifest_path"] = _expanded_manifests(values["manifest_path"])
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(values), key=lambda error: error.path)
    if errors:
        messages = dict.fromkeys(m for error in errors for m in _explain(error, raw))
        raise ParameterError("the configuration is not valid:\n  " + "\n  ".join(messages))
    if values["manifest_path"] == SAMPLE and not os.path.exists(SAMPLE):
        values["manifest_path"] = os.path.join(source, SAMPLE)
    window = WindowParams(**_named_like_fields(WindowParams, values))
    overlap = OverlapParams(**_named_like_fields(OverlapParams, values))
    _check_sweep(values)
    return Config(values, window, overlap.resolved(window))


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
    if isinstance(value, str) and value.lower() in _FROM_TEXT:
        meant = _FROM_TEXT[value.lower()]
        if ("boolean" in types and meant is not None) or ("null" in types and meant is None):
            return meant
    return value


def _expanded_manifests(value: Any) -> Any:
    """Each path expanded; URLs, and a name that exists with the ``$`` in it, are what they are."""
    if isinstance(value, list):
        return [_expanded_manifests(each) for each in value]
    if not isinstance(value, str) or is_url(value):
        return value
    text = as_text(value)
    if not value.startswith("~") and os.path.lexists(as_local(text)):
        return text
    return _expanded("manifest_path", text)


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


def _named_like_fields(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in fields(cls)}


def schema_text() -> str:
    """The schema as a file."""
    header = "# Made by `make schema` from alm/params.py and alm/config.py: change it there.\n"
    return header + yaml.safe_dump(SCHEMA, sort_keys=False, width=100)


if __name__ == "__main__":
    print(schema_text(), end="")
