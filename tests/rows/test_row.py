"""Sound rows and the reasons why others are none."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import json_values, malformed_rows, rows

from alm import WindowParams, build_windows
from alm.errors import RowError
from alm.rows.row import MAX_SECONDS, parse_row
from alm.rows.timeline import timeline

HUGE = 10**400
ABSENT = object()


def a_row() -> dict[str, Any]:
    segment = {"start": 0.5, "end": 2, "speaker": "a", "metrics": {"bandwidth": 9000}}
    return {"audio_sample_rate": 16000, "segments": [segment, {"start": 2, "end": 3.25}]}


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A sound row with `value` at `path`, or without what is there where that is ABSENT."""
    row = a_row()
    *above, last = path
    holder: Any = row
    for step in above:
        holder = holder[step]
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = value
    return row


def test_the_columns_of_a_sound_row():
    row = a_row()
    columns = timeline(row)
    assert columns.starts == [0.5, 2]
    assert columns.ends == [2, 3.25]
    assert columns.durations == [1.5, 1.25]
    assert columns.bandwidths == [9000, 0]
    assert columns.speakers == ["a", None]
    assert row == a_row()


def test_a_row_without_segments_is_sound():
    assert timeline({"audio_sample_rate": 8000, "segments": []}).starts == []


@pytest.mark.parametrize(
    "row",
    [
        changed(("segments", 0, "speaker"), None),
        changed(("segments", 0, "speaker"), ""),
        changed(("segments", 0, "metrics"), {}),
        changed(("segments", 0, "metrics", "bandwidth"), -1),
        changed(("segments", 0, "metrics", "snr"), None),
        changed(("segments", 0, "end"), -3),
        changed(("segments", 0, "start"), MAX_SECONDS),
        changed(("segments", 0, "words"), "never looked at unless cut"),
        changed(("audio_sample_rate",), 0.5),
    ],
)
def test_odd_but_sound(row):
    assert timeline(row)


SEGMENT = ("segments", 0)


@pytest.mark.parametrize(
    ("path", "value", "reason", "detail"),
    [
        (("audio_sample_rate",), ABSENT, "missing_field", "the row has no audio_sample_rate"),
        (("audio_sample_rate",), "16000", "wrong_type", "audio_sample_rate is text"),
        (("audio_sample_rate",), True, "wrong_type", "audio_sample_rate is a boolean"),
        (("audio_sample_rate",), None, "wrong_type", "audio_sample_rate is null"),
        (("audio_sample_rate",), math.inf, "not_finite", "audio_sample_rate"),
        (("segments",), ABSENT, "missing_field", "the row has no segments"),
        (("segments",), None, "wrong_type", "segments is null"),
        (("segments",), {}, "wrong_type", "segments is an object"),
        (("segments",), "", "wrong_type", "segments is text"),
        (("segments",), 3, "wrong_type", "segments is a number"),
        (("segments",), True, "wrong_type", "segments is a boolean"),
        (("segments", 1), None, "wrong_type", "segments[1] is null"),
        (("segments", 1), [], "wrong_type", "segments[1] is an array"),
        (("segments", 1), "x", "wrong_type", "segments[1] is text"),
        ((*SEGMENT, "start"), ABSENT, "missing_field", "segments[0] has no start"),
        ((*SEGMENT, "end"), ABSENT, "missing_field", "segments[0] has no end"),
        ((*SEGMENT, "start"), None, "wrong_type", "segments[0]: start is null"),
        ((*SEGMENT, "start"), "0.5", "wrong_type", "segments[0]: start is text"),
        ((*SEGMENT, "start"), False, "wrong_type", "segments[0]: start is a boolean"),
        ((*SEGMENT, "end"), [1.0], "wrong_type", "segments[0]: end is an array"),
        ((*SEGMENT, "end"), {}, "wrong_type", "segments[0]: end is an object"),
        ((*SEGMENT, "start"), math.nan, "not_finite", "segments[0]: start is nan"),
        ((*SEGMENT, "end"), -math.inf, "not_finite", "segments[0]: end is -inf"),
        ((*SEGMENT, "end"), 1.7e308, "out_of_range", "segments[0]: end"),
        ((*SEGMENT, "start"), HUGE, "out_of_range", "segments[0]: start"),
        ((*SEGMENT, "start"), -HUGE, "out_of_range", "segments[0]: start"),
        ((*SEGMENT, "metrics"), None, "wrong_type", "segments[0].metrics is null"),
        ((*SEGMENT, "metrics"), [], "wrong_type", "segments[0].metrics is an array"),
        ((*SEGMENT, "metrics"), 8000, "wrong_type", "segments[0].metrics is a number"),
        ((*SEGMENT, "metrics", "bandwidth"), None, "wrong_type", "bandwidth is null"),
        ((*SEGMENT, "metrics", "bandwidth"), "8000", "wrong_type", "bandwidth is text"),
        ((*SEGMENT, "metrics", "bandwidth"), True, "wrong_type", "bandwidth is a boolean"),
        ((*SEGMENT, "metrics", "bandwidth"), math.nan, "not_finite", "bandwidth is nan"),
        ((*SEGMENT, "speaker"), 0, "wrong_type", "segments[0].speaker is a number"),
        ((*SEGMENT, "speaker"), False, "wrong_type", "segments[0].speaker is a boolean"),
        ((*SEGMENT, "speaker"), [], "wrong_type", "segments[0].speaker is an array"),
    ],
)
def test_each_flaw_has_its_reason(path, value, reason, detail):
    with pytest.raises(RowError) as refused:
        timeline(changed(path, value))
    assert refused.value.reason == reason
    assert detail in refused.value.detail
    assert str(refused.value) == f"{refused.value.detail} [{reason}]"


@pytest.mark.parametrize(
    "path", [("audio_sample_rate",), (*SEGMENT, "metrics", "bandwidth"), (*SEGMENT, "note")]
)
@pytest.mark.parametrize("number", [HUGE, -HUGE, 2**64])
def test_integers_beyond_a_double_are_compared_exactly(path, number):
    assert timeline(changed(path, number)).starts == [0.5, 2]
    built = build_windows(changed(path, number), WindowParams())
    assert built["stats"]["total_segments"] == 2


REASONS = {
    "line: not JSON": {"invalid_json"},
    "line: not UTF-8": {"invalid_utf8"},
    "line: not an object": {"not_an_object"},
    "missing": {"missing_field"},
    "not a number": {"wrong_type"},
    "not a list": {"wrong_type"},
    "not an object": {"wrong_type"},
    "neither string nor null": {"wrong_type"},
    "not finite": {"not_finite"},
}


@given(malformed_rows())
def test_malformed_rows_are_refused_for_what_is_wrong_with_them(malformed):
    line, label = malformed
    with pytest.raises(RowError) as refused:
        timeline(parse_row(line))
    assert refused.value.reason in (REASONS.get(label) or REASONS[label.partition(": ")[2]])
    field = label.partition(": ")[0]
    if refused.value.reason in ("missing_field", "wrong_type"):
        assert field in refused.value.detail


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_an_error_at_the_end_of_a_line_is_on_that_line(ending):
    with pytest.raises(RowError, match=r"delimiter: line 1 column 8 "):
        parse_row(b'{"a": 1' + ending)
    with pytest.raises(RowError, match=r"Unterminated string .* line 1 column 7 "):
        parse_row(b'{"a": "b' + ending)


@pytest.mark.parametrize("line", [b"[]", b"null", b"3", b'"text"', b"true", b"[{}]", b"1.5"])
def test_a_line_that_is_no_object(line):
    with pytest.raises(RowError) as refused:
        parse_row(line)
    assert refused.value.reason == "not_an_object"


anything = (
    json_values()
    | st.floats()
    | st.integers()
    | st.sampled_from([HUGE, -HUGE, math.nan, math.inf, -math.inf, 1e300, 1.7e308, -1e308])
)
places = st.sampled_from(
    [
        ("audio_sample_rate",),
        ("segments",),
        ("segments", 0),
        ("segments", 1),
        (*SEGMENT, "start"),
        (*SEGMENT, "end"),
        ("segments", 1, "end"),
        (*SEGMENT, "speaker"),
        (*SEGMENT, "metrics"),
        (*SEGMENT, "metrics", "bandwidth"),
    ]
)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    return is_number(value) and (isinstance(value, int) or math.isfinite(value))


def is_sound(row: dict[str, Any]) -> bool:
    """SEMANTICS.md, plainly; times within what sums can take."""
    segments = row.get("segments")
    return (
        is_finite(row.get("audio_sample_rate"))
        and isinstance(segments, list)
        and all(
            isinstance(segment, dict)
            and all(
                is_finite(segment.get(name)) and abs(segment[name]) <= MAX_SECONDS
                for name in ("start", "end")
            )
            and isinstance(segment.get("metrics", {}), dict)
            and is_finite(segment.get("metrics", {}).get("bandwidth", 0))
            and isinstance(segment.get("speaker"), str | None)
            for segment in segments
        )
    )


@settings(max_examples=400)
@given(st.lists(st.tuples(places, anything | st.just(ABSENT)), min_size=1, max_size=3))
def test_a_row_is_either_refused_or_finite(changes):
    row = a_row()
    for path, value in changes:
        try:
            holder = row
            for step in path[:-1]:
                holder = holder[step]
            if value is ABSENT:
                del holder[path[-1]]
            else:
                holder[path[-1]] = copy.deepcopy(value)
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took the place away
    if not is_sound(row):
        with pytest.raises(RowError) as refused:
            timeline(row)
        reasons = {"missing_field", "wrong_type", "not_finite", "out_of_range"}
        assert refused.value.reason in reasons
        return
    columns = timeline(row)
    numbers = [*columns.starts, *columns.ends, *columns.durations, *columns.bandwidths]
    assert all(is_finite(number) for number in numbers)
    of_segments = [columns.starts, columns.ends, columns.durations]
    of_segments += [columns.bandwidths, columns.speakers]
    assert {len(column) for column in of_segments} == {len(row["segments"])}


@given(rows(max_segments=10))
def test_sound_rows_are_sound(row):
    columns = timeline(parse_row(json.dumps(row).encode()))
    assert columns.starts == [segment["start"] for segment in row["segments"]]
