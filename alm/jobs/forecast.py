"""How many bytes a run is going to write, from a few of its rows, before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alm.errors import ManifestError, RowError
from alm.input import ByteRange, Line, is_compressed, read_lines
from alm.input.remote import is_url
from alm.params import OverlapParams, WindowParams
from alm.records.budget import PIECE_BYTES
from alm.records.record import encode, finish, make_record, output_size
from alm.rows.row import parse_row
from alm.text import size
from alm.windows.build import find_windows

ROWS = 32
"""That are looked at, evenly spread over the bytes of the input: a few milliseconds, and up to a
second of recordings of a day."""


class Forecast(NamedTuple):
    """Bytes of some rows: as they are read, as records between two jobs, and as output.

    ``spelled`` are those of the output that are candidate windows.
    """

    read: int
    records: int
    output: int
    spelled: int


def forecast(
    ranges: Sequence[ByteRange], window: WindowParams, overlap: OverlapParams
) -> Forecast | None:
    """What becomes of a few rows of some byte ranges; None where none is at hand.

    Those of a URL are not: they would have to be fetched. Nor are those that cannot be read or
    processed, which the jobs will say.
    """
    read = records = output = spelled = 0
    for line in _some_lines(ranges):
        read += line.length
        try:
            row = parse_row(line.text)
            record = make_record(row, find_windows(row, window), b"null", window)
        except RowError:
            continue
        records += len(encode(record))
        made = output_size(record, overlap)
        spelled += made.candidates
        if made.whole > PIECE_BYTES:
            output += made.whole
        else:
            output += sum(map(len, finish(record, overlap).pieces))
    return Forecast(read, records, output, spelled) if read else None


def _some_lines(ranges: Sequence[ByteRange]) -> Iterator[Line]:
    at_hand = [span for span in ranges if not is_url(span.path)]
    total = sum(span.stop - span.start for span in at_hand)
    looked_at = set()
    places = iter([k * total // ROWS for k in range(ROWS)])
    place = next(places)
    before = 0
    for span in at_hand:
        reached = before + span.stop - span.start
        while place < reached:
            start = span.start if is_compressed(span.path) else span.start + place - before
            line = _first_line(span._replace(start=start))
            if line is not None and (span.path, line.offset) not in looked_at:
                looked_at.add((span.path, line.offset))
                yield line
            place = next(places, total)
        before = reached


def _first_line(span: ByteRange) -> Line | None:
    try:
        return next((line for line in read_lines(span) if not line.is_blank), None)
    except ManifestError:
        return None


def to_write(made: Forecast, *, build: float, overlap: float, merge: float, free: int) -> str:
    """What a run is going to write, and what to do where that is more than there is room for.

    Args:
        made: of some of its rows.
        build, overlap, merge: the bytes of manifests that each of these still has to do.
        free: bytes on the disk.
    """
    build, overlap, merge = (part / made.read for part in (build, overlap, merge))
    whole = round(build * made.records + (overlap + merge) * made.output)
    text = f"about {size(whole)} to write, by {ROWS} rows of the input; {size(free)} are free"
    if whole <= free:
        return text
    advice = []
    if made.spelled:
        less = whole - round((overlap + merge) * made.spelled)
        advice.append(f"keep_windows: false (about {size(less)} then)")
    if merge:
        less = whole - round(merge * made.output)
        advice.append(f"merge: false (about {size(less)} then)")
    advice.append("an output_dir on a larger disk")
    return f"warning: {text}: more than there is room for. Set {', or '.join(advice)}"
