"""Rows from Python programs, which may hold other things than a parser gives (issue 14, item 20).

These tests run with the code compiled and interpreted; both are held to one expectation.
"""

import enum
from collections import ChainMap, OrderedDict, UserDict, UserList
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from helpers import same_json
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import overlap_settings, rows, window_settings

from alm import OverlapParams, WindowParams, build_windows, filter_overlaps
from alm.errors import RowError
from alm.rows.plain import plain_row


class Text(str):
    __slots__ = ()


class Real(float):
    def __repr__(self) -> str:
        return "odd"


class Whole(int):
    pass


class Items(list):
    pass


class Fields(dict):
    pass


class Kind(str, enum.Enum):  # noqa: UP042 - as older programs have it
    A = "a"


FORMS: dict[type, list[Callable[[Any], Any]]] = {
    dict: [UserDict, ChainMap, OrderedDict, Fields, MappingProxyType],
    list: [Items, tuple, UserList],
    str: [Text, np.str_],
    float: [Real, np.float64],
    int: [Whole],
}


def dressed(value: Any, form: Callable[[type], Callable[[Any], Any]]) -> Any:
    """The same value in other types, chosen by its own."""
    kind = type(value)
    if kind is dict:
        value = {dressed(key, form): dressed(inner, form) for key, inner in value.items()}
    elif kind is list:
        value = [dressed(inner, form) for inner in value]
    return form(kind)(value) if kind in FORMS else value


def both(row: Any, window: WindowParams, overlap: OverlapParams) -> dict[str, Any]:
    built = build_windows(row, window)
    return filter_overlaps(built, overlap.resolved(window))


@settings(max_examples=100)
@given(rows(), window_settings(), overlap_settings(), st.data())
def test_14_20_other_types_of_a_value_give_what_the_value_gives(row, window, overlap, data):
    chosen = {kind: data.draw(st.sampled_from([kind, *forms])) for kind, forms in FORMS.items()}
    odd = dressed(row, chosen.__getitem__)
    window |= {"drop_fields": "words", "loss_details": True}
    params = WindowParams(**window), OverlapParams(**overlap)
    found = both(odd, *params)
    assert same_json(plain_row(found), both(row, *params)) is None
    assert same_json(plain_row(odd), row) is None


@pytest.mark.parametrize("form", [each for forms in FORMS.values() for each in forms])
def test_14_20_each_of_them_alone_is_taken(form):
    (kind,) = (kind for kind, forms in FORMS.items() if form in forms)
    segments = [
        {"start": k * 30.0, "end": k * 30 + 30, "speaker": "ab"[k % 2], "metrics": {}}
        for k in range(8)
    ]
    row = {"audio_sample_rate": 16000, "segments": segments}
    window = WindowParams(min_bandwidth=0)
    odd = dressed(row, lambda each: form if each is kind else each)
    assert both(odd, window, OverlapParams()) == both(row, window, OverlapParams())
    built = build_windows(row, window)
    odd = dressed(built, lambda each: form if each is kind else each)
    wanted = filter_overlaps(built, OverlapParams())
    assert plain_row(filter_overlaps(odd, OverlapParams())) == wanted
    assert len(wanted["filtered_windows"]) == 2


def test_14_20_a_choice_of_text_is_its_text():
    assert same_json(plain_row({"speaker": Kind.A}), {"speaker": "a"}) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (None, "the row is null; it must be an object"),
        ([1], "the row is an array; it must be an object"),
        ({"audio_sample_rate": 16000, "segments": {1}}, "segments is of the Python type set; it"),
        ({"audio_sample_rate": Decimal(1)}, "audio_sample_rate is of the Python type Decimal; it"),
        ({"audio_sample_rate": np.int64(1)}, "audio_sample_rate is of the Python type int64; it"),
        (
            {"audio_sample_rate": 1, "segments": (UserDict(start="1"),)},
            r"segments\[0\]: start is text; it must be a number",
        ),
    ],
)
def test_14_20_what_is_no_json_is_refused_by_its_name(row, message):
    with pytest.raises(RowError, match=message) as refused:
        build_windows(row, WindowParams())
    assert "a number; it must be a number" not in str(refused.value)


def test_14_20_a_row_without_end_is_refused():
    row: dict[str, Any] = {"audio_sample_rate": 16000, "segments": Items()}
    row["itself"] = row
    with pytest.raises(RowError, match="nested more than 250 levels"):
        build_windows(row, WindowParams())


@pytest.mark.parametrize(
    "windows",
    [3, [[1]], [None], [{"segments": []}], [{"segments": [3]}], [{"segments": [{"start": "1"}]}]],
)
def test_14_20_windows_of_another_shape_are_refused(windows):
    with pytest.raises(RowError, match=r"as build_windows returns them|start is text"):
        filter_overlaps({"windows": windows, "stats": {}}, OverlapParams())
