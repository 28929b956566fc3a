"""The identity of rules: each parameter changes what it must, and nothing else."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from alm.config import load_config
from alm.jobs.identity import AFTER, OVER_ALL_SHARDS, identities, made_with
from alm.keys import DEFAULTS
from alm.provenance.code import code_hashes

RECORDED = {"stats", "pages", "provenance", "data_card"}
"""They say what the run was asked for, so that every parameter of the run changes them."""

WRITTEN = {"export_windows", "export_clips", "export_moshi", "data_card"}
CUT = {"clips", "moshi_clips", "export_quarantine", "export_clips", "export_moshi", "data_card"}
EXAMPLES = {"examples", "splits"} | CUT | WRITTEN

MERGED = RECORDED | {"merge_output"}
SWEPT = {"sweep_shard", "sweep"}
FILTERED = MERGED | SWEPT | {"overlap", "merge_quarantine", "recordings", "what_if"} | EXAMPLES
BUILT = FILTERED | {"build"}
PREPARED = BUILT | {"prepare_shard"}

CHANGES: dict[str, tuple[Any, set[str]]] = {
    "manifest_path": ("elsewhere.jsonl", RECORDED),  # the shards are others, too
    "output_dir": ("elsewhere", RECORDED),
    "backend": ("local", RECORDED),
    "ray_address": ("head:6379", RECORDED),
    "shard_size": (1000, RECORDED),
    "input_format": ("rttm", PREPARED | {"group"}),
    "speaker_scope": ("corpus", PREPARED),
    "audio_root": ("audio", PREPARED),
    "audio_files": ("{id}.wav", PREPARED),
    "bandwidth": (8000, PREPARED),
    "sample_rate": (16000, PREPARED),
    "missing_audio": ("keep", PREPARED),
    "sample_fraction": (0.5, BUILT),
    "target_window_duration": (30, BUILT),
    "tolerance": (0.2, BUILT),
    "min_sample_rate": (8000, BUILT),
    "min_bandwidth": (4000, BUILT),
    "min_speakers": (1, BUILT),
    "max_speakers": (6, BUILT),
    "truncation": (False, BUILT),
    "drop_fields": ("", BUILT),
    "drop_fields_top_level": ("words", BUILT),
    "loss_details": (True, BUILT),
    "sort_segments": (True, BUILT),
    "no_speaker": ("silence", BUILT),
    "max_gap": (5, BUILT),
    "window_ends": ("any", BUILT),
    "overlap_percentage": (51, FILTERED),
    "target_duration": (60, FILTERED),
    "keep_windows": (False, FILTERED),
    "selection": ("total", FILTERED),
    "min_turns": (2, FILTERED),
    "max_speaker_share": (0.9, FILTERED),
    "min_speech_share": (0.5, FILTERED),
    "window_profile": (True, FILTERED),
    "merge": (False, MERGED),
    "on_invalid": ("fail", BUILT),
    "max_invalid_fraction": (0.5, MERGED | {"export_clips", "export_moshi"}),
    "compare_with": ("elsewhere", RECORDED),
    "exports": (["lhotse"], {"data_card"}),
    "moshi_max_overlap": (
        0.1,
        {"moshi_clips", "export_quarantine", "export_moshi", "data_card"},
    ),
    "splits": ({"train": 0.9, "test": 0.1}, WRITTEN | {"splits"}),
    "split_by": ("speakers", WRITTEN | {"splits"}),
    "split_seed": (1, WRITTEN | {"splits"}),
    "clip_format": ("wav", CUT),
    "clip_sample_rate": (16000, CUT),
    "clip_channel": ("keep", CUT),
    "export_prompt": ("What is said?", WRITTEN),
    "export_turn": ("{text}", WRITTEN),
    "global_speakers": (True, WRITTEN),
    "export_file_size": (1_000_000, WRITTEN),
    "parquet_audio": (True, WRITTEN),
    "sweep": ({"tolerance": [0.1, 0.2]}, SWEPT),
}


def changed(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {rule for rule in one if one[rule] != other[rule]}


@pytest.fixture(scope="module", autouse=True)
def source_that_is_read_once() -> Iterator[None]:
    """All that is asked here is asked of the same source."""
    read = cache(code_hashes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alm.jobs.identity.code_hashes", lambda modules: read(tuple(modules)))
        yield


def asked(kind: str | None = "rttm", **config: Any) -> dict[str, str]:
    return identities(made_with(load_config(config), kind), "plan")


def test_14_02_every_parameter_is_known_here() -> None:
    assert CHANGES.keys() == DEFAULTS.keys()


@pytest.mark.parametrize("parameter", CHANGES)
def test_14_02_a_parameter_changes_the_seals_of_what_it_changes(parameter: str) -> None:
    value, rules = CHANGES[parameter]
    assert changed(asked(), asked(**{parameter: value})) == rules
    assert changed(asked(**{parameter: value}), asked(**{parameter: value})) == set()


@pytest.mark.parametrize("parameter", CHANGES)
def test_17_02_manifests_of_ours_do_not_depend_on_how_others_are_prepared(parameter: str) -> None:
    value, rules = CHANGES[parameter]
    expected = RECORDED if "prepare_shard" in rules else rules
    if parameter == "audio_root":
        expected = expected | EXAMPLES
    assert changed(asked(None), asked(None, **{parameter: value})) == expected
    assert AFTER.keys() - asked(None).keys() == {"group", "prepare_shard"}


def test_17_02_another_format_changes_the_seals_of_all_that_is_made_of_it() -> None:
    assert changed(asked("rttm"), asked("stm")) == AFTER.keys()


@pytest.mark.parametrize("rule", AFTER)
def test_14_02_other_code_changes_the_seals_of_its_rule_and_of_all_after_it(rule: str) -> None:
    rules = made_with(load_config({}), "rttm")
    edited = {**rules, rule: {**rules[rule], "code": "edited"}}
    found = changed(identities(rules, "plan"), identities(edited, "plan"))
    after = {rule}
    for each, before in AFTER.items():
        if after & set(before):
            after.add(each)
    assert found == after


def test_14_01_another_plan_changes_the_seals_of_every_rule_over_all_shards() -> None:
    rules = made_with(load_config({}), "rttm")
    assert changed(identities(rules, "ab"), identities(rules, "ba")) == OVER_ALL_SHARDS
