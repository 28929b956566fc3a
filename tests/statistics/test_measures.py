"""The compiled measures say what the Python of their names says, or nothing.

That the Python counts what it should is for tests/test_statistics.py.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import overlap_settings, rows, window_settings

from alm import OverlapParams, Stats, WindowParams, compiled
from alm.records.record import Record, decode, encode, finish, make_record
from alm.statistics import measures as by_name
from alm.statistics.survey import survey_row, survey_windows
from alm.windows.build import Windows, find_windows

pytestmark = pytest.mark.usefixtures("measures")
SAMPLE = [
    json.loads(line)
    for path in sorted((ROOT / "workflow/sample/manifests").rglob("*.jsonl"))
    for line in path.read_bytes().splitlines()
]
PARAMS = WindowParams()


@contextmanager
def plain_python() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "measures", None)
        yield


@settings(max_examples=300)
@given(rows(), window_settings(), overlap_settings())
def test_the_survey_of_any_row(row, builder, overlap):
    params = WindowParams(**builder)
    found = find_windows(row, params)
    record = decode(encode(make_record(row, found, b'"in.jsonl"', params)))
    kept = finish(record, OverlapParams(**overlap).resolved(params)).kept

    def surveyed() -> list[Any]:
        stats, survey = Stats(), Stats()
        survey_row(row, found, params, survey)
        survey_windows(record, kept, stats, survey)
        return [stats.to_json(), survey.to_json()]

    compiled_ones = surveyed()
    with plain_python():
        assert surveyed() == compiled_ones


hertz = st.integers(-3, 200).map(lambda k: k * 50) | st.floats(-1e12, 1e12) | st.integers()
edges = st.sampled_from([0, -0.0, 99.99999999999999, 100.0, -5e-324, 1e9, 1e9 + 1, -1e10, 2**53])
seconds = st.integers(0, 300).map(lambda tick: tick * 0.1)


@settings(max_examples=300)
@given(st.lists(st.tuples(hertz | edges, seconds)), st.integers(0, 9000) | st.floats(0, 9000))
def test_bandwidths(segments, enough):
    bandwidths, durations = [one for one, _ in segments], [one for _, one in segments]
    found = by_name.by_bandwidth(bandwidths, durations, enough)
    with plain_python():
        assert by_name.by_bandwidth(bandwidths, durations, enough) == found


intervals = st.tuples(seconds, st.integers(-2, 80).map(lambda tick: tick * 0.1))


@settings(max_examples=300)
@given(st.lists(intervals, min_size=1, max_size=20), st.booleans())
def test_disorder(found_intervals, strictly):
    starts = sorted({start for start, _ in found_intervals}) if strictly else None
    starts = starts or [start for start, _ in found_intervals]
    lengths = [length for _, length in found_intervals][: len(starts)]
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    durations = [end - start for start, end in zip(starts, ends, strict=True)]
    found = by_name.disorder(starts, ends, durations)
    with plain_python():
        assert by_name.disorder(starts, ends, durations) == found


def a_record(starts: list[Any], ends: list[Any], windows: list[tuple[int, int, int]]) -> Record:
    firsts, stops, cuts = map(list, zip(*windows, strict=True))
    begins = [starts[first] for first in firsts]
    reached = [ends[cut if cut >= 0 else stop - 1] for _, stop, cut in windows]
    columns = Windows(firsts, stops, cuts, begins, reached, [2] * len(firsts), [])
    return Record(columns, None, [], starts, ends, 0, 0, b"", b"", b"", b"", b"")


@st.composite
def records(draw: st.DrawFn) -> tuple[Record, list[int]]:
    """Segments that overlap, are nested or last no time, cut copies, and windows over them."""
    times = draw(st.lists(intervals, min_size=2, max_size=12))
    starts, ends = [start for start, _ in times], [start + length for start, length in times]
    windows = []
    for first in range(len(times)):
        stop = draw(st.integers(first + 1, len(times)))
        cut = -1
        if stop < len(times) and draw(st.booleans()):
            cut = len(starts)
            starts.append(starts[stop])
            ends.append(draw(st.sampled_from([starts[stop], ends[stop], starts[stop] + 0.05])))
        windows.append((first, stop, cut))
    kept = draw(st.sets(st.integers(0, len(windows) - 1)))
    return a_record(starts, ends, windows), sorted(kept)


@settings(max_examples=400)
@given(records())
def test_speech(given_record):
    record, kept = given_record
    windows = record.windows
    found = by_name.heard(record, kept)
    args = record.starts, record.ends, windows.firsts, windows.stops, windows.cuts, kept
    assert compiled.measures.heard(*args) is not None
    with plain_python():
        assert by_name.heard(record, kept) == found


# What is ordinary is done by the compiled functions, everything else is left alone


def test_they_do_the_sample(measures: ModuleType) -> None:
    """Or they would be equal because they do nothing."""
    speech = 0.0
    for row in SAMPLE:
        found = find_windows(row, PARAMS)
        starts, ends, durations, bandwidths, *_ = found.columns
        bins, _ = measures.by_bandwidth(bandwidths, durations, 8000, 100, 1e9)
        assert len(bins) == len(starts)
        assert measures.words_outside(row["segments"], starts, ends) is not None
        windows = found.windows
        starts, ends = [*starts, *found.cuts.starts], [*ends, *found.cuts.ends]
        every = list(range(len(windows.firsts)))
        speech += sum(
            measures.heard(starts, ends, windows.firsts, windows.stops, windows.cuts, every)[3]
        )
    assert speech > 0
    ordered = [row for row in SAMPLE if measures.disorder(*find_windows(row, PARAMS).columns[:2])]
    assert len(ordered) > len(SAMPLE) / 2


@pytest.mark.parametrize(
    ("starts", "ends"),
    [([0.0, 1], [5.0, 6.0]), ([0.0, 1.0], [5.0, 6]), ([0.0, 1.0], [5.0]), ([1.0, 1.0], [5.0, 6.0])],
)
def test_out_of_the_ordinary_times_are_left_alone(
    measures: ModuleType, starts: list[float], ends: list[float]
) -> None:
    assert measures.disorder([0.0, 1.0], [5.0, 6.0]) == (0, 1, 0, 0, 0)
    assert measures.disorder(starts, ends) is None


@pytest.mark.parametrize("bandwidth", [None, True, "8000", 2**53 + 1, 10**400, float("inf")])
def test_out_of_the_ordinary_bandwidths_are_left_alone(
    measures: ModuleType, bandwidth: Any
) -> None:
    assert measures.by_bandwidth([8050], [1.0], 8000, 100, 1e9) == ([8000], 1.0)
    assert measures.by_bandwidth([bandwidth], [1.0], 8000, 100, 1e9) is None
    assert measures.by_bandwidth([8050], [1], 8000, 100, 1e9) is None
    assert measures.by_bandwidth([8050], [1.0], 2**60 + 1, 100, 1e9) is None


@pytest.mark.parametrize(
    "words",
    ["words", {"start": 0.0}, ["word"], [{"start": 0, "end": 1.0}], [{"start": 0.0, "end": None}]],
    ids=repr,
)
def test_out_of_the_ordinary_words_are_left_alone(measures: ModuleType, words: Any) -> None:
    sound: list[Any] = [{"words": [{"start": 0.5, "end": 9.5}]}, {}, {"words": []}, {"words": None}]
    assert measures.words_outside(sound, [1.0] * 4, [9.0] * 4) == 1
    assert measures.words_outside([{"words": words}], [1.0], [9.0]) is None


@pytest.mark.parametrize(
    "window",
    [(0, 3, -1), (-1, 1, -1), (1, 1, -1), (0, 10**12, -1), (0, 1, 2), (0, 2, 1)],
)
def test_a_damaged_record_is_left_alone(measures: ModuleType, window: tuple[int, int, int]) -> None:
    def heard(window: tuple[int, int, int], kept: list[int]) -> Any:
        return measures.heard([0.0, 2.0], [1.0, 5.0], *([number] for number in window), kept)

    assert heard((0, 2, -1), [0]) == (4.0, 4.0, 5.0, [4.0], [1.0])
    assert heard(window, [0]) is None
    for kept in ([1], [-1], [0, 0]):
        assert heard((0, 2, -1), kept) is None
