"""The configuration: what is allowed, what is said where it is not."""

import dataclasses
import math
import re
from typing import Any

import pytest
import yaml
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from alm import OverlapParams, WindowParams
from alm.config import check_audio, load_config
from alm.engines import BACKENDS
from alm.errors import ParameterError
from alm.input import Manifest
from alm.input.shards import resolve_shard_size
from alm.keys import DEFAULTS, EXPORT_KEYS, PREPARE_OPTIONS, SAMPLE, SCHEMA, schema_text

SHIPPED = yaml.safe_load((ROOT / "config/pipeline.yaml").read_text())
FIELDS = {
    field.name: cls for cls in (WindowParams, OverlapParams) for field in dataclasses.fields(cls)
}


def load(**changes: Any):
    return load_config({**SHIPPED, **changes}, ROOT)


def complaint(raw: dict[Any, Any]) -> str:
    with pytest.raises(ParameterError) as refused:
        load_config(raw, ROOT)
    return str(refused.value)


def is_valid(raw: dict[Any, Any]) -> bool:
    try:
        load_config(raw, ROOT)
    except ParameterError:
        return False
    return True


# What is shipped


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["properties"]["backend"]["enum"] == list(BACKENDS)
    for key in SCHEMA["properties"].values():
        assert key["allowed"]
        assert key["description"].endswith(".")
        assert Draft202012Validator(key).is_valid(key["default"])


def test_the_schema_that_is_shipped_is_in_step():
    """Else: make schema."""
    assert (ROOT / "workflow/schemas/config.schema.yaml").read_text() == schema_text()


def test_the_shipped_config_holds_the_defaults():
    assert SHIPPED == DEFAULTS
    assert {name: type(value) for name, value in SHIPPED.items()} == {
        name: type(value) for name, value in DEFAULTS.items()
    }


def test_the_table_of_the_readme_has_each_parameter_with_its_default():
    table = {}
    for line in (ROOT / "config/README.md").read_text().splitlines():
        if row := re.match(r"\| `(\w+)` \| ([^|]+) \|", line):
            assert row[1] not in table
            shown = re.match(r"`(.+)`", row[2])
            table[row[1]] = shown[1] if shown else row[2].partition(" ")[0]
    assert table.pop("manifest_path") == "the"  # sample
    written = {name: yaml.safe_load(text) for name, text in table.items()}
    assert written == {name: value for name, value in DEFAULTS.items() if name != "manifest_path"}


@pytest.mark.parametrize("raw", [{}, {"output_dir": "out", "backend": "local", "tolerance": 0.2}])
def test_what_is_left_out_gets_its_default(raw):
    values = load_config(raw, ROOT).values
    assert values == DEFAULTS | raw
    assert list(values) == list(DEFAULTS)


def test_the_sample_is_found_from_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load().values["manifest_path"] == str(ROOT / SAMPLE)
    assert load(manifest_path="manifests").values["manifest_path"] == "manifests"
    (tmp_path / SAMPLE).mkdir(parents=True)
    assert load().values["manifest_path"] == SAMPLE


PATHS = {
    "~/x": "HOME/x",
    "~": "HOME",
    "$SCRATCH/x": "/fast/x",
    "${SCRATCH}/a$SCRATCH": "/fast/a/fast",
}


@pytest.mark.parametrize("path", PATHS)
def test_14_11_home_and_variables_are_expanded_in_paths(path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("SCRATCH", "/fast")
    meant = PATHS[path].replace("HOME", "/home/me")
    values = load(output_dir=path, manifest_path=path).values
    assert (values["output_dir"], values["manifest_path"]) == (meant, meant)
    assert load(manifest_path=["a", path, "x/~"]).values["manifest_path"] == ["a", meant, "x/~"]


def test_14_11_every_parameter_that_is_a_path_is_expanded(monkeypatch):
    """A new one has to be, or be added to these."""
    monkeypatch.setenv("SCRATCH", "/fast")
    texts = {
        name
        for name, key in SCHEMA["properties"].items()
        if "string" in key.get("type", ()) and "enum" not in key
    }
    no_paths = {
        "ray_address",
        "drop_fields",
        "drop_fields_top_level",
        "export_prompt",
        "export_turn",
    }
    for name in texts - no_paths:
        assert load(**{name: "$SCRATCH/a"}).values[name] == "/fast/a"


def test_14_11_what_cannot_be_expanded_is_refused(monkeypatch):
    monkeypatch.delenv("NOPE", raising=False)
    assert complaint({"output_dir": "$NOPE/x"}) == (
        "output_dir = '$NOPE/x': the environment variable NOPE is not set; set it, or write the "
        "path out"
    )
    assert "variable NOPE is not set" in complaint({"manifest_path": ["a", "${NOPE}"]})
    assert "directory of '~nobody-here' is not known" in complaint({"output_dir": "~nobody-here/x"})


def test_14_11_a_name_with_a_dollar_that_exists_is_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    (tmp_path / "$HOME.jsonl").touch()
    for path in ("$HOME.jsonl", "$(ls).jsonl", "costs $5", "s3://a/$HOME", "./~"):
        assert load(manifest_path=path).values["manifest_path"] == path


def test_the_shipped_config_differs_from_the_reference_where_it_is_meant_to():
    config = load()
    assert config.window == WindowParams()
    assert config.overlap == OverlapParams(overlap_percentage=50, target_duration=120.0)
    assert SHIPPED["target_duration"] is None


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.stem)
def test_ready_made_configs_are_valid_on_top_of_the_shipped_one(path):
    changes = yaml.safe_load(path.read_text())
    config = load(**changes)
    for name, value in changes.items():
        assert config.values[name] == value


def test_every_parameter_of_the_stages_is_a_key():
    others = {
        "manifest_path",
        "output_dir",
        "shard_size",
        "backend",
        "merge",
        "ray_address",
        "on_invalid",
        "max_invalid_fraction",
        "input_format",
        "compare_with",
        *PREPARE_OPTIONS,
        "sample_fraction",
        "sweep",
    }
    assert set(SHIPPED) == set(FIELDS) | others | set(EXPORT_KEYS)


def test_every_key_reaches_its_stage():
    other = {
        "target_window_duration": 60,
        "tolerance": 0.2,
        "min_sample_rate": 8000,
        "min_bandwidth": 4000,
        "min_speakers": 1,
        "max_speakers": 3,
        "truncation": False,
        "drop_fields": "a",
        "drop_fields_top_level": "b",
        "loss_details": True,
        "overlap_percentage": 30,
        "target_duration": 45,
        "keep_windows": False,
        "sort_segments": True,
        "no_speaker": "silence",
        "max_gap": 3,
        "window_ends": "any",
        "selection": "total",
        "min_turns": 4,
        "max_speaker_share": 0.9,
        "min_speech_share": 0.5,
        "window_profile": True,
    }
    config = load(**other)
    assert {**dataclasses.asdict(config.window), **dataclasses.asdict(config.overlap)} == other


def test_17_04_what_fills_gaps_is_silence_in_curators_tagging_unless_it_is_given():
    assert load().window.no_speaker == "stop"
    assert load(input_format="curator").window.no_speaker == "silence"
    assert load(input_format="curator", no_speaker="stop").window.no_speaker == "stop"
    assert load(no_speaker="silence").window.no_speaker == "silence"
    recognized = load().of_input("curator")
    assert recognized.window.no_speaker == "silence"
    assert recognized.of_input(None) == load() == load().of_input("rttm")


def test_target_duration_is_resolved():
    assert load(target_window_duration=60).overlap.target_duration == 60
    assert load(target_window_duration=60, target_duration=50).overlap.target_duration == 50
    assert load(target_window_duration=60).values["target_duration"] is None


# What is not allowed


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("manifest_path", [None, 5, "", [], [""], ["a", 5], {"a": "b"}, True]),
        ("output_dir", [None, 2024, "", ["a"], {"a": "b"}, False, "out/{x}"]),
        ("shard_size", [0, -1, 1.5, "1000", "Auto", None, True, [], math.nan]),
        ("backend", ["ray", "Xenna", None, 1, ""]),
        ("ray_address", ["auto", "ray://head:10001", "head", 6379, "", True]),
        ("target_window_duration", [0, -1, "60", None, True, [], math.nan, math.inf]),
        ("tolerance", [1, -0.1, "x", None, False, math.nan]),
        ("min_sample_rate", [-1, "8k", None, math.nan, math.inf]),
        ("min_bandwidth", [-1, "8k", None, math.nan]),
        ("min_speakers", [-1, 1.5, "2", None, True]),
        ("max_speakers", [0, 1.5, "2", None]),
        ("truncation", [0, 1, "yes", "null", None, "", []]),
        ("drop_fields", [["words"], 5, True, {}]),
        ("drop_fields_top_level", [["words"], 5]),
        ("overlap_percentage", [-1, 100.1, "50", None, True, math.nan]),
        ("target_duration", [0, -1, "auto", False, [], math.nan, math.inf]),
        ("keep_windows", [0, "no", None]),
        ("loss_details", [1, "on", None]),
        ("merge", [0, "yes", None, "auto", [], "shards"]),
        ("on_invalid", ["stop", None, True]),
        ("max_invalid_fraction", [-0.1, 1.1, "5%", None, True, math.nan, math.inf]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(key, bad):
    accepted = [value for value in bad if is_valid({**SHIPPED, key: value})]
    assert accepted == []
    allowed = SCHEMA["properties"][key]["allowed"].partition(",")[0]
    for value in bad:
        message = complaint({**SHIPPED, key: value})
        assert re.search(rf"\b{key}(\[\d\])? = ", message)
        assert f"it must be {allowed}" in message
        if value is not None and not isinstance(value, list):
            assert f"{key} = {value!r} is not allowed" in message


def test_more_speakers_wanted_than_allowed():
    message = complaint({**SHIPPED, "min_speakers": 6})
    assert "min_speakers = 6" in message
    assert "max_speakers = 5" in message


def test_all_that_is_wrong_is_said_at_once_and_once():
    message = complaint(
        {**SHIPPED, "tolerance": 2, "backend": "ray", "min_spaekers": 1, "manifest_path": ["", 5]}
    )
    lines = message.splitlines()[1:]
    assert len(lines) == len(set(lines)) == 5
    for place in ("tolerance = 2", "backend = 'ray'", "manifest_path[0] = ''", "manifest_path[1]"):
        assert message.count(place) == 1


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("min_spaekers", "did you mean min_speakers?"),
        ("target_window", "did you mean target_window_duration?"),
        ("overlap", "did you mean overlap_percentage?"),
        ("zzz", "known are manifest_path"),
        (5, "known are manifest_path"),
        (True, "known are manifest_path"),
    ],
)
def test_an_unknown_key_is_an_error_with_a_hint(unknown, hint):
    message = complaint({**SHIPPED, unknown: 1})
    assert f"{unknown} is not a parameter: " in message
    if unknown != "overlap":  # too short to be near
        assert hint in message


# What the command line does to values


@pytest.mark.parametrize("key", ["truncation", "keep_windows", "loss_details", "merge"])
@pytest.mark.parametrize("text", ["true", "True", "TRUE", "false", "False"])
def test_booleans_as_text(key, text):
    assert load(**{key: text}).values[key] is (text.lower() == "true")


@pytest.mark.parametrize("text", ["null", "None", "NULL", "none"])
def test_null_as_text(text):
    config = load(target_duration=text, target_window_duration=60)
    assert config.values["target_duration"] is None
    assert config.overlap.target_duration == 60


@pytest.mark.parametrize("key", ["drop_fields", "drop_fields_top_level"])
def test_an_empty_field_list_arrives_as_none(key):
    assert load(**{key: None}).values[key] == ""


@pytest.mark.parametrize("key", ["manifest_path", "output_dir", "drop_fields"])
@pytest.mark.parametrize("text", ["true", "null", "none", "false"])
def test_text_stays_text(key, text):
    assert load(**{key: text}).values[key] == text


def test_the_raw_config_is_left_alone():
    raw = {**SHIPPED, "truncation": "false", "drop_fields": None}
    before = dict(raw)
    load_config(raw, ROOT)
    assert raw == before


# Schema and dataclasses agree


def schema_accepts(name: str, value: Any) -> bool:
    return Draft202012Validator(SCHEMA["properties"][name]).is_valid(value)


def dataclass_accepts(name: str, value: Any) -> bool:
    """Whether the dataclass takes the value, the other parameters being no obstacle."""
    room = {"min_speakers": "max_speakers", "max_speakers": "min_speakers"}
    others = {}
    if name in room and isinstance(value, int):
        others[room[name]] = max(value, 1) if name == "min_speakers" else 0
    try:
        FIELDS[name](**{name: value}, **others)
    except ParameterError:
        return False
    return True


values = (
    st.integers(-2, 120)
    | st.floats(-0.5, 1.5).filter(lambda value: not value.is_integer())
    | st.floats(-1e6, 1e6).filter(lambda value: not value.is_integer())
    | st.sampled_from([None, True, False, "", "words", "a,b", "1", "true", [], ["words"], {}])
)


@settings(max_examples=400)
@given(st.sampled_from(sorted(FIELDS)), values)
def test_schema_and_dataclasses_agree(name, value):
    assert schema_accepts(name, value) == dataclass_accepts(name, value)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 10**400, 2.0, 0.0, -0.0, 1e300],
    ids=lambda v: str(v)[:8],
)
def test_schema_and_dataclasses_agree_on_odd_numbers(value):
    # Draft 2020-12 takes 2.0 for an integer and knows no NaN, so the schema may let those pass;
    # what counts is that the message names the key, and that nothing passes both.
    for name in FIELDS:
        if schema_accepts(name, value) and not dataclass_accepts(name, value):
            with pytest.raises(ParameterError, match=f"{name} = "):
                load(**{name: value})
        else:
            assert schema_accepts(name, value) == dataclass_accepts(name, value), name


def test_a_shard_size_is_never_silently_another():
    """JSON Schema takes 1e6 for an integer; it must not then be taken for `auto`."""
    if is_valid({**SHIPPED, "shard_size": 1_000_000.0}):
        asked = load(shard_size=1_000_000.0).values["shard_size"]
        assert resolve_shard_size(asked, [Manifest("a", 10**10)], "local") == 1_000_000


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"input_format": "textgrid"}, "whisperx"),
        ({"speaker_scope": "all"}, "recording or corpus"),
        ({"bandwidth": "guess"}, "auto, given, measure or a number of Hz"),
        ({"bandwidth": -1}, "auto, given, measure or a number of Hz"),
        ({"sample_rate": 0}, "auto or a number of Hz above 0"),
        ({"missing_audio": "ignore"}, "quarantine or keep"),
        ({"audio_root": 2024}, "the path or URL of a directory with audio"),
    ],
)
def test_keys_of_the_way_in_say_what_is_allowed(values, allowed):
    with pytest.raises(ParameterError, match=allowed):
        load(**values)


def test_without_audio_both_keys_that_need_it_are_named_before_planning():
    check_audio("rttm", load(bandwidth=8000, sample_rate=16000).values)
    check_audio("rttm", load(audio_root="audio").values)
    check_audio("lhotse", load().values)
    check_audio(None, load().values)
    with pytest.raises(ParameterError, match=r"bandwidth and sample_rate .* bandwidth=8000 sample"):
        check_audio("rttm", load().values)
    with pytest.raises(ParameterError, match="so sample_rate cannot be had"):
        check_audio("whisperx", load(bandwidth="given").values)
    with pytest.raises(ParameterError, match="audio_root: not for manifests of ours"):
        check_audio(None, load(audio_root="audio").values)
