"""Candidate windows: the plain transcription as oracle, and the rules one by one."""

import copy
import json
from typing import Any

import plain
import pytest
from helpers import same_json
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import malformed_rows, rows, window_settings

from alm import WindowParams, build_windows
from alm.errors import RowError

Json = dict[str, Any]


def params(settings: Json, **more: Any) -> WindowParams:
    return WindowParams(**{**settings, **more})


def plainly(row: Json, settings: Json, loss_details: bool = False) -> Json:
    """The row after the first stage, by the plain transcription."""
    settings = {**plain.BUILDER_DEFAULTS, **settings}
    built, _ = plain.build_windows(row, settings, loss_details)
    return {**plain.without(row, plain.names(settings["drop_fields_top_level"])), **built}


def segment(start: float, end: float, speaker: str | None = "a", **more: Any) -> Json:
    return {
        "start": start,
        "end": end,
        "speaker": speaker,
        "metrics": {"bandwidth": 8000},
        **more,
    }


def a_row(*segments: Json, **more: Any) -> Json:
    return {"audio_sample_rate": 16000, "segments": list(segments), **more}


def spans(built: Json) -> list[tuple[float, float]]:
    return [(w["segments"][0]["start"], w["segments"][-1]["end"]) for w in built["windows"]]


# Against the oracle


@settings(max_examples=250)
@given(rows(), window_settings(), st.booleans())
def test_build_windows_is_the_plain_transcription(row, settings, loss_details):
    before = copy.deepcopy(row)
    built = build_windows(row, params(settings, loss_details=loss_details))
    assert same_json(built, plainly(row, settings, loss_details)) is None
    assert same_json(row, before) is None, "the entry was changed"


@settings(max_examples=60)
@given(rows(), window_settings(), st.sampled_from(["metrics,speaker", "start,end", "words"]))
def test_drop_fields_shape_only_the_output(row, settings, dropped):
    whole = build_windows(row, params(settings, drop_fields="", loss_details=True))
    shaped = build_windows(row, params(settings, drop_fields=dropped, loss_details=True))
    names = plain.names(dropped)

    def shape(segments: list[Json]) -> list[Json]:
        return [plain.without(each, names) for each in segments]

    for window in whole["windows"]:
        window["segments"] = shape(window["segments"])
    for loss in whole["stats"]["lost_win_full_data"]:
        loss["window_segs"] = shape(loss["window_segs"])
        loss["next_seg"], loss["prev_seg"] = shape([loss["next_seg"], loss["prev_seg"]])
    assert same_json(shaped, whole) is None


@settings(max_examples=60)
@given(rows(), window_settings())
def test_every_segment_is_accounted_for(row, settings):
    built = build_windows(row, params(settings))
    stats = built["stats"]
    lost = sum(stats[f"lost_{reason}"] for reason in ("bw", "sr", "spk", "win"))
    assert len(built["windows"]) + lost == stats["total_segments"] == len(row["segments"])
    assert stats["lost_no_spkr"] + stats["lost_next_seg_bm"] <= stats["lost_win"]


@settings(max_examples=60)
@given(rows(), window_settings())
def test_windows_keep_their_promises(row, settings):
    p = params(settings, drop_fields="")
    for window in build_windows(row, p)["windows"]:
        inside = window["segments"]
        assert len(inside) >= 2
        assert p.shortest <= inside[-1]["end"] - inside[0]["start"] <= p.longest
        speakers = {each["speaker"] for each in inside if each.get("speaker")}
        assert p.min_speakers <= len(speakers) <= p.max_speakers
        assert "no-speaker" not in speakers
        assert all(plain.bandwidth(each) >= p.min_bandwidth for each in inside)
        assert len(window["speaker_durations"]) == 5


@given(malformed_rows(), window_settings(), window_settings())
def test_what_is_refused_is_refused_at_every_setting(malformed, one, other):
    line, _ = malformed
    try:
        row = json.loads(line)
    except ValueError:
        return
    if not isinstance(row, dict):
        return
    reasons = []
    for chosen in (one, other, {"min_sample_rate": 1e9}, {"min_bandwidth": 1e9}):
        try:
            build_windows(row, params(chosen))
        except RowError as error:
            reasons.append((error.reason, error.detail))
        else:
            reasons.append(("sound", ""))
    assert len(set(reasons)) == 1


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([-1, 0, 1, 2, 7, 0.5, 7.25, 20, 20.0]),
            st.sampled_from([0, 5, 5.0, 10, 3.75, 0.1 + 0.2]),
            st.sampled_from(["a", "b", "c", "d", None]),
        ),
        max_size=12,
    ),
    st.sampled_from([0, 0.5, 2**53, 2.0**53, 2**60, 10**25, -(2**54)]),
)
def test_a_window_that_moves_on_is_one_grown_anew(steps, offset):
    """Ints among floats, equal starts, steps back, times that are no doubles any more."""
    row = a_row()
    at = offset
    for step, length, speaker in steps:
        at = at + step
        row["segments"].append(segment(at, at + length, speaker))
    settings = {"target_window_duration": 20, "tolerance": 0.9, "max_speakers": 3}
    assert same_json(build_windows(row, params(settings)), plainly(row, settings)) is None


def test_equal_sums_keep_the_order_of_speakers_when_the_window_moves_on():
    row = a_row(segment(0, 2), segment(2.0, 7.0, "b"), segment(7, 12))
    built = build_windows(row, WindowParams(target_window_duration=11))
    assert same_json(built, plainly(row, {"target_window_duration": 11})) is None
    assert repr(built["windows"][1]["speaker_durations"]) == "[5.0, 5, 0.0, 0.0, 0.0]"


def test_a_window_does_not_move_on_where_integers_are_no_doubles():
    """From a later start, a float, the last segment reaches farther: its end is rounded up."""
    far, chosen = 2**53, {"target_window_duration": 16, "tolerance": 0.25}
    row = a_row(
        segment(far - 17, far - 10),
        segment(float(far - 17), far - 5, "b"),
        segment(far - 4, far + 3, "a"),
    )
    built = build_windows(row, params(chosen))
    assert same_json(built, plainly(row, chosen)) is None
    assert built["truncation_events"] == 1


# The rules, one by one; 30 s ± 0.1 accepts 27 to 33 s

BOUNDS = WindowParams(target_window_duration=30.0, tolerance=0.1, drop_fields="")


@pytest.mark.parametrize(
    ("end", "accepted"),
    [(26.999, False), (27.0, True), (27, True), (33.0, True), (33, True), (33.001, False)],
)
def test_the_bounds_of_a_window_are_included(end, accepted):
    row = a_row(segment(0, 10), segment(10, end, "b"))
    built = build_windows(row, BOUNDS)
    assert spans(built) == ([(0, end)] if accepted else [])


def test_a_window_needs_two_segments():
    alone = a_row(segment(0, 30.0, "a"))
    one_speaker = WindowParams(target_window_duration=30.0, min_speakers=1)
    assert build_windows(alone, one_speaker)["stats"]["lost_win"] == 1


@pytest.mark.parametrize(("rate", "windows"), [(15999.9, 0), (16000, 1), (16000.0, 1)])
def test_a_row_below_the_sample_rate_keeps_its_fields_and_gives_no_window(rate, windows):
    row = {**a_row(segment(0, 10), segment(10, 30, "b")), "audio_sample_rate": rate, "id": 7}
    built = build_windows(row, BOUNDS)
    assert len(built["windows"]) == windows
    assert built["id"] == 7
    assert "segments" not in built
    if not windows:
        assert built["stats"]["lost_sr"] == 2
        assert built["stats"]["dur_lost_sr"] == built["stats"]["total_dur"] == 30
        assert built["stats"]["lost_win"] == 0


@pytest.mark.parametrize(("bandwidth", "lost"), [(7999.999, 1), (8000, 0), (8000.0, 0)])
def test_bandwidth_is_a_lower_bound(bandwidth, lost):
    poor = segment(0, 10, metrics={"bandwidth": bandwidth})
    row = a_row(poor, segment(10, 30, "b"))
    assert build_windows(row, BOUNDS)["stats"]["lost_bw"] == lost


@pytest.mark.parametrize("missing", [{}, {"metrics": {}}, {"metrics": {"snr": 3}}])
def test_without_bandwidth_it_is_zero(missing):
    bare = {"start": 0, "end": 10, "speaker": "a", **missing}
    assert build_windows(a_row(bare), BOUNDS)["stats"]["lost_bw"] == 1
    anything = WindowParams(target_window_duration=30.0, min_bandwidth=0)
    assert build_windows(a_row(bare), anything)["stats"]["lost_bw"] == 0


def test_poor_bandwidth_ends_the_growth_and_names_what_stopped_it():
    poor = segment(10, 20, "b", metrics={"bandwidth": 100})
    stats = build_windows(a_row(segment(0, 10), poor, segment(20, 30)), BOUNDS)["stats"]
    assert (stats["lost_win"], stats["lost_next_seg_bm"], stats["lost_bw"]) == (2, 1, 1)
    assert (stats["dur_lost_win"], stats["dur_lost_next_seg_bm"]) == (20.0, 10.0)


@pytest.mark.parametrize("quiet", [None, "", "absent"])
def test_a_segment_without_a_speaker_counts_for_nobody(quiet):
    middle = segment(10, 20, quiet)
    if quiet == "absent":
        del middle["speaker"]
    built = build_windows(a_row(segment(0, 10), middle, segment(20, 30, "b")), BOUNDS)
    (window,) = built["windows"]
    assert window["speaker_durations"] == [10, 10, 0.0, 0.0, 0.0]
    assert len(window["segments"]) == 3


def test_no_speaker_ends_the_growth():
    row = a_row(segment(0, 10), segment(10, 20, "no-speaker"), segment(20, 30, "b"))
    stats = build_windows(row, BOUNDS)["stats"]
    assert stats["lost_win"] == 3
    assert stats["lost_no_spkr"] == 2


def test_one_speaker_too_many_ends_the_growth():
    row = a_row(*(segment(10 * k, 10 * k + 10, f"s{k}") for k in range(3)))
    two = WindowParams(target_window_duration=20.0, min_speakers=1, max_speakers=2)
    assert spans(build_windows(row, two)) == [(0, 20), (10, 30)]
    thirty = WindowParams(target_window_duration=30.0, min_speakers=1, max_speakers=2)
    assert spans(build_windows(row, thirty)) == []


def test_too_few_speakers():
    built = build_windows(a_row(segment(0, 10), segment(10, 30)), BOUNDS)
    assert built["stats"]["lost_spk"] == 1
    assert built["stats"]["dur_lost_spk"] == 10.0


def test_the_five_who_talk_most_in_descending_order():
    row = a_row(*(segment(5 * k, 5 * k + 5 - k * 0.5, f"s{k}") for k in range(6)))
    six = WindowParams(target_window_duration=27.5, tolerance=0.01, max_speakers=6)
    (window,) = build_windows(row, six)["windows"]
    assert window["speaker_durations"] == [5.0, 4.5, 4.0, 3.5, 3.0]


WORDS = [{"word": f"w{at}", "start": at, "end": at + 2} for at in range(20, 40, 2)]


@pytest.mark.parametrize(("truncation", "wanted", "events"), [(True, [(0, 32)], 2), (False, [], 0)])
def test_the_segment_that_crosses_the_bound_is_cut_after_a_word(truncation, wanted, events):
    row = a_row(segment(0, 20), segment(20, 60, "b", words=WORDS, text="all"))
    p = WindowParams(target_window_duration=30.0, truncation=truncation, drop_fields="")
    built = build_windows(row, p)
    assert spans(built) == wanted
    assert built["truncation_events"] == events
    if wanted:
        cut = built["windows"][0]["segments"][1]
        assert cut["text"] == "w20 w22 w24 w26 w28 w30"
        assert cut["words"] == WORDS[:6]
        assert row["segments"][1]["end"] == 60


def test_a_segment_that_starts_at_the_bound_is_not_cut():
    def events(start: float) -> int:
        row = a_row(segment(0, 20), segment(start, 60, "b", words=WORDS))
        return build_windows(row, BOUNDS)["truncation_events"]

    assert events(33.0) == 0
    assert events(32.999) == 1


@pytest.mark.parametrize(
    "words", ["text", [3], [{"word": "a", "end": [3]}], [{"word": "a", "end": "3"}]]
)
def test_malformed_words_are_refused_when_the_segment_is_cut_and_only_then(words):
    row = a_row(segment(0, 20), segment(20, 40, "b", words=words))
    with pytest.raises(RowError):
        build_windows(row, BOUNDS)
    uncut = WindowParams(target_window_duration=30.0, truncation=False)
    assert build_windows(row, uncut)["windows"] == []


@pytest.mark.parametrize("speaker", ["c", "no-speaker"])
def test_the_words_are_looked_at_before_the_speaker_is(speaker):
    """SEMANTICS.md cuts a copy first and decides by its speaker then: the reference refuses."""
    row = a_row(
        segment(0, 10, "a"),
        segment(10, 20, "b"),
        segment(20, 40, speaker, words=[{"word": "no time", "end": "?"}]),
        segment(40, 41, "a", metrics={"bandwidth": 0}),
    )
    chosen = {"target_window_duration": 30.0, "max_speakers": 2}
    with pytest.raises(TypeError):
        plainly(row, chosen)
    with pytest.raises(RowError):
        build_windows(row, WindowParams(**chosen))


def test_loss_details_name_what_was_tried():
    first, poor = segment(0, 10, id=1), segment(10, 20, "b", metrics={"bandwidth": 1}, id=2)
    last = segment(20, 30, id=3)
    p = WindowParams(target_window_duration=30.0, drop_fields="metrics, speaker", loss_details=True)
    details = build_windows(a_row(first, poor, last), p)["stats"]["lost_win_full_data"]

    def brief(each: Json) -> Json:
        return {name: each[name] for name in ("start", "end", "id")}

    assert details == [
        {
            "index": 0,
            "window_segs": [brief(first)],
            "next_seg": brief(poor),
            "prev_seg": brief(first),
        },
        {
            "index": 2,
            "window_segs": [brief(last)],
            "next_seg": brief(last),
            "prev_seg": brief(poor),
        },
    ]


def test_computed_fields_replace_those_of_the_row_and_cannot_be_dropped():
    row = a_row(windows="stale", stats="stale", truncation_events="stale", words=[], kept=1)
    dropped = "windows, stats,segments , kept"
    built = build_windows(row, WindowParams(drop_fields_top_level=dropped))
    assert built["windows"] == []
    assert built["stats"]["total_segments"] == 0
    assert built["truncation_events"] == 0
    assert built["words"] == []
    assert set(built) == {
        "audio_sample_rate", "words", "windows", "stats", "truncation_events"
    }  # fmt: skip


@pytest.mark.parametrize(("row", "swift"), [({}, ""), ({"swift_audio_filepath": "s"}, "s")])
def test_the_statistics_start_with_what_the_row_is(row, swift):
    stats = build_windows({**a_row(), **row}, WindowParams())["stats"]
    assert list(stats)[:4] == ["total_segments", "total_dur", "swift_path", "audio_sample_rate"]
    assert stats["swift_path"] == swift
    assert same_json(stats["total_dur"], 0) is None
    assert same_json(stats["dur_lost_win"], 0.0) is None
    assert "lost_win_full_data" not in stats
