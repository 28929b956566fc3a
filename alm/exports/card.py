"""What the whole of an export is: a data card for people, and Croissant for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from alm.exports.example import Example
from alm.exports.formats import FORMATS
from alm.text import count, counted

ALL = "all"
"""The name of what is not split."""

File = Mapping[str, Any]
"""``path`` in the folder of exports, ``bytes``, ``sha256``."""


@dataclass
class Tally:
    """What windows add up to; seconds."""

    windows: int = 0
    seconds: float = 0.0
    words: int = 0
    with_text: int = 0
    recordings: set[str] = field(default_factory=set)
    speakers: set[str] = field(default_factory=set)
    languages: Counter[str] = field(default_factory=Counter)

    def add(self, example: Example, global_speakers: bool) -> None:
        """Add a window."""
        self.windows += 1
        self.seconds += example["duration"]
        self.words += len(example["text"].split())
        self.with_text += bool(example["text"])
        self.recordings.add(example["recording"])
        before = "" if global_speakers else f"{example['recording']} "
        self.speakers.update(f"{before}{speaker}" for speaker in example["speakers"])
        self.languages[example.get("language", "not said")] += 1


@dataclass
class About:
    """All that a data card says.

    Attributes:
        tallies: of each split, or of ``all``.
        refused: windows without a clip, by reason.
        exports: the formats.
        parameters: of the run and its exports.
        stats: ``stats.json``.
        provenance: ``provenance.json``.
        files: of the exports.
    """

    tallies: Mapping[str, Tally]
    refused: Mapping[str, int]
    exports: Sequence[str]
    parameters: Mapping[str, Any]
    stats: Mapping[str, Any]
    provenance: Mapping[str, Any]
    files: Sequence[File]


def data_card(about: About) -> str:
    """The card, Markdown."""
    return "\n".join(
        [
            "# Data card",
            "",
            "Windows of diarized recordings, chosen and written by `alm`, for training audio "
            "language models.",
            "",
            *_contents(about),
            *_formats(about),
            *_losses(about),
            *_parameters(about),
            *_provenance(about),
        ]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return [*lines, ""]


def _cell(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _contents(about: About) -> list[str]:
    rows = [
        (
            name,
            count(tally.windows),
            f"{tally.seconds / 3600:.2f}",
            count(len(tally.recordings)),
            count(len(tally.speakers)),
            count(tally.with_text),
            count(tally.words),
        )
        for name, tally in about.tallies.items()
    ]
    head = ("split", "windows", "hours", "recordings", "speakers", "with text", "words")
    languages = sum((tally.languages for tally in about.tallies.values()), Counter[str]())
    named = ", ".join(f"{name} ({count(number)})" for name, number in sorted(languages.items()))
    speakers = (
        "Speakers of one name are one person in all recordings."
        if about.parameters["global_speakers"]
        else "Speakers are counted in each recording of their own: the same name in two is two."
    )
    return ["## What is in it", "", *_table(head, rows), f"Languages: {named}. {speakers}", ""]


def _formats(about: About) -> list[str]:
    rows = []
    for name in about.exports:
        own = [each for each in about.files if each["path"].split("/")[0] == name]
        size = sum(each["bytes"] for each in own) / 1e6
        rows.append((f"`{name}/`", FORMATS[name].what, len(own), f"{size:.1f}", FORMATS[name].load))
    return [
        "## Formats, and how to load them",
        "",
        *_table(("folder", "what", "files", "MB", "load"), rows),
    ]


def _losses(about: About) -> list[str]:
    stats = about.stats
    lines = [
        "## What is not in it",
        "",
        f"Of {counted(stats['entries'] + stats['quarantined'], 'row')} "
        f"{count(stats['quarantined'])} could not be processed (`quarantine.jsonl` of the run). "
        f"Of {counted(stats['windows'], 'candidate window')} {count(stats['filtered_windows'])} "
        "stayed. Why segments start no window:",
        "",
        *_table(
            ("counter", "segments or seconds"),
            ((name, _rounded(value)) for name, value in stats["lost"].items()),
        ),
    ]
    if about.refused:
        lines += [
            "Windows without a clip (`quarantine.jsonl` here has each):",
            "",
            *_table(("reason", "windows"), about.refused.items()),
        ]
    return lines


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _parameters(about: About) -> list[str]:
    rows = ((f"`{name}`", f"`{json.dumps(value)}`") for name, value in about.parameters.items())
    return ["## Parameters", "", *_table(("name", "value"), rows)]


def _provenance(about: About) -> list[str]:
    made, output = about.provenance["alm"], about.provenance["output"]
    return [
        "## Where it comes from",
        "",
        f"alm {made['version']}, source SHA-256 `{made['source_sha256']}`, commit "
        f"{made['commit'] or 'not known'}. "
        f"{counted(len(about.provenance['manifests']), 'manifest')}, "
        f"{counted(output['rows'], 'row')} of output, checksum of its lines (XXH3-128) "
        f"`{output['lines_xxh128']}`. `provenance.json` of the run names each manifest with its "
        "checksum, `provenance.json` here each file; `alm verify` checks both.",
        "",
    ]


_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_ENCODINGS = {
    ".parquet": "application/x-parquet",
    ".jsonl": "application/jsonlines",
    ".json": "application/jsonlines",
    ".gz": "application/gzip",
    ".tar": "application/x-tar",
    ".rttm": "text/plain",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
}

_FIELDS = {"id": "sc:Text", "duration": "sc:Float", "text": "sc:Text"}
"""Of a window, in Parquet and in NeMo's flat manifest."""

CLIPS = "clips"


def croissant(about: About) -> dict[str, Any]:
    """The description by the Croissant 1.0 standard: each file but clips, and rows of windows."""
    listed = [each for each in about.files if not _is_clip(each["path"])]
    hours = sum(tally.seconds for tally in about.tallies.values()) / 3600
    windows = sum(tally.windows for tally in about.tallies.values())
    lines = about.provenance["output"]["lines_xxh128"]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "alm-windows",
        "description": f"{counted(windows, 'window')} of diarized recordings, {hours:.2f} hours, "
        f"for training audio language models. Checksum of the curated lines: {lines}.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "version": "1.0.0",
        "distribution": [_file_object(each) for each in listed],
        "recordSet": [_record_set(each) for each in listed if _has_rows(each["path"])],
    }


def _is_clip(path: str) -> bool:
    """Whether a file is one of ``clips/RECORDING/``; a split may be called clips, too."""
    return PurePosixPath(path).parts[-3:-2] == (CLIPS,)


def _file_object(file: File) -> dict[str, Any]:
    path = PurePosixPath(file["path"])
    return {
        "@type": "cr:FileObject",
        "@id": file["path"],
        "name": file["path"],
        "contentUrl": file["path"],
        "contentSize": f"{file['bytes']} B",
        "encodingFormat": _ENCODINGS.get(path.suffix, "application/octet-stream"),
        "sha256": file["sha256"],
    }


def _has_rows(path: str) -> bool:
    name = path.split("/")[0]
    return name == "parquet" or (name in ("nemo", "audio") and path.endswith(".jsonl"))


def _record_set(file: File) -> dict[str, Any]:
    path = file["path"]
    return {
        "@type": "cr:RecordSet",
        "@id": f"windows:{path}",
        "name": f"windows:{path}",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"windows:{path}/{name}",
                "name": f"windows:{path}/{name}",
                "dataType": kind,
                "source": {"fileObject": {"@id": path}, "extract": {"column": name}},
            }
            for name, kind in _FIELDS.items()
        ],
    }
