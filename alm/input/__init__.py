"""Find manifests, cut them into byte ranges, read the lines of a range.

A manifest is a file with one JSON object a line. A line belongs to the range in which it starts,
so ranges need no look at the content: file sizes are enough to plan a run. It may lie on a disk
or behind a URL, plain or compressed; code that reads lines need not know.
"""

from alm.input.find import (
    discover,
    find_manifests,
    has_changed,
    hidden_note,
    stat,
    whole_file,
)
from alm.input.lines import LONGEST_LINE, Line, line_number, read_lines
from alm.input.ranges import ByteRange, Manifest, cut_evenly, is_compressed
from alm.input.remote import is_url

__all__ = [
    "LONGEST_LINE",
    "ByteRange",
    "Line",
    "Manifest",
    "cut_evenly",
    "discover",
    "find_manifests",
    "has_changed",
    "hidden_note",
    "is_compressed",
    "is_url",
    "line_number",
    "read_lines",
    "stat",
    "whole_file",
]
