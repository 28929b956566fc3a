"""Rows as bytes: the same JSON as the rows as objects, and nothing lost on the way."""

import json
from typing import Any

import pytest
from helpers import same_json
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import overlap_settings, rows, window_settings

from alm import OverlapParams, Stats, WindowParams, build_windows, filter_overlaps
from alm.errors import RowError
from alm.records.record import COMPUTED, Record, decode, encode, finish, make_record
from alm.rows import codec
from alm.rows.row import parse_row
from alm.windows.build import find_windows

Json = dict[str, Any]
MANIFEST = "in/gespräch 1.jsonl"

any_text = st.text(st.characters(exclude_categories=()), max_size=6)
odd_values = (
    any_text
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["\t", "\n", "\x00", "\u2028", "\x7f", "\ud800", -0.0, {}, [], [[]]])
    | st.dictionaries(any_text, st.integers(2**63, 2**70), max_size=2)
)
odd_fields = st.dictionaries(any_text, odd_values, max_size=3)


@st.composite
def odd_rows(draw: st.DrawFn) -> Json:
    """Sound rows with odd values in fields that only pass through."""
    row = draw(rows(max_segments=25))
    for segment in row["segments"][::3]:
        segment["note"] = draw(odd_values)
    return {**draw(odd_fields), **row}


def as_line(row: Json, ascii_only: bool = True) -> bytes:
    return json.dumps(row, ensure_ascii=ascii_only).encode("utf-8", "replace") + b"\n"


def built(line: bytes, params: WindowParams, totals: Stats | None = None) -> Record:
    """The line after the first stage."""
    row = parse_row(line)
    found = find_windows(row, params)
    record = make_record(row, found, codec.dumps(MANIFEST), params)
    if totals is not None:
        totals.add_row(found.stats | found.own_stats, found.truncation_events)
    return record


def finished(record: Record, params: OverlapParams, totals: Stats | None = None) -> bytes:
    finished = finish(record, params)
    if totals is not None:
        totals.add_windows(finished.decision.summary, len(finished.decision.kept))
    return b"".join(finished.pieces)


def curated(line: bytes, builder: WindowParams, overlap: OverlapParams) -> tuple[bytes, Stats]:
    """The line after both stages, over the disk, and what was counted."""
    totals = Stats()
    record = decode(encode(built(line, builder, totals)))
    return finished(record, overlap.resolved(builder), totals), totals


def unique_names(pairs: list[tuple[str, Any]]) -> Json:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a name is there twice: {names}"
    return dict(pairs)


def parsed(line: bytes) -> Json:
    """The one JSON object on a line, which has no name twice."""
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line, object_pairs_hook=unique_names)


settings_of_both = st.tuples(window_settings(), overlap_settings(), st.booleans(), st.booleans())


@settings(max_examples=250)
@given(odd_rows(), settings_of_both, st.booleans())
def test_the_bytes_say_what_the_objects_do(row, chosen, ascii_only):
    builder, overlap, loss_details, keep_windows = chosen
    if "start" in builder.get("drop_fields", ""):
        builder["drop_fields"] = "text"  # filter_overlaps on objects needs the times
    window_params = WindowParams(**builder, loss_details=loss_details)
    overlap_params = OverlapParams(**overlap, keep_windows=keep_windows)
    line = as_line(row, ascii_only)
    found, totals = curated(line, window_params, overlap_params)

    windows = build_windows(json.loads(line), window_params)
    windows["manifest_filepath"] = MANIFEST
    wanted = filter_overlaps(windows, overlap_params.resolved(window_params))
    assert same_json(parsed(found), json.loads(json.dumps(wanted))) is None

    assert totals["entries"] == 1
    assert totals["windows"] == len(wanted["total_dur_list_window"])
    assert totals["filtered_windows"] == len(wanted["filtered_windows"])
    assert totals["truncation_events"] == wanted["truncation_events"]
    assert totals["lost_win"] == wanted["stats"]["lost_win"]
    assert totals.seconds("total_dur") == float(wanted["stats"]["total_dur"])
    assert totals.seconds("filtered_dur") == float(wanted["filtered_dur"])
    assert totals.seconds("dur_lost_bw") == float(wanted["stats"]["dur_lost_bw"])


@settings(max_examples=100)
@given(odd_rows(), window_settings(), st.booleans())
def test_a_record_survives_the_disk(row, builder, loss_details):
    params = WindowParams(**builder, loss_details=loss_details)
    record = built(as_line(row), params)
    line = encode(record)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    again = decode(line)
    assert encode(again) == line
    for one, other in zip(record.windows, again.windows, strict=True):
        assert same_json(json.loads(json.dumps(one)), json.loads(json.dumps(other))) is None
    assert again._replace(losses=None) == record._replace(losses=None)
    overlap = OverlapParams(overlap_percentage=50)
    assert finished(again, overlap) == finished(record, overlap)


@settings(max_examples=100)
@given(odd_rows(), window_settings())
def test_times_may_be_dropped_from_the_output(row, builder):
    line = as_line(row)
    whole = parsed(curated(line, WindowParams(**builder | {"drop_fields": ""}), OverlapParams())[0])
    params = WindowParams(**builder | {"drop_fields": "start,end"})
    brief = parsed(curated(line, params, OverlapParams())[0])
    for window in whole["windows"] + whole["filtered_windows"]:
        for segment in window["segments"]:
            del segment["start"], segment["end"]
    assert same_json(brief, whole) is None


@given(odd_fields)
def test_fields_that_pass_through_are_exact(fields):
    line = as_line({**fields, "audio_sample_rate": 1, "segments": []})
    found = parsed(curated(line, WindowParams(), OverlapParams())[0])
    dropped = {"words", "segments", *COMPUTED}
    wanted = {name: value for name, value in json.loads(line).items() if name not in dropped}
    assert same_json({name: found[name] for name in wanted}, wanted) is None


def test_computed_fields_are_replaced():
    stale = {name: ["stale"] for name in sorted(COMPUTED)}
    row = {**stale, "audio_sample_rate": 16000, "segments": [], "id": 1}
    found = parsed(curated(as_line(row), WindowParams(), OverlapParams())[0])
    assert "stale" not in json.dumps(found)
    assert set(found) == {*COMPUTED, "audio_sample_rate", "id"}
    assert found["manifest_filepath"] == MANIFEST
    brief = OverlapParams(keep_windows=False)
    assert "windows" not in parsed(curated(as_line(row), WindowParams(), brief)[0])


def test_computed_is_what_the_stages_add():
    row = {"audio_sample_rate": 16000, "segments": []}
    added = filter_overlaps(build_windows(row, WindowParams()), OverlapParams()).keys() - row.keys()
    assert added == COMPUTED


@pytest.mark.parametrize("keep_windows", [True, False])
def test_everything_at_top_level_may_be_dropped(keep_windows):
    row = {"audio_sample_rate": 16000, "segments": [], "a": 1, "b": [2]}
    params = WindowParams(drop_fields_top_level="audio_sample_rate, segments,a ,b")
    found = parsed(curated(as_line(row), params, OverlapParams(keep_windows=keep_windows))[0])
    assert set(found) == COMPUTED - (set() if keep_windows else {"windows"})


@pytest.mark.parametrize("loss_details", [True, False])
def test_a_row_without_segments(loss_details):
    row = {"audio_sample_rate": 16000, "segments": []}
    line, totals = curated(as_line(row), WindowParams(loss_details=loss_details), OverlapParams())
    found = parsed(line)
    assert found["windows"] == found["filtered_windows"] == found["filtered"] == []
    assert found["swift_filepath"] is None
    assert found["stats"].get("lost_win_full_data") == ([] if loss_details else None)
    assert totals["entries"] == 1


def test_every_field_of_a_segment_may_be_dropped():
    segments = [{"start": k, "end": k + 1, "metrics": {"bandwidth": 8000}} for k in range(3)]
    row = {"audio_sample_rate": 16000, "segments": segments}
    params = WindowParams(
        2, min_speakers=0, truncation=False, drop_fields="start,end,metrics", loss_details=True
    )
    found = parsed(curated(as_line(row), params, OverlapParams())[0])
    assert [window["segments"] for window in found["windows"]] == [[{}, {}]] * 2
    assert found["stats"]["lost_win_full_data"] == [
        {"index": 2, "window_segs": [{}], "next_seg": {}, "prev_seg": {}}
    ]


def test_times_far_beyond_64_bits():
    far = 10**200
    segments = [
        {"start": far + k, "end": far + k + 10, "speaker": "ab"[k % 2]} for k in range(0, 60, 10)
    ]
    row = {"audio_sample_rate": 16000, "segments": segments}
    params = WindowParams(20, min_bandwidth=0, min_speakers=1)
    line, totals = curated(as_line(row), params, OverlapParams())
    found = parsed(line)
    assert found["filtered"] == [[far + 20, far], [far + 40, far + 20], [far + 60, far + 40]]
    assert found["filtered_dur"] == 60
    assert totals.seconds("filtered_dur") == 60.0


def test_a_row_nested_too_deeply_to_be_written_is_refused():
    row = parse_row(b'{"audio_sample_rate": 1, "segments": []}')
    for _ in range(5000):
        row["deep"] = [row.get("deep")]
    with pytest.raises(RowError) as refused:
        make_record(row, find_windows(row, WindowParams()), b"1", WindowParams())
    assert refused.value.reason == "too_deep"


@pytest.mark.parametrize("number", ["1", "123456789012345678901"])
@pytest.mark.parametrize("place", ["row", "segment"])
def test_a_row_nested_250_levels_deep_comes_out(number, place):
    """Its windows hold it deeper than that."""
    above = {"row": 1, "segment": 3}[place]
    deep = "[" * (250 - above) + number + "]" * (250 - above)
    row, segment = (f', "x": {deep}' if place == name else "" for name in ("row", "segment"))
    segments = ", ".join(
        f'{{"start": {k}, "end": {k + 1}, "speaker": "{k % 2}"{segment}}}' for k in range(20)
    )
    line = f'{{"audio_sample_rate": 16000, "segments": [{segments}]{row}}}'.encode()
    params = WindowParams(10, min_bandwidth=0, min_speakers=1)
    output, _ = curated(line, params, OverlapParams())
    assert output.count(deep.encode()) == (1 if place == "row" else output.count(b'"x":'))
    assert b'"x":' in output


def test_a_record_is_compact():
    """A window is a reference: what goes over the disk does not grow with the windows."""
    words = [{"word": "word", "start": 0.1, "end": 0.2}] * 30
    segments = [
        {"start": k, "end": k + 1, "speaker": "ab"[k % 2], "words": words} for k in range(600)
    ]
    line = as_line({"audio_sample_rate": 16000, "segments": segments})
    params = WindowParams(min_bandwidth=0, drop_fields="")
    record = built(line, params)
    assert len(record.windows.starts) > 400
    assert len(encode(record)) < 1.2 * len(line)
    assert len(finished(record, OverlapParams())) > 50 * len(line)


def test_an_ordinary_record_is_written_in_one_go(monkeypatch):
    """Not by the slow way for what orjson refuses: that took a third of the time of a shard."""

    def slow_way(value):
        raise AssertionError(f"orjson refuses {value}")

    monkeypatch.setattr(codec, "_depth_of_value", slow_way)
    details = WindowParams(target_window_duration=10, min_bandwidth=0, loss_details=True)
    segments = [{"start": 5.0 * k, "end": 5.0 * k + 5, "speaker": "AB"[k % 2]} for k in range(9)]
    record = built(as_line({"audio_sample_rate": 16000, "segments": segments}), details)
    assert decode(encode(record)) == record
    assert record.windows.firsts
    assert record.losses
