"""Cut copies of segments."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alm.errors import RowError
from alm.windows.cuts import Cuts

HUGE = 10**400


def cut_copy(segment: dict[str, Any], limit: float) -> dict[str, Any]:
    cuts = Cuts([segment], [0], frozenset())
    assert cuts.cut(0, limit) == 0
    (copy,) = cuts.copies
    assert (cuts.starts, cuts.ends) == ([copy["start"]], [copy["end"]])
    return copy


def a_segment(*words: Any) -> dict[str, Any]:
    return {"start": 1.0, "end": 9.0, "text": "as it was", "words": list(words), "id": 7}


def test_a_cut_keeps_the_words_that_end_by_the_limit_in_list_order():
    words = [
        {"word": "b", "start": 3, "end": 4},
        {"word": "too late", "start": 4, "end": 4.5},
        {"word": "", "start": 2, "end": 2.5},
        {"start": 2, "end": 2.75},
        {"word": "a", "start": 1, "end": 2},
    ]
    segment = a_segment(*words)
    assert cut_copy(segment, 4.0) == {
        "start": 1.0,
        "end": 2,
        "text": "b a",
        "words": [words[0], words[2], words[3], words[4]],
        "id": 7,
    }
    assert segment == a_segment(*words)


@pytest.mark.parametrize("segment", [a_segment(), {"start": 1.0, "end": 9.0}])
def test_a_cut_without_words_ends_where_it_starts(segment):
    assert cut_copy(segment, 5.0) == {**segment, "end": 1.0, "text": "", "words": []}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("words", "wrong_type"),
        ([None], "wrong_type"),
        (["word"], "wrong_type"),
        ([{"word": "a", "end": "2"}], "wrong_type"),
        ([{"word": "a", "end": True}], "wrong_type"),
        ([{"word": "a", "end": math.nan}], "not_finite"),
        ([{"word": "a", "end": math.inf}], "not_finite"),
        ([{"word": "a", "end": HUGE}], "out_of_range"),
        ([{"word": 3, "end": 2}], "wrong_type"),
    ],
)
def test_malformed_words_are_refused_when_they_are_cut(words, reason):
    with pytest.raises(RowError) as refused:
        cut_copy({"start": 1.0, "end": 9.0, "words": words}, 5.0)
    assert refused.value.reason == reason
    assert "segments[0].words" in refused.value.detail


@pytest.mark.parametrize("words", [None, [{"word": "12"}], [{"word": "1", "end": None}] * 2])
def test_14_21_without_any_time_no_word_is_kept(words):
    segment = {"start": 1.0, "end": 9.0, "words": words}
    assert cut_copy(segment, 5.0) == {**segment, "end": 1.0, "text": "", "words": []}


UNTIMED = st.sampled_from([{}, {"end": None}])
TIMED = st.integers(1, 9).map(lambda end: {"end": end})


@given(st.lists(UNTIMED | TIMED, max_size=9), st.integers(0, 9))
def test_14_21_words_without_times_go_with_their_neighbours(words, limit):
    """As ../shared/SELECTION.md has it: the last timed word before, else the first one after."""
    words = [{"word": str(number), **word} for number, word in enumerate(words)]
    times = [word.get("end") for word in words]
    kept = []
    for place, word in enumerate(words):
        before = [time for time in times[: place + 1] if time is not None]
        after = [time for time in times[place:] if time is not None]
        nearest = before[-1:] or after[:1]
        if nearest and nearest[0] <= limit:
            kept.append(word)
    copy = cut_copy({"start": 0.5, "end": 10, "words": words}, limit)
    assert copy["words"] == kept
    assert copy["text"] == " ".join(word["word"] for word in kept)
    ends = [word["end"] for word in kept if word.get("end") is not None]
    assert copy["end"] == (ends[-1] if ends else 0.5)


def test_a_segment_is_cut_once_for_all_limits_that_keep_the_same_words():
    words = [{"word": f"w{end}", "end": end} for end in (2, 3, 5)]
    cuts = Cuts([a_segment(), a_segment(*words)], [0, 1], frozenset())
    numbers = [cuts.cut(1, limit) for limit in (1, 3, 1.5, 4.9, 5)]
    assert numbers == [0, 1, 0, 1, 2]
    assert cuts.cut(0, 3) == 3
    assert [cut["text"] for cut in cuts.copies] == ["", "w2 w3", "w2 w3 w5", ""]


def test_a_copy_goes_without_the_dropped_fields():
    dropped = frozenset({"words", "start", "end"})
    cuts = Cuts([a_segment({"word": "a", "end": 2.0})], [0], dropped)
    assert cuts.cut(0, 5.0) == 0
    assert (cuts.copies, cuts.starts, cuts.ends) == ([{"text": "a", "id": 7}], [1.0], [2.0])
