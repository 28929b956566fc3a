"""The identity of rules: each parameter changes what it must, and nothing else."""

from typing import Any

import pytest

from alm.config import DEFAULTS, load_config
from alm.jobs.identity import AFTER, OVER_ALL_SHARDS, identities, made_with

RECORDED = {"stats", "pages", "provenance"}
"""They say what the run was asked for, so that every parameter changes them."""

MERGED = RECORDED | {"merge_output"}
SWEPT = {"sweep_shard", "sweep"}
FILTERED = MERGED | SWEPT | {"overlap", "merge_quarantine", "what_if"}
BUILT = FILTERED | {"build"}

CHANGES: dict[str, tuple[Any, set[str]]] = {
    "manifest_path": ("elsewhere.jsonl", RECORDED),  # the shards are others, too
    "output_dir": ("elsewhere", RECORDED),
    "backend": ("local", RECORDED),
    "ray_address": ("head:6379", RECORDED),
    "shard_size": (1000, RECORDED),
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
    "max_invalid_fraction": (0.5, MERGED),
    "sweep": ({"tolerance": [0.1, 0.2]}, SWEPT),
}


def changed(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {rule for rule in AFTER if one[rule] != other[rule]}


def asked(**config: Any) -> dict[str, str]:
    return identities(made_with(load_config(config)), "plan")


def test_14_02_every_parameter_is_known_here() -> None:
    assert CHANGES.keys() == DEFAULTS.keys()


@pytest.mark.parametrize("parameter", CHANGES)
def test_14_02_a_parameter_changes_the_seals_of_what_it_changes(parameter: str) -> None:
    value, rules = CHANGES[parameter]
    assert changed(asked(), asked(**{parameter: value})) == rules
    assert changed(asked(**{parameter: value}), asked(**{parameter: value})) == set()


@pytest.mark.parametrize("rule", AFTER)
def test_14_02_other_code_changes_the_seals_of_its_rule_and_of_all_after_it(rule: str) -> None:
    rules = made_with(load_config({}))
    edited = {**rules, rule: {**rules[rule], "code": "edited"}}
    found = changed(identities(rules, "plan"), identities(edited, "plan"))
    after = {rule}
    for each, before in AFTER.items():
        if after & set(before):
            after.add(each)
    assert found == after


def test_14_01_another_plan_changes_the_seals_of_every_rule_over_all_shards() -> None:
    rules = made_with(load_config({}))
    assert changed(identities(rules, "ab"), identities(rules, "ba")) == OVER_ALL_SHARDS
