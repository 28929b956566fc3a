"""The line of a row, joined of its pieces."""

import pytest

from alm.records.spelling import line
from alm.windows.candidates import Windows

SEGMENTS = b"{1},{2},{3}"
OFFSETS = [0, 4, 8, 12]
"""Of two segments and a cut copy."""


def windows(stops: list[int], cuts: list[int]) -> Windows:
    count = len(stops)
    return Windows([0] * count, stops, cuts, [0.0] * count, [1.0] * count)


def test_windows_are_spelled_out_where_their_numbers_stand():
    chosen = windows([2, 1, 1], [-1, 2, -1])
    parts = (b"<", [0, 1], b"|", [], b"|", [2], b">")
    assert line(parts, chosen, SEGMENTS, OFFSETS, b"[[1.5],[2.5],[3.5]]") == (
        b'<{"segments":[{1},{2}],"speaker_durations":[1.5]},'
        b'{"segments":[{1},{3}],"speaker_durations":[2.5]}'
        b'||{"segments":[{1}],"speaker_durations":[3.5]}>'
    )


def test_windows_may_have_a_profile():
    chosen = windows([2, 1, 1], [-1, 2, -1])
    parts = (b"<", {0: b'{"turns":1}', 1: b"{}"}, b"|", [2], b"|", {}, b"|", {2: b"7"}, b">")
    assert line(parts, chosen, SEGMENTS, OFFSETS, b"[[1.5],[2.5],[3.5]]") == (
        b'<{"segments":[{1},{2}],"speaker_durations":[1.5],"profile":{"turns":1}},'
        b'{"segments":[{1},{3}],"speaker_durations":[2.5],"profile":{}}'
        b'|{"segments":[{1}],"speaker_durations":[3.5]}||'
        b'{"segments":[{1}],"speaker_durations":[3.5],"profile":7}>'
    )


@pytest.mark.parametrize(
    ("offsets", "stops", "talk"),
    [
        ([0, 4, 99], [2], b"[[0.0]]"),
        ([0, 4], [2], b"[[0.0]]"),
        ([-5, 4, 8], [2], b"[[0.0]]"),
        (OFFSETS, [99], b"[[0.0]]"),
        (OFFSETS, [2], b"[]"),
        (OFFSETS, [2], b""),
    ],
)
def test_a_damaged_record_is_an_error_not_a_crash(
    offsets: list[int], stops: list[int], talk: bytes
) -> None:
    with pytest.raises(IndexError):
        line((b"<", [0], b">"), windows(stops, [-1]), SEGMENTS, offsets, talk)
