"""Checksums of lines are the same however a file is cut, read or compressed."""

import io
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers import of_lines
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_hexdigest

from alm.input import ByteRange, digests, read_lines
from alm.input.digests import digest_lines, line_digest

CONTENT = st.lists(st.sampled_from([b"\n", b"\r\n", b" ", b"a", b"bc" * 40, b"\xff"])).map(b"".join)


@given(CONTENT, st.lists(st.integers(0, 400)), st.integers(2, 90))
def test_any_ranges_of_a_manifest(content: bytes, cuts: list[int], longest: int) -> None:
    """Lines that are too long, of which only the beginning is kept, count in full."""
    borders = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    with TemporaryDirectory() as folder:
        path = Path(folder, "m.jsonl")
        path.write_bytes(content)
        found = b"".join(
            line.digest
            for start, stop in pairwise(borders)
            for line in read_lines(ByteRange(str(path), start, stop), longest)
        )
    assert xxh3_128_hexdigest(found) == of_lines(content)


@given(CONTENT, st.integers(1, 60))
def test_in_pieces(content: bytes, piece: int) -> None:
    before, digests.PIECE = digests.PIECE, piece
    try:
        found = list(digest_lines(io.BytesIO(content + b"beyond\n"), len(content)))
    finally:
        digests.PIECE = before
    lines = list(io.BytesIO(content))
    assert found == [(line_digest(line), len(line)) for line in lines]
