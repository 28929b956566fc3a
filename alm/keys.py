"""The keys of a configuration: what each is and may be, and its default.

``python -m alm.keys`` prints the schema: ``make schema`` writes it to
``workflow/schemas/config.schema.yaml``, for whoever looks there (Snakemake's catalog, editors).
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import yaml

from alm.exports import formats as exports
from alm.input.formats import FORMATS
from alm.params import ClipParams, ExportParams, OverlapParams, WindowParams
from alm.schema import Schema, boolean, choice, integer, number
from alm.statistics.levers import OF_HOURS

SAMPLE = "workflow/sample/manifests"
"""The shipped sample, in the folder that holds the workflow."""

SMALLEST_SAMPLE = 1e-6

MOST_COMBINATIONS = 500
"""Of a sweep."""

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

AUTO = "auto"
"""The input format that is told by the content."""

_WAY_IN: dict[str, Schema] = {
    "input_format": {
        **choice(AUTO, *FORMATS),
        "default": AUTO,
        "description": "The format of what manifest_path names; auto looks at the content.",
    },
    "speaker_scope": {
        **choice("recording", "corpus"),
        "default": "recording",
        "description": "Speakers of another format than ours are named after their recording; "
        "corpus leaves their names, where they are the same person in all recordings.",
    },
    "audio_root": {
        "type": ["string", "null"],
        "minLength": 1,
        "allowed": f"the path or URL of a directory with audio, {_AS_TEXT}, or null",
        "default": None,
        "description": "Where the audio is, if rows of another format lack what it tells.",
    },
    "audio_files": {
        "type": ["string", "null"],
        "minLength": 1,
        "allowed": "a path with {id} in it, relative to audio_root, or the path of a table of ids "
        "and paths, or null",
        "default": None,
        "description": "How a recording finds its audio; null: by the name without its ending.",
    },
    "bandwidth": {
        "oneOf": [{"enum": ["auto", "given", "measure"]}, {"type": "number", "minimum": 0}],
        "allowed": "auto, given, measure or a number of Hz, 0 or more",
        "default": "auto",
        "description": "Bandwidth of segments of another format: auto measures those that have "
        "none, given measures none, measure all; a number is that of all.",
    },
    "sample_rate": {
        "oneOf": [{"const": "auto"}, {"type": "number", "exclusiveMinimum": 0}],
        "allowed": "auto or a number of Hz above 0",
        "default": "auto",
        "description": "Of recordings of another format: auto asks the audio where the row does "
        "not say; a number is that of all.",
    },
    "missing_audio": {
        **choice("quarantine", "keep"),
        "default": "quarantine",
        "description": "What becomes of a recording whose audio is missing, unreadable or too "
        "short; keep goes on with what is known.",
    },
}

PREPARE_OPTIONS = (
    "speaker_scope",
    "audio_root",
    "audio_files",
    "bandwidth",
    "sample_rate",
    "missing_audio",
)
"""The keys by which a manifest is prepared from another format."""

_OUTPUT: dict[str, Schema] = {
    "merge": {
        **boolean(),
        "default": True,
        "description": "Join the rows of all shards; false writes an index of the shards' files.",
    },
    "compare_with": {
        "type": ["string", "null"],
        "minLength": 1,
        "allowed": "the output_dir of another run that has finished, or null",
        "default": None,
        "description": "Another run, whose figures the report shows beside this one's.",
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


SPLIT_NAME = "^[A-Za-z0-9_-]{1,40}$"

_EXPORTS: dict[str, Schema] = {
    "exports": {
        "type": "array",
        "items": {"enum": list(exports.FORMATS)},
        "uniqueItems": True,
        "allowed": f"a list of {', '.join(exports.FORMATS)}",
        "default": [],
        "description": "What `snakemake exports` makes of the kept windows for trainers.",
    },
    "moshi_max_overlap": {
        **number(minimum=0, maximum=1, null="no limit"),
        "default": None,
        "description": "Windows for moshi in which the main speaker and others speak at once for a "
        "larger share of the time are left out.",
    },
    "splits": {
        "type": ["object", "null"],
        "minProperties": 1,
        "propertyNames": {"pattern": SPLIT_NAME},
        "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
        "allowed": "names and their shares, together 1, as {train: 0.98, dev: 0.01, test: 0.01}, "
        "or null",
        "default": None,
        "description": "Parts of an export, each in a folder of its own; null: all in one.",
    },
    "split_by": {
        **choice("recording", "speakers"),
        "default": "recording",
        "description": "What stays together: the windows of a recording, or also all recordings "
        "that have a speaker in common, by name, with global_speakers.",
    },
    "split_seed": {
        **integer(minimum=0),
        "default": 0,
        "description": "Another seed gives other splits.",
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


STOP, SILENCE = "stop", "silence"

NO_SPEAKER_NOTE = (
    'its "no-speaker" segments without text are left out (no_speaker=silence); with '
    "no_speaker=stop each of them ends every window"
)

_NO_SPEAKER: Schema = {
    **choice(AUTO, STOP, SILENCE),
    "default": AUTO,
    "description": 'What a segment does whose speaker is "no-speaker" and that has neither text '
    "nor words: stop ends every window, silence leaves the segment out; auto: silence in "
    "NeMo Curator's tagging, which fills every gap with one, else stop.",
}

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Configuration of the ALM curation workflow",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **_INPUT,
        **_WAY_IN,
        **_of_fields(WindowParams),
        **_of_fields(OverlapParams),
        "no_speaker": _NO_SPEAKER,
        **_OUTPUT,
        **_EXPORTS,
        **_of_fields(ClipParams),
        **_of_fields(ExportParams),
        **_SWEEP,
    },
}
"""All keys, strict, so that a misspelled one stops the run."""

EXPORT_KEYS = (
    *_EXPORTS,
    *(each.name for each in (*fields(ClipParams), *fields(ExportParams))),
)
"""What only exports depend on."""

DEFAULTS: dict[str, Any] = {name: key["default"] for name, key in SCHEMA["properties"].items()}


def schema_text() -> str:
    """The schema as a file."""
    header = "# Made by `make schema` from alm/params.py and alm/keys.py: change it there.\n"
    return header + yaml.safe_dump(SCHEMA, sort_keys=False, width=100)


if __name__ == "__main__":
    print(schema_text(), end="")
