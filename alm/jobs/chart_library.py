"""The script that draws the charts of the report, the same for every run."""

from __future__ import annotations

from pathlib import Path

from alm import files
from alm.report import charts


def write_library(target: str | Path) -> None:
    """Write the script to a file; it takes a second or two to make."""
    with files.written_whole(target) as file:
        file.write(charts.library().encode())
