"""The compiled kernel says what its callers' Python says, or nothing.

The other tests run with the kernel, where there is one; here that Python is held to the same cases.
"""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from helpers import ROOT, expected_here, parity_cases, same_json
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import malformed_rows, overlap_settings, rows, window_settings

from alm import OverlapParams, WindowParams, build_windows, compiled, filter_overlaps
from alm.errors import RowError
from alm.records.record import encode, finish, make_record
from alm.rows import codec
from alm.rows.row import Timeline, parse_row
from alm.windows.build import Candidates, Windows, find_windows
from alm.windows.overlap import decide

Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("kernel")
SAMPLE = [
    json.loads(line)
    for path in sorted((ROOT / "workflow/sample/manifests").rglob("*.jsonl"))
    for line in path.read_bytes().splitlines()
]


@contextmanager
def plain_python() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "kernel", None)
        yield


def as_json(found: Candidates) -> Json:
    """All that the first stage finds, cut copies included."""
    parts = found._asdict()
    parts |= {name: parts[name]._asdict() for name in ("columns", "windows", "losses")}
    parts["cuts"] = [found.cuts.copies, found.cuts.starts, found.cuts.ends]
    return json.loads(json.dumps(parts))


@settings(max_examples=300)
@given(rows(), window_settings(), st.booleans())
def test_the_first_stage(row, builder, loss_details):
    params = WindowParams(**builder, loss_details=loss_details)
    before = copy.deepcopy(row)
    found = find_windows(row, params)
    with plain_python():
        wanted = find_windows(row, params)
    assert same_json(as_json(found), as_json(wanted)) is None
    assert same_json(row, before) is None


@settings(max_examples=200)
@given(rows(), window_settings(), overlap_settings(), st.booleans(), st.booleans())
def test_both_stages_to_the_byte(row, builder, overlap, loss_details, keep_windows):
    params = WindowParams(**builder, loss_details=loss_details)
    overlap_params = OverlapParams(**overlap, keep_windows=keep_windows).resolved(params)

    def stages() -> tuple[bytes, Any]:
        record = make_record(row, find_windows(row, params), b'"in.jsonl"', params)
        return encode(record), finish(record, overlap_params)

    found = stages()
    with plain_python():
        assert stages() == found


@settings(max_examples=150)
@given(malformed_rows(), window_settings())
def test_malformed_rows_are_refused_alike(malformed, builder):
    line, _ = malformed
    params = WindowParams(**builder)

    def refused() -> tuple[str, str] | None:
        try:
            find_windows(parse_row(line), params)
        except RowError as error:
            return error.reason, error.detail
        return None

    found = refused()
    with plain_python():
        assert refused() == found


times = st.integers(0, 400).map(lambda tick: tick * 0.1) | st.floats(-1e9, 1e9)
near = st.sampled_from([0.0, 4e-7, 1e-6, 9e-6, 1e-5, 0.1])


@st.composite
def windows(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    """When some windows start, mostly in order and some of them almost at once, and end."""
    starts = []
    for time, step in draw(st.lists(st.tuples(times, near), max_size=25)):
        starts += [time, time + step]
    if draw(st.sampled_from([True, True, False])):
        starts.sort()
    ends = [start + draw(st.integers(-3, 200)) * 0.1 + draw(near) for start in starts]
    return starts, ends


@settings(max_examples=400)
@given(windows(), st.sampled_from([0, 1e-9, 33, 50, 100 / 3, 99.9, 100]), st.floats(0.1, 300))
def test_which_windows_stay(given_windows, percentage, target):
    params = OverlapParams(overlap_percentage=percentage, target_duration=target)
    found = decide(*given_windows, params)
    with plain_python():
        wanted = decide(*given_windows, params)
    assert same_json(list(found), list(wanted)) is None


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=30) | st.from_regex(rb"[0-9]{15,25}", fullmatch=True)))
def test_long_digits(kernel, parts):
    text = b"".join(parts)
    assert kernel.has_long_digits(text) == bool(re.search(rb"[0-9]{19}", text))


@settings(max_examples=300)
@given(st.lists(st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=3), max_size=3)))
def test_joined_texts(values):
    text, offsets = codec.dumps_joined(values)
    assert [text[a : b - 1] for a, b in pairwise(offsets)] == [codec.dumps(one) for one in values]
    with plain_python():
        assert codec.dumps_joined(values) == (text, offsets)


@pytest.mark.parametrize(
    "text", [b"[1,\n,2]", b"[1]", b"[]", b"", b"[1,\n,2,\n,3,\n,4]", b"\n" * 9]
)
def test_texts_that_are_not_so_many_are_an_error(kernel: ModuleType, text: bytes) -> None:
    assert kernel.joined(b"[1,\n,20,\n,3]", 3) == (b"1,20,3", [0, 2, 5, 7])
    with pytest.raises((ValueError, SystemError)):
        kernel.joined(text, 3)


def test_the_parity_cases_without_the_kernel():
    different = {}
    with plain_python():
        for case in parity_cases():
            if case["error"] is None:
                built = build_windows(
                    case["entry"], WindowParams(**case["builder"], loss_details=True)
                )
                found = filter_overlaps(built, OverlapParams(**case["overlap"]))
                if difference := same_json(found, expected_here(case)):
                    different[case["id"]] = difference
    assert different == {}


# What is ordinary is done by the kernel, everything else is left alone


def test_it_does_the_sample(kernel: ModuleType) -> None:
    """Or it would be equal because it does nothing."""
    params = WindowParams()
    done = 0
    for row in SAMPLE:
        columns = Timeline(*kernel.timeline(row))
        if row["audio_sample_rate"] >= params.min_sample_rate:
            found = kernel.grow(row["segments"], columns, params)
            windows = Windows(*found[0])
            if windows.starts:
                done += len(kernel.decide(windows.starts, windows.ends, 0.5, 120.0)[1])
    assert done > 0


def a_row(**changed: Any) -> Json:
    segment = {"start": 0.0, "end": 9.0, "speaker": "a", "metrics": {"bandwidth": 8000}}
    return {"audio_sample_rate": 16000, "segments": [segment, segment | changed]}


@pytest.mark.parametrize(
    "row",
    [
        a_row() | {"audio_sample_rate": 10**400},
        a_row() | {"audio_sample_rate": True},
        a_row() | {"audio_sample_rate": float("nan")},
        a_row() | {"segments": []},
        a_row() | {"segments": {}},
        a_row() | {"segments": ["segment"]},
        a_row(start=1),
        a_row(end=None),
        a_row(end=float("nan")),
        a_row(end=1e291),
        a_row(speaker=7),
        a_row(metrics=None),
        a_row(metrics={"bandwidth": None}),
        a_row(metrics={"bandwidth": 2**53 + 1}),
        a_row(metrics={"bandwidth": 10**400}),
        a_row(metrics={"bandwidth": float("inf")}),
    ],
    ids=repr,
)
def test_out_of_the_ordinary_rows_are_left_alone(kernel: ModuleType, row: Json) -> None:
    assert kernel.timeline(a_row()) is not None
    assert kernel.timeline(row) is None


@pytest.mark.parametrize(
    "words",
    [None, "words", ["word"], [{"end": 2}], [{"end": True}], [{"end": 1e291}], [{"word": "a"}]]
    + [[{"end": 2.0, "word": word}] for word in (1, ["a"])],
    ids=repr,
)
def test_out_of_the_ordinary_words_are_left_alone(kernel: ModuleType, words: Any) -> None:
    params = WindowParams(target_window_duration=5)
    row = a_row(words=[{"end": 2.0, "word": "a"}])
    columns = Timeline(*kernel.timeline(row))
    assert kernel.grow(row["segments"], columns, params) is not None
    assert kernel.grow(a_row(words=words)["segments"], columns, params) is None


@pytest.mark.parametrize(
    "params",
    [WindowParams(min_bandwidth=2**53 + 1), WindowParams(2**60, tolerance=0)],
    ids=["bandwidth", "duration"],
)
def test_out_of_the_ordinary_parameters_are_left_alone(
    kernel: ModuleType, params: WindowParams
) -> None:
    row = a_row()
    columns = Timeline(*kernel.timeline(row))
    assert kernel.grow(row["segments"], columns, params) is None
    huge = WindowParams(min_speakers=10**30, max_speakers=10**30)
    assert kernel.grow(row["segments"], columns, huge) is not None


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ([], []),
        ([0.0, 1], [5.0, 6.0]),
        ([0.0, 1.0], [5.0, 6]),
        ([1.0, 0.0], [5.0, 6.0]),
        ([0.0, 0.0], [6.0, 5.0]),
    ],
)
def test_out_of_the_ordinary_windows_are_left_alone(
    kernel: ModuleType, starts: list[float], ends: list[float]
) -> None:
    assert kernel.decide(starts, ends, 0.5, 120.0) is None


@pytest.mark.parametrize(
    ("offsets", "stops", "talk"),
    [
        ([0, 3, 99], [2], b"[[0.0]]"),
        ([0, 3], [2], b"[[0.0]]"),
        ([-5, 3, 6], [2], b"[[0.0]]"),
        ([0, 3, 6], [99], b"[[0.0]]"),
        ([0, 3, 6], [2], b"[]"),
        ([0, 3, 6], [2], b""),
    ],
)
def test_a_damaged_record_is_an_error_not_a_crash(
    kernel: ModuleType, offsets: list[int], stops: list[int], talk: bytes
) -> None:
    def line(offsets: list[int], stops: list[int], talk: bytes) -> Any:
        chosen = Windows([0], stops, [-1], [0.0], [1.0], [1], [[0.0]])
        return kernel.line((b"<", [0], b">"), chosen, b"{1},{2}"[:5], offsets, talk)

    sound = b'<{"segments":[{1},{],"speaker_durations":[0.0]}>'
    assert line([0, 4, 6], [2], b"[[0.0]]") == sound
    with pytest.raises(IndexError):
        line(offsets, stops, talk)
