"""Windows as Parquet, a row each: for ``datasets``, DuckDB, Polars.

The schema carries the features of Hugging Face ``datasets`` under the key ``huggingface``, so that
``load_dataset("parquet", …)`` has nested segments as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

from alm import files
from alm.exports.clips import StoredClip
from alm.exports.example import Example, from_anywhere
from alm.exports.tars import packed
from alm.params import ExportParams

ROW_GROUP = 1_000
ROW_GROUP_WITH_AUDIO = 100
"""Rows that are held at a time, and that a reader must."""

ROWS_A_FILE = 100_000

_WORD = {"word": "string", "start": "float64", "end": "float64"}
_TURN = {"start": "float64", "end": "float64", "speaker": "string", "text": "string"}
_PROFILE = {
    **dict.fromkeys(("start", "end", "duration"), "float64"),
    **dict.fromkeys(("turns", "speakers"), "int64"),
    **dict.fromkeys(("main_speaker_share", "speech", "silence", "longest_gap"), "float64"),
    **dict.fromkeys(("overlap", "unlabelled", "untranscribed"), "float64"),
}
COLUMNS: dict[str, Any] = {
    "id": "string",
    "recording": "string",
    "audio_filepath": "string",
    "sample_rate": "int64",
    "recording_duration": "float64",
    "manifest_filepath": "string",
    "start": "float64",
    "end": "float64",
    "duration": "float64",
    "text": "string",
    "language": "string",
    "speakers": ["string"],
    "segments": [_TURN | {"words": [_WORD]}],
    "turns": [_TURN],
    "channels": "int64",
    "profile": _PROFILE,
}
"""Names of types; a list holds what it is a list of, a dict the fields of a struct."""


AUDIO = "audio"
_AUDIO = {"bytes": "binary", "path": "string"}


def write(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Write ``windows-00000.parquet`` and so on, each of at most ``ROWS_A_FILE`` rows."""
    rows = (_named(each, from_anywhere(each)) for each in examples)
    batches = iter(lambda: list(islice(rows, ROWS_A_FILE)), [])
    for number, batch in enumerate(chain([next(batches, [])], batches)):
        _write_file(batch, folder / _name(number), COLUMNS, ROW_GROUP)


def write_with_audio(clips: Iterable[StoredClip], folder: Path, params: ExportParams) -> None:
    """The same with the clips as bytes, each file of about ``export_file_size``."""
    columns = {AUDIO: _AUDIO, **COLUMNS}
    batches = packed(clips, params.export_file_size)
    for number, batch in enumerate(chain([next(batches, [])], batches)):
        rows = (
            _named({**clip.described(), AUDIO: _audio(clip)}, clip.example["audio_filepath"])
            for clip in batch
        )
        _write_file(rows, folder / _name(number), columns, ROW_GROUP_WITH_AUDIO)


def _named(example: Example, audio: str) -> Example:
    """A row; of a name that is not UTF-8 there is what Parquet can hold."""
    names = {"audio_filepath": audio, "manifest_filepath": example["manifest_filepath"]}
    return example | {key: text.encode("utf-8", "replace").decode() for key, text in names.items()}


def _name(number: int) -> str:
    """Of a file; without any row there is one, with the columns."""
    return f"windows-{number:05}.parquet"


def _audio(clip: StoredClip) -> dict[str, Any]:
    return {"bytes": clip.read(), "path": clip.name}


def _write_file(rows: Iterable[Example], path: Path, columns: dict[str, Any], group: int) -> None:
    import pyarrow
    from pyarrow import parquet

    features = {name: _feature(kind) for name, kind in columns.items()}
    schema = pyarrow.schema(
        [(name, _arrow(kind)) for name, kind in columns.items()],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    left = iter(rows)
    with (
        files.written_whole(path) as file,
        parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        while some := list(islice(left, group)):
            writer.write_table(pyarrow.Table.from_pylist(some, schema))


def _arrow(kind: Any) -> Any:
    import pyarrow

    if isinstance(kind, list):
        return pyarrow.list_(_arrow(kind[0]))
    if isinstance(kind, dict):
        return pyarrow.struct([(name, _arrow(each)) for name, each in kind.items()])
    return getattr(pyarrow, kind)()


def _feature(kind: Any) -> Any:
    if kind is _AUDIO:
        return {"_type": "Audio"}
    if isinstance(kind, list):
        return [_feature(kind[0])]
    if isinstance(kind, dict):
        return {name: _feature(each) for name, each in kind.items()}
    return {"dtype": kind, "_type": "Value"}
