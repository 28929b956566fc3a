"""The plain transcription against the reference's cases, and the strategies against their aim."""

import copy
import json
from collections import Counter

import pytest
from helpers import expected_here, parity_cases, same_json
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from plain import curate_file, curate_row
from strategies import malformed_rows, overlap_settings, rows, window_settings


@pytest.fixture(scope="module", params=["shipped", "all"])
def cases(request):
    return parity_cases(request.param)


def test_plain_computes_what_the_reference_does(cases):
    sound = [case for case in cases if case["error"] is None]
    assert len(cases) - len(sound) == 31
    found = {}
    for case in sound:
        row = curate_row(case["entry"], case["builder"], case["overlap"], loss_details=True)
        if difference := same_json(row, expected_here(case)):
            found[case["id"]] = difference
    assert not found


def test_loss_details_and_manifest_path(cases):
    case = next(case for case in cases if case["error"] is None and case["expected"]["windows"])
    args = case["entry"], case["builder"], case["overlap"]
    brief = curate_row(*args, manifest_filepath="in/a.jsonl")
    detailed = curate_row(*args, loss_details=True)
    assert brief["manifest_filepath"] == "in/a.jsonl"
    assert "lost_win_full_data" not in brief["stats"]
    del detailed["stats"]["lost_win_full_data"]
    assert same_json(brief, {**detailed, "manifest_filepath": "in/a.jsonl"}) is None


def test_curate_file_is_curate_row_line_by_line(cases, tmp_path):
    entries = [case["entry"] for case in cases if case["error"] is None][:20]
    source, destination = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n\n".join(json.dumps(e, ensure_ascii=False) for e in entries), "utf-8")
    curate_file(source, destination, {"target_window_duration": 30.0}, {})
    lines = destination.read_text("utf-8").splitlines()
    wanted = [curate_row(e, {"target_window_duration": 30.0}, {}) for e in entries]
    assert same_json([json.loads(line) for line in lines], wanted) is None


@pytest.mark.parametrize(
    ("a", "b", "difference"),
    [
        ({"a": [1, {"b": 2.5}]}, {"a": [1, {"b": 2.5}]}, None),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, None),
        ({"a": [1, {"b": 1}]}, {"a": [1, {"b": 1.0}]}, "$.a[1].b: 1 (int) != 1.0 (float)"),
        (True, 1, "$: True (bool) != 1 (int)"),
        (0.0, -0.0, "$: 0.0 (float) != -0.0 (float)"),
        (0.3, 0.1 + 0.2, "$: 0.3 (float) != 0.30000000000000004 (float)"),
        ([1], [1, 2], "$: 1 items != 2 items"),
        ({"a": 1}, {}, "$.a: only on the left"),
        ({}, {"a": None}, "$.a: only on the right"),
    ],
)
def test_same_json(a, b, difference):
    assert same_json(a, b) == difference


quick = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_strategies_reach_what_they_are_for():
    """Of 600 drawn examples enough show it."""
    seen = Counter()

    @settings(quick, max_examples=600)
    @given(rows(), window_settings(), overlap_settings())
    def look(row, builder, overlap):
        result = curate_row(row, builder, overlap)
        stats, windows = result["stats"], result["windows"]
        for name, value in stats.items():
            seen[name] += name.startswith("lost_") and value > 0
        seen["windows"] += bool(windows)
        seen["cuts"] += result["truncation_events"] > 0
        seen["removed"] += 0 < len(result["filtered"]) < len(windows)
        seen["several stay"] += len(result["filtered"]) > 1
        seen["same span"] += len(result["filtered_windows"]) > len(result["filtered"])
        seen["int sums"] += bool(windows) and isinstance(result["filtered_dur"], int)

    look()
    at_least = {
        "windows": 60,
        "cuts": 40,
        "removed": 20,
        "several stay": 20,
        "same span": 1,
        "int sums": 5,
        "lost_bw": 20,
        "lost_sr": 20,
        "lost_spk": 10,
        "lost_win": 60,
        "lost_no_spkr": 10,
        "lost_next_seg_bm": 20,
    }
    assert {what: seen[what] for what, least in at_least.items() if seen[what] < least} == {}


@quick
@given(rows(), window_settings(), overlap_settings(), st.booleans())
def test_rows_are_json_and_stay_as_they_are(row, builder, overlap, loss_details):
    before = copy.deepcopy(row)
    result = curate_row(row, builder, overlap, loss_details=loss_details)
    assert same_json(row, before) is None
    assert same_json(json.loads(json.dumps(row)), row) is None
    assert same_json(json.loads(json.dumps(result)), result) is None


@quick
@given(rows(), window_settings(), overlap_settings(), st.sampled_from(["metrics,speaker", "end"]))
def test_drop_fields_shape_only_the_output(row, builder, overlap, dropped):
    whole = curate_row(row, {**builder, "drop_fields": ""}, overlap)
    shaped = curate_row(row, {**builder, "drop_fields": dropped}, overlap)
    for field in ("windows", "filtered_windows"):
        for window in whole[field]:
            for segment in window["segments"]:
                for name in dropped.split(","):
                    segment.pop(name, None)
    assert same_json(shaped, whole) is None


def test_malformed_rows_are_one_line_each_and_of_every_kind():
    labels = Counter()

    @settings(quick, max_examples=1500)
    @given(malformed_rows())
    def look(malformed):
        line, label = malformed
        assert b"\n" not in line
        labels[label] += 1
        try:
            text = line.decode()
        except UnicodeDecodeError:
            assert label == "line: not UTF-8"
            return
        try:
            json.loads(text)
        except json.JSONDecodeError:
            assert label == "line: not JSON"
        else:
            assert label not in ("line: not UTF-8", "line: not JSON")

    look()
    fields = ("audio_sample_rate", "start", "end")
    assert set(labels) == {
        *("line: not JSON", "line: not UTF-8", "line: not an object"),
        *(f"{field}: missing" for field in (*fields, "segments")),
        *(f"{field}: not a number" for field in (*fields, "bandwidth")),
        *(f"{field}: not finite" for field in (*fields, "bandwidth", "a field")),
        "segments: not a list",
        "segment: not an object",
        "metrics: not an object",
        "speaker: neither string nor null",
    }
