"""The formats by name: each writes examples into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from alm.exports import conversation, lhotse, nemo, rttm, table
from alm.exports.example import Example
from alm.params import ExportParams

Write = Callable[[Iterable[Example], Path, ExportParams], None]

FORMATS: dict[str, Write] = {
    "lhotse": lhotse.write,
    "nemo": nemo.write,
    "salm": conversation.write_salm,
    "parquet": table.write,
    "rttm": rttm.write,
}
