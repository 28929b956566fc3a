"""The configuration of a workflow run: checked against the schema, then typed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from alm.errors import ParameterError
from alm.params import OverlapParams, WindowParams

_FROM_TEXT = {"true": True, "false": False, "null": None, "none": None}


@dataclass(frozen=True)
class Config:
    """What a run is asked to do.

    ``values`` holds every key as checked and coerced; ``window`` and ``overlap`` are what the
    two stages need of it, ``target_duration`` resolved.
    """

    values: Mapping[str, Any]
    window: WindowParams
    overlap: OverlapParams


def load_config(raw: Mapping[str, Any], schema: Mapping[str, Any]) -> Config:
    """Check and type the configuration that Snakemake has merged.

    Args:
        raw: the keys of ``config/pipeline.yaml``, as files and the command line left them.
        schema: ``workflow/schemas/config.schema.yaml``; its ``allowed`` annotations say in words
            what a key may be.

    Raises:
        ParameterError: a key is unknown or missing, or its value is not allowed; the message
            names each key, its value and what is allowed.
    """
    values = {key: _coerced(key, value, schema) for key, value in raw.items()}
    errors = sorted(Draft202012Validator(schema).iter_errors(values), key=lambda error: error.path)
    if errors:
        # jsonschema reports each of several missing keys with all of them.
        messages = dict.fromkeys(m for error in errors for m in _explain(error, schema, raw))
        raise ParameterError("the configuration is not valid:\n  " + "\n  ".join(messages))
    window = WindowParams(**_named_like_fields(WindowParams, values))
    overlap = OverlapParams(**_named_like_fields(OverlapParams, values))
    return Config(values, window, overlap.resolved(window))


def _coerced(key: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """Undo what the command line does to values: ``--config`` leaves booleans and null as text.

    An empty ``drop_fields=`` arrives as null, and means no names. NaN and infinity become text,
    since a schema cannot tell them from numbers.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    types = schema["properties"].get(key, {}).get("type", [])
    types = [types] if isinstance(types, str) else types
    if value is None and types == ["string"]:
        return ""
    if isinstance(value, str) and value.lower() in _FROM_TEXT:
        meant = _FROM_TEXT[value.lower()]
        if ("boolean" in types and meant is not None) or ("null" in types and meant is None):
            return meant
    return value


def _explain(
    error: ValidationError, schema: Mapping[str, Any], raw: Mapping[str, Any]
) -> Iterator[str]:
    known: Mapping[Any, Any] = schema["properties"]
    value: Any = error.instance
    if error.validator == "additionalProperties":
        for unknown in sorted(map(str, value.keys() - known)):
            near = difflib.get_close_matches(unknown, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield f"{unknown} is not a parameter: {hint}"
    elif error.validator == "required":
        for missing in sorted(set(schema["required"]) - value.keys()):
            yield f"{missing} is missing: it must be {known[missing]['allowed']}"
    else:
        key, *index = error.absolute_path
        place = f"{key}[{index[0]}]" if index else str(key)
        given = value if index else raw[str(key)]
        yield f"{place} = {given!r} is not allowed: it must be {known[key]['allowed']}"


def _named_like_fields(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in fields(cls)}
