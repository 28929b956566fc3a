"""Windows as Parquet, a row each: for ``datasets``, DuckDB, Polars.

The schema carries the features of Hugging Face ``datasets`` under the key ``huggingface``, so that
``load_dataset("parquet", …)`` has nested segments as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from alm import files
from alm.exports.example import Example
from alm.params import ExportParams

ROW_GROUP = 1_000
ROWS_A_FILE = 100_000

_WORD = {"word": "string", "start": "float64", "end": "float64"}
_TURN = {"start": "float64", "end": "float64", "speaker": "string", "text": "string"}
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
}
"""Names of types; a list holds what it is a list of, a dict the fields of a struct."""


def write(examples: Iterable[Example], folder: Path, params: ExportParams) -> None:
    """Write ``windows-00000.parquet`` and so on, each of at most ``ROWS_A_FILE`` rows."""
    rows = iter(examples)
    first = list(islice(rows, 1))
    number = 0
    while first or not number:  # without any row, a file with the columns
        some = chain(first, islice(rows, ROWS_A_FILE - 1))
        _write_file(some, folder / f"windows-{number:05}.parquet")
        first = list(islice(rows, 1))
        number += 1


def _write_file(rows: Iterator[Example], path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    features = {"info": {"features": {name: _feature(kind) for name, kind in COLUMNS.items()}}}
    schema = pyarrow.schema(
        [(name, _arrow(kind)) for name, kind in COLUMNS.items()],
        metadata={"huggingface": json.dumps(features)},
    )
    with (
        files.written_whole(path) as file,
        parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        while group := list(islice(rows, ROW_GROUP)):
            writer.write_table(pyarrow.Table.from_pylist(group, schema))


def _arrow(kind: Any) -> Any:
    import pyarrow

    if isinstance(kind, list):
        return pyarrow.list_(_arrow(kind[0]))
    if isinstance(kind, dict):
        return pyarrow.struct([(name, _arrow(each)) for name, each in kind.items()])
    return getattr(pyarrow, kind)()


def _feature(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_feature(kind[0])]
    if isinstance(kind, dict):
        return {name: _feature(each) for name, each in kind.items()}
    return {"dtype": kind, "_type": "Value"}
