"""Parameters that check themselves."""

import dataclasses
import inspect
import math
import pickle

import pytest
from plain import BUILDER_DEFAULTS, OVERLAP_DEFAULTS

from alm import OverlapParams, WindowParams
from alm.errors import AlmError, ParameterError


def test_the_defaults_are_those_of_the_reference():
    assert dataclasses.asdict(WindowParams()) == {
        **BUILDER_DEFAULTS,
        "loss_details": False,
        "sort_segments": False,
        "no_speaker": "stop",
        "max_gap": None,
        "window_ends": "longest",
    }
    assert dataclasses.asdict(OverlapParams()) == {
        **OVERLAP_DEFAULTS,
        "keep_windows": True,
        "selection": "greedy",
        "min_turns": None,
        "max_speaker_share": None,
        "min_speech_share": None,
        "window_profile": False,
    }


@pytest.mark.parametrize("cls", [WindowParams, OverlapParams])
def test_the_docstring_names_each_parameter_and_what_is_allowed(cls):
    text = inspect.getdoc(cls)
    for field in dataclasses.fields(cls):
        assert f"\n    {field.name}: {field.metadata['description']} It is " in text
        assert field.metadata["allowed"] in text


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("target_window_duration", [1, 0.001, 1e9]),
        ("tolerance", [0, 0.0, 0.5, 0.999999]),
        ("min_sample_rate", [0, 8000, 44100.0]),
        ("min_bandwidth", [0, 0.5]),
        ("min_speakers", [0, 1, 5]),
        ("max_speakers", [2, 1000]),
        ("truncation", [True, False]),
        ("drop_fields", ["", "a", "a,b"]),
        ("drop_fields_top_level", ["", " a , b,,"]),
        ("loss_details", [True, False]),
        ("sort_segments", [True, False]),
        ("no_speaker", ["stop", "silence"]),
        ("max_gap", [None, 0, 0.5, 60]),
        ("window_ends", ["longest", "any"]),
    ],
)
def test_window_params_accept(name, good):
    for value in good:
        assert getattr(WindowParams(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("overlap_percentage", [0, 100, 33.3, 100.0]),
        ("target_duration", [None, 0.1, 5]),
        ("keep_windows", [True, False]),
        ("selection", ["greedy", "total", "coverage"]),
        ("min_turns", [None, 1, 1000]),
        ("max_speaker_share", [None, 0, 0.5, 1]),
        ("min_speech_share", [None, 0.0, 1.0]),
        ("window_profile", [True, False]),
    ],
)
def test_overlap_params_accept(name, good):
    for value in good:
        assert getattr(OverlapParams(**{name: value}), name) == value


NOT_NUMBERS = [None, "1", True, [], {}, math.nan, math.inf, -math.inf]
NOT_INTEGERS = [None, "1", True, 1.5, 2.0, math.nan, [1]]
NOT_BOOLEANS = [None, 0, 1, "true", "", []]
NOT_TEXT = [None, 0, True, ["words"], b"words", {"words"}]


@pytest.mark.parametrize(
    ("name", "bad", "what"),
    [
        (
            "target_window_duration",
            [*NOT_NUMBERS, 0, -1, -0.0],
            "a number of seconds, 0.001 or more",
        ),
        ("tolerance", [*NOT_NUMBERS, -0.1, 1, 1.5], "a number from 0 up to, but not including, 1"),
        ("min_sample_rate", [*NOT_NUMBERS, -1], "a number of Hz, 0 or more"),
        ("min_bandwidth", [*NOT_NUMBERS, -0.001], "a number of Hz, 0 or more"),
        ("min_speakers", [*NOT_INTEGERS, -1], "an integer, 0 or more"),
        ("max_speakers", [*NOT_INTEGERS, 0, -1], "an integer, 1 or more"),
        ("truncation", NOT_BOOLEANS, "true or false"),
        ("loss_details", NOT_BOOLEANS, "true or false"),
        ("sort_segments", NOT_BOOLEANS, "true or false"),
        ("no_speaker", [None, "", "Stop", True, ["stop"]], "stop or silence"),
        ("max_gap", [*NOT_NUMBERS[1:], -0.1], "a number of seconds, 0 or more, or null for no li"),
        ("window_ends", [None, "all", 1], "longest or any"),
        ("drop_fields", NOT_TEXT, "comma-separated field names as text"),
        ("drop_fields_top_level", NOT_TEXT, "comma-separated field names as text"),
    ],
)
def test_window_params_refuse(name, bad, what):
    for value in bad:
        with pytest.raises(ParameterError) as refused:
            WindowParams(**{name: value})
        assert f"{name} = {value!r} is not allowed: it must be {what}" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "bad", "what"),
    [
        ("overlap_percentage", [*NOT_NUMBERS, -1, 100.001], "a number from 0 to 100"),
        (
            "target_duration",
            [*NOT_NUMBERS[1:], 0, -5],
            "a number of seconds, 0.001 or more, or null",
        ),
        ("keep_windows", NOT_BOOLEANS, "true or false"),
        ("selection", [None, "best", True], "greedy, total or coverage"),
        ("min_turns", [*NOT_INTEGERS[1:], 0], "an integer, 1 or more, or null for no limit"),
        ("max_speaker_share", [*NOT_NUMBERS[1:], -0.1, 1.1], "a number from 0 to 1, or null"),
        ("min_speech_share", [*NOT_NUMBERS[1:], -0.1, 1.1], "a number from 0 to 1, or null"),
        ("window_profile", NOT_BOOLEANS, "true or false"),
    ],
)
def test_overlap_params_refuse(name, bad, what):
    for value in bad:
        with pytest.raises(ParameterError) as refused:
            OverlapParams(**{name: value})
        assert f"{name} = {value!r} is not allowed: it must be {what}" in str(refused.value)


@pytest.mark.parametrize(
    "name", ["target_window_duration", "tolerance", "min_sample_rate", "min_bandwidth"]
)
def test_window_params_refuse_what_no_double_can_hold(name):
    with pytest.raises(ParameterError, match=name):
        WindowParams(**{name: 10**400})


@pytest.mark.parametrize("name", ["overlap_percentage", "target_duration"])
def test_overlap_params_refuse_what_no_double_can_hold(name):
    with pytest.raises(ParameterError, match=name):
        OverlapParams(**{name: 10**400})


def test_more_speakers_wanted_than_allowed():
    with pytest.raises(ParameterError, match=r"min_speakers = 4 .* at most max_speakers = 3"):
        WindowParams(min_speakers=4, max_speakers=3)
    assert WindowParams(min_speakers=3, max_speakers=3)


def test_a_parameter_error_is_a_value_error_and_one_of_ours():
    assert issubclass(ParameterError, ValueError)
    assert issubclass(ParameterError, AlmError)


@pytest.mark.parametrize(
    ("target", "tolerance", "shortest", "longest"),
    [
        (120.0, 0.1, 108.0, 132.0),
        (60, 0.15, 51.0, 69.0),
        (30, 0, 30, 30),
        # The product is rounded first: 25.3 * (1 - 0.7) is 7.590000000000002.
        (25.3, 0.7, 7.59, 43.010000000000005),
    ],
)
def test_bounds(target, tolerance, shortest, longest):
    params = WindowParams(target, tolerance)
    assert (params.shortest, params.longest) == (shortest, longest)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        (" ,, ", set()),
        ("words", {"words"}),
        (" words , segments,", {"words", "segments"}),
        ("two words,\tüber\n", {"two words", "über"}),
    ],
)
def test_field_names(text, names):
    params = WindowParams(drop_fields=text, drop_fields_top_level=text)
    assert params.dropped_segment_fields == params.dropped_row_fields == names


def test_params_are_values():
    params = WindowParams(drop_fields="a")
    assert params.shortest
    assert params.dropped_segment_fields
    assert pickle.loads(pickle.dumps(params)) == params == WindowParams(drop_fields="a")
    assert hash(params) == hash(WindowParams(drop_fields="a"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.tolerance = 0.5
    assert dataclasses.asdict(params).keys() == {f.name for f in dataclasses.fields(params)}
