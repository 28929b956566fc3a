"""A look at the first rows of a few manifests, before a run is planned.

A few rows that are refused are no reason to stop: they go to the quarantine. Where all that are
looked at are refused, so is the rest, and it can be said at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alm.errors import ManifestError, RowError
from alm.input.lines import Line, read_lines
from alm.input.ranges import ByteRange, Manifest, is_compressed
from alm.input.recognize import describe, missing_fields
from alm.input.remote import is_url
from alm.rows.row import parse_row
from alm.rows.timeline import timeline
from alm.text import counted

LARGEST_FILES, OTHER_FILES = 5, 20

PLACES = (0.0, 0.5, 0.9)
"""Where in a file that can be searched, as shares of its size."""

MOST_BYTES = 1 << 20
"""Of rows at each place: only the first of them may be longer."""


def check_first_rows(manifests: Sequence[Manifest]) -> None:
    """Look whether some rows of some manifests can be processed.

    Raises:
        ManifestError: none of them can. It names the first row, the field and the reason, what the
            file seems to be, and what to do.
    """
    first: tuple[str, Line, RowError] | None = None
    refused = 0
    for manifest in _some(manifests):
        for line in _some_lines(manifest):
            try:
                timeline(parse_row(line.text))
            except RowError as error:
                first = first or (manifest.path, line, error)
                refused += 1
            else:
                return
    if first is not None:
        raise ManifestError(_message(*first, refused))


def _message(path: str, line: Line, error: RowError, refused: int) -> str:
    others = f", and none of the {counted(refused, 'row')} looked at is one" if refused > 1 else ""
    hint = describe(path, line.raw, error) or "docs/input.md says what a row must have"
    return (
        f"{path!r}, line {line.number}, is no row of a manifest: {_why(line, error)}{others}.\n"
        f"{hint.rstrip('.')}."
    )


def _why(line: Line, error: RowError) -> str:
    """Why the first row was refused, with all fields that it misses."""
    if error.reason == "missing_field":
        missing = missing_fields(parse_row(line.text))
        if missing:
            return f"it has no {' and no '.join(missing)} [{error.reason}]"
    return str(error)


def _some(manifests: Sequence[Manifest]) -> list[Manifest]:
    """Some from the first to the last, and the largest, which have most of the rows."""
    step = max(1, len(manifests) // OTHER_FILES)
    largest = sorted(manifests, key=lambda manifest: -manifest.size)[:LARGEST_FILES]
    return list(dict.fromkeys([*manifests[::step], *largest]))


def _some_lines(manifest: Manifest) -> Iterator[Line]:
    """Lines that are not blank, from a few places; none of what cannot be read, which jobs say."""
    path, size, version = manifest
    whole = is_compressed(path) or is_url(path) or size <= MOST_BYTES
    for share in PLACES[:1] if whole else PLACES:
        span = ByteRange(path, int(share * size), size, version)
        try:
            yield from _within_bounds(span)
        except ManifestError:
            return


def _within_bounds(span: ByteRange) -> Iterator[Line]:
    held = 0
    for line in read_lines(span):
        held += len(line.raw) + line.beyond
        if not line.is_blank:
            yield line
        if held > MOST_BYTES:
            return
