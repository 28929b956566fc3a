"""The windows that stay: the plain transcription as oracle, and the rules one by one."""

import copy
from itertools import pairwise
from typing import Any

import plain
import pytest
from helpers import same_json
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import overlap_settings, rows, window_settings

from alm import OverlapParams, WindowParams, build_windows, filter_overlaps
from alm.errors import ParameterError, RowError
from alm.windows.candidates import Spans, Windows
from alm.windows.filter import decide

Json = dict[str, Any]
Span = tuple[float, float]


def decided(spans: list[Span], params: OverlapParams) -> tuple[Json, list[int]]:
    """What is said of windows with these spans (start and end, seconds), and which of them stay."""
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    decision = decide(Windows([], [], [], starts, ends), Spans([], [], []), params)
    return decision.summary, decision.kept


def staying(spans: list[Span], params: OverlapParams) -> list[Span]:
    """The spans that stay."""
    return [(start, end) for end, start in decided(spans, params)[0]["filtered"]]


def both_stages(row: Json, builder: Json, overlap: Json, **more: Any) -> Json:
    window_params = WindowParams(**builder, **more)
    overlap_params = OverlapParams(**overlap).resolved(window_params)
    return filter_overlaps(build_windows(row, window_params), overlap_params)


# Against the oracle


@settings(max_examples=250)
@given(rows(), window_settings(), overlap_settings(), st.booleans())
def test_both_stages_are_the_plain_transcription(row, builder, overlap, loss_details):
    assume("start" not in builder.get("drop_fields", ""))  # has a test of its own
    row.pop("manifest_filepath", None)  # so has that
    before = copy.deepcopy(row)
    found = both_stages(row, builder, overlap, loss_details=loss_details)
    wanted = plain.curate_row(row, builder, overlap, loss_details=loss_details)
    assert same_json(found, wanted) is None
    assert same_json(row, before) is None, "the entry was changed"


@pytest.mark.parametrize("dropped", ["start", "end", "start, end", "words,start,end,speaker"])
def test_windows_without_their_times_are_refused(dropped):
    """Between the two functions a window's segments are all there is; the workflow keeps spans."""
    turns = [(k * 10, k * 10 + 10, "ab"[k % 2]) for k in range(9)]
    segments = [
        {"start": start, "end": end, "speaker": speaker, "metrics": {"bandwidth": 8000}}
        for start, end, speaker in turns
    ]
    row = {"audio_sample_rate": 16000, "segments": segments}
    with pytest.raises(RowError, match="filter the overlaps before dropping that field"):
        both_stages(row, {"target_window_duration": 30.0, "drop_fields": dropped}, {})


ticks = st.integers(0, 400)
spell = st.sampled_from([lambda t: t, lambda t: t * 0.1, lambda t: float(t), lambda t: t / 7])


@st.composite
def span_lists(draw: st.DrawFn) -> list[Span]:
    """Spans in any order, many of them alike, some empty, some ending before they start."""
    seconds = draw(spell)
    drawn = draw(st.lists(st.tuples(ticks, st.integers(-3, 200)), max_size=25))
    return [(seconds(start), seconds(start + length)) for start, length in drawn]


@settings(max_examples=300)
@given(span_lists(), st.sampled_from([0, 1e-9, 33, 50, 100 / 3, 99.9, 100]), st.floats(0.1, 300))
def test_any_spans_are_filtered_as_the_plain_transcription_does(spans, percentage, target):
    params = OverlapParams(overlap_percentage=percentage, target_duration=target)
    given_spans = list(spans)
    found, kept = decided(spans, params)
    settings = {"overlap_percentage": percentage, "target_duration": target}
    windows = [{"segments": [], "k": k} for k in range(len(spans))]
    wanted = plain.filter_overlaps(windows, [tuple(span) for span in spans], settings)
    found["filtered_windows"] = [windows[k] for k in kept]
    assert same_json(found, wanted) is None
    assert spans == given_spans


@settings(max_examples=100)
@given(rows(), window_settings(), overlap_settings())
def test_what_stays_is_some_of_what_was_there(row, builder, overlap):
    found = both_stages(row, {**builder, "drop_fields": ""}, overlap)
    assert all(window in found["windows"] for window in found["filtered_windows"])
    assert found["filtered"] == sorted(found["filtered"], key=lambda pair: (pair[1], pair[0]))
    assert bool(found["filtered"]) == bool(found["windows"])
    kept = {(round(end, 6), round(start, 6)) for end, start in found["filtered"]}
    wanted = [
        window
        for window, (end, start) in zip(
            found["windows"], found["total_dur_list_window_timestamps"], strict=True
        )
        if (round(end, 6), round(start, 6)) in kept
    ]
    assert found["filtered_windows"] == wanted


@settings(max_examples=100)
@given(span_lists())
def test_at_0_percent_no_two_windows_overlap(spans):
    spans = [span for span in spans if span[1] > span[0]]
    for one, other in pairwise(staying(spans, OverlapParams(overlap_percentage=0))):
        assert one[1] <= other[0]


@settings(max_examples=60)
@given(rows(), window_settings(), overlap_settings())
def test_without_keep_windows_only_they_are_missing(row, builder, overlap):
    builder["drop_fields"] = ""
    window_params = WindowParams(**builder)
    built = build_windows(row, window_params)
    before = copy.deepcopy(built)
    whole = filter_overlaps(built, OverlapParams(**overlap).resolved(window_params))
    brief = OverlapParams(**overlap, keep_windows=False).resolved(window_params)
    assert same_json({**filter_overlaps(built, brief), "windows": whole["windows"]}, whole) is None
    assert "windows" not in filter_overlaps(built, brief)
    assert same_json(built, before) is None, "the entry was changed"


# The rules, one by one


def stay(*spans: tuple[float, float], percentage: float = 50, target: float = 30) -> list[Span]:
    params = OverlapParams(overlap_percentage=percentage, target_duration=target)
    return staying([tuple(span) for span in spans], params)


def test_touching_windows_do_not_overlap():
    assert stay((0, 30), (30, 60), percentage=0) == [(0, 30), (30, 60)]
    assert stay((0, 30), (29.9, 60), percentage=0) == [(0, 30)]


def test_the_threshold_itself_is_an_overlap():
    assert stay((0, 30), (15, 45)) == [(0, 30)]
    assert stay((0, 30), (15.001, 45.001)) == [(0, 30), (15.001, 45.001)]


def test_the_share_is_that_of_the_shorter_one():
    assert stay((0, 100), (90, 110), target=100) == [(0, 100)]
    assert stay((0, 100), (91, 111), target=100) == [(0, 100), (91, 111)]


def test_at_100_percent_only_what_lies_within_another_goes():
    inside = stay((0, 30), (5, 25), (1, 31), percentage=100)
    assert inside == [(0, 30), (1, 31)]


@pytest.mark.parametrize(
    ("one", "other", "target", "left"),
    [
        ((0, 30), (5, 30), 30, (0, 30)),
        ((0, 30), (5, 30), 25, (5, 30)),
        ((0, 28), (1, 33), 30, (1, 33)),  # equally far: the longer one
        ((0, 32), (1, 29), 30, (0, 32)),
        ((0, 30), (1, 31), 30, (0, 30)),  # alike: the first
    ],
)
def test_the_one_nearer_to_the_target_stays(one, other, target, left):
    assert stay(one, other, target=target) == stay(other, one, target=target) == [left]


def test_a_removed_window_removes_nothing_any_more():
    # The second removes the first and goes on to remove the third, which the fourth just misses.
    assert stay((0, 20), (1, 31), (2, 24), (20, 50), percentage=40) == [(1, 31), (20, 50)]


def test_windows_of_one_span_go_together_or_stay_together():
    spans = [(0, 30), (0.0, 30.0), (40, 70), (0, 30.0000001)]
    found, kept = decided(spans, OverlapParams(overlap_percentage=50, target_duration=30))
    assert len(found["filtered"]) == 2
    assert kept == [0, 1, 2, 3]


def test_spans_are_written_as_end_and_start_in_window_order():
    spans = [(10, 40), (0, 30.5)]
    found, _ = decided(spans, OverlapParams(overlap_percentage=100))
    assert found["total_dur_list_window_timestamps"] == [[40, 10], [30.5, 0]]
    assert found["total_dur_list_window"] == [30, 30.5]
    assert found["filtered"] == [[30.5, 0], [40, 10]]
    assert found["filtered_dur_list"] == [30.5, 30]
    assert found["total_dur_window"] == found["filtered_dur"] == 60.5


def test_sums_are_plain_left_to_right():
    spans = [(1000 * k, 1000 * k + third) for k, third in enumerate([0.1, 0.2, 0.3] * 7)]
    total: float = 0
    for start, end in spans:
        total += end - start
    found, _ = decided(spans, OverlapParams())
    assert same_json(found["total_dur_window"], total) is None


@pytest.mark.parametrize("entry", [{}, {"windows": []}, {"windows": None, "stats": {}}])
def test_a_row_without_windows(entry):
    found = filter_overlaps({**entry, "id": 1}, OverlapParams())
    for name in ("total_dur_window", "filtered_dur"):
        assert same_json(found[name], 0.0) is None
    for name in (
        "total_dur_list_window",
        "total_dur_list_window_timestamps",
        "filtered",
        "filtered_dur_list",
        "filtered_windows",
    ):
        assert found[name] == []
    assert found["swift_filepath"] is None
    assert found["manifest_filepath"] is None
    assert found["id"] == 1


def test_the_paths():
    window = {"segments": [{"start": 0, "end": 30}]}
    entry = {"windows": [window], "stats": {"swift_path": "s"}, "manifest_filepath": "in/a.jsonl"}
    found = filter_overlaps(entry, OverlapParams())
    assert found["swift_filepath"] == "s"
    assert found["manifest_filepath"] == "in/a.jsonl"
    assert found["filtered_windows"] == [window]


# target_duration = None


@pytest.mark.parametrize("entry", [{"windows": []}, {"windows": [{"segments": []}]}])
def test_an_unresolved_target_is_refused(entry):
    unresolved = OverlapParams(target_duration=None)
    with pytest.raises(ParameterError, match="resolved"):
        decided([(0, 30), (1, 31)], unresolved)
    if not entry["windows"]:
        with pytest.raises(ParameterError, match="resolved"):
            filter_overlaps(entry, unresolved)


def test_none_means_the_target_of_the_windows():
    builder = WindowParams(target_window_duration=45.5)
    resolved = OverlapParams(40, None, keep_windows=False).resolved(builder)
    assert resolved == OverlapParams(40, 45.5, keep_windows=False)
    assert OverlapParams(40, 60).resolved(builder) == OverlapParams(40, 60)
    assert OverlapParams().resolved(builder).target_duration == 120.0
