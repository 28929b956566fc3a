"""Refused rows: rows that cannot be processed, kept with the reason."""

from __future__ import annotations

from typing import Any

from alm.errors import InvalidRowError, RowError
from alm.input import Line, line_number
from alm.rows import codec

MAX_LINE_BYTES = 1 << 20


def refused_row(manifest: str, line: Line, error: RowError) -> dict[str, Any]:
    """A row of ``quarantine.jsonl``.

    ``line_number`` counts from 1 in what was read, so it is that of the manifest only when this
    was read from its beginning; ``byte_offset`` and ``byte_length`` (without the line break)
    always refer to the manifest, or to its decompressed text.
    """
    raw, length = line.raw.rstrip(b"\r\n"), line.length
    end = MAX_LINE_BYTES
    while len(raw) > end > MAX_LINE_BYTES - 4 and raw[end] & 0xC0 == 0x80:
        end -= 1  # not in the middle of a letter
    text = raw[:end].decode("utf-8", errors="replace")
    if length > end:
        text += f"… [cut after {end} of {length} bytes]"
    return {
        "manifest_filepath": manifest,
        "line_number": line.number,
        "byte_offset": line.offset,
        "byte_length": length,
        "reason": error.reason,
        "detail": error.detail,
        "line": text,
    }


def to_line(refused: dict[str, Any]) -> bytes:
    """A refused row as one line of JSON."""
    return codec.dumps(refused) + b"\n"


def stop_at(manifest: str, offset: int, error: RowError) -> InvalidRowError:
    """The error that ends a run which may not quarantine, naming file and line."""
    number = line_number(manifest, offset)
    return InvalidRowError(
        f"{manifest}, line {number} (byte {offset}): {error}. "
        "Repair the row, or quarantine such rows and go on."
    )
