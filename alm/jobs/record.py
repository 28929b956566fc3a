"""The form of ``provenance.json``: what must be in it, and a checksum of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from alm.errors import AlmError
from alm.input.digests import line_digest
from alm.rows import codec

PROVENANCE = "provenance.json"
FORMAT = 2
"""Of the file; a reader refuses one that it does not know."""

EXPORTS = "exports/provenance.json"
EXPORTS_FORMAT = 1
"""The same for the record of what was exported from a run."""

OWN_DIGEST = b',\n  "record_xxh128": '

_TEXT = {"type": "string"}
_PATH = {"type": "string", "pattern": "^[^\\0]+$"}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 1 << 62}


def _fields(**known: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": known, "required": list(known)}


def _list_of(**known: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _fields(**known)}


_ROWS: dict[str, Any] = {"bytes": _COUNT, "rows": _COUNT, "lines_xxh128": _TEXT}

SCHEMA = _fields(
    alm=_fields(version=_TEXT, source_sha256=_TEXT, commit={"type": ["string", "null"]}),
    output=_fields(path=_PATH, **_ROWS),
    parts=_list_of(path=_PATH, digests=_PATH, **_ROWS),
    files=_list_of(path=_PATH, bytes=_COUNT, lines=_COUNT, sha256=_TEXT),
    report=_PATH,
    manifests=_list_of(path=_PATH, version=_TEXT, quarantined=_COUNT, **_ROWS),
)
"""What a reader needs."""

SCHEMA["properties"]["sources"] = _list_of(
    path=_PATH, version=_TEXT, bytes=_COUNT, lines_xxh128=_TEXT
)


_FILES = _list_of(path=_PATH, bytes=_COUNT, lines=_COUNT, sha256=_TEXT)

EXPORTS_SCHEMA = _fields(
    run=_fields(path=_PATH, bytes=_COUNT, lines=_COUNT, sha256=_TEXT),
    parameters=_fields(exports={"type": "array", "items": _TEXT}),
    files=_FILES,
)
"""What a reader of that needs."""


def record_text(content: Mapping[str, Any]) -> bytes:
    """JSON with a line for each part, file and manifest, however many there are.

    The last line is the checksum of what stands before it.
    """
    texts = []
    for key, value in content.items():
        if isinstance(value, list):
            lines = ",\n    ".join(json.dumps(each) for each in value)
            text = f"[\n    {lines}\n  ]"
        else:
            text = json.dumps(value, indent=2).replace("\n", "\n  ")
        texts.append(f"  {json.dumps(key)}: {text}")
    return with_own_digest(("{\n" + ",\n".join(texts)).encode())


def with_own_digest(text: bytes) -> bytes:
    """A record that has been opened but not closed, with its checksum."""
    return text + OWN_DIGEST + b'"%b"\n}\n' % line_digest(text).hex().encode()


def read_record(
    folder: str | Path,
    name: str = PROVENANCE,
    version: int = FORMAT,
    schema: Mapping[str, Any] = SCHEMA,
) -> tuple[dict[str, Any], bool]:
    """The content of a record in an output directory, and whether it is as written.

    Raises:
        AlmError: there is no such file, or it cannot be read.
    """
    path = Path(folder) / name
    try:
        text = path.read_bytes()
        content: dict[str, Any] = codec.loads(text)
        known = content["format"] == version
        sound = not known or Draft202012Validator(schema).is_valid(content)
    except FileNotFoundError:
        raise AlmError(
            f"{str(path)!r} does not exist: name the output_dir of a run that has finished"
        ) from None
    except OSError as error:
        raise AlmError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (AlmError, TypeError, KeyError) as error:
        raise _no_record(path) from error
    if not known:
        raise AlmError(
            f"{str(path)!r} has format {content['format']!r}, and this version reads {version}: "
            "use the version of alm that it names"
        )
    if not sound:
        raise _no_record(path)
    return content, with_own_digest(text.rpartition(OWN_DIGEST)[0]) == text


def _no_record(path: Path) -> AlmError:
    return AlmError(
        f"{str(path)!r} is not what a run writes; delete it and start the run again to have it "
        "written anew"
    )
