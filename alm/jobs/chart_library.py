"""The script that draws the charts of the report, the same for every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from alm import files
from alm.compiled.folders import distrust, places
from alm.report import charts

DIGEST_BYTES = 16


def write_library(target: str | Path) -> None:
    """Write the script to a file; it takes a second or two to make, so it is kept for others."""
    with files.written_whole(target) as file:
        file.write(_library())


def _library() -> bytes:
    """The script that was kept, or else a new one, which is kept if there is a place."""
    kept = list(_kept())
    for path in kept:
        with suppress(OSError):
            content = path.read_bytes()
            digest, script = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
            if digest == _digest(script):
                return script
    script = charts.library().encode()
    for path in kept:
        with suppress(OSError), files.written_whole(path) as file:
            file.write(_digest(script) + script)
            break
    return script


def _kept() -> Iterator[Path]:
    """Where it may be kept, best first: beside the compiled modules, where nobody else writes."""
    name = _digest(f"{charts.VEGA_LITE} {version('vl-convert-python')}".encode()).hex()
    for place in places():
        with suppress(OSError):
            if distrust(place) is None:
                yield place / f"alm-{name}.js"


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()
