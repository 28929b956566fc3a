"""What writes each format: a function of windows, a folder that exists, and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from alm.exports import audio, conversation, lhotse, moshi, nemo, rttm, table
from alm.params import ExportParams

Write = Callable[[Iterable[Any], Path, ExportParams], None]

_WRITERS: dict[str, Write] = {
    "lhotse": lhotse.write,
    "lhotse_shar": lhotse.write_shar,
    "nemo": nemo.write,
    "nemo_tarred": nemo.write_tarred,
    "salm": conversation.write_salm,
    "salm_tarred": conversation.write_salm_tarred,
    "chat": conversation.write_chat,
    "parquet": table.write,
    "rttm": rttm.write,
    "audio": audio.write,
    "webdataset": audio.write_webdataset,
    "moshi": moshi.write,
}


def writer(name: str, params: ExportParams) -> Write:
    """What writes a format from what :func:`alm.exports.formats.needs` says."""
    if name == "parquet" and params.parquet_audio:
        return table.write_with_audio
    return _WRITERS[name]
