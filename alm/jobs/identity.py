"""What a job's outputs were made from, as a short name that stands in `output_dir` itself.

The name of a job's seal (see :mod:`alm.jobs.seals`) ends in the identity of its rule: a hash of the
parameters and the code of the rule, of the rules before it, and, for a rule over all shards, of the
plan: which shards there are, in which order, of which versions of the manifests. All of it is known
before any job runs. Whoever asks for something else asks for another seal, which is not there; so
exactly the right jobs run, whatever Snakemake knows or has forgotten of the directory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from alm.config import Config
from alm.input.shards import Shard
from alm.jobs.sample import one_in
from alm.jobs.seals import OF_SHARDS
from alm.params import OverlapParams, WindowParams
from alm.provenance.code import code_hash

AFTER: dict[str, tuple[str, ...]] = {
    "build": (),
    "overlap": ("build",),
    "merge_quarantine": ("build", "overlap"),
    "merge_output": ("build", "overlap", "merge_quarantine"),
    "what_if": ("build", "overlap"),
    "stats": ("build", "overlap", "what_if"),
    "chart_library": (),
    "sweep_shard": (),
    "sweep": ("sweep_shard",),
    "pages": ("merge_quarantine", "merge_output", "stats", "chart_library"),
    "provenance": ("build", "overlap", "merge_quarantine", "merge_output", "stats"),
}
"""Each rule, and those whose outputs it reads."""

STAGES = [each.name for cls in (WindowParams, OverlapParams) for each in fields(cls)]
"""The parameters of both stages."""

OVER_ALL_SHARDS = frozenset(AFTER) - {*OF_SHARDS, "chart_library"}


def made_with(config: Config, *, shards: Sequence[Shard] = ()) -> dict[str, dict[str, Any]]:
    """The parameters of each rule that its outputs depend on, and the hash of its code.

    Args:
        config: of the run.
        shards: of the run; of them counts only how large all are together, and only roughly.
    """
    values, window, overlap = dict(config.values), asdict(config.window), asdict(config.overlap)
    grid = values.pop("sweep")  # only a sweep depends on it
    stages = {name: values[name] for name in STAGES}
    swept = {"values": stages, "grid": grid}
    parameters: dict[str, dict[str, Any]] = {
        "build": {
            "window": window,
            "on_invalid": values["on_invalid"],
            "sample_fraction": values["sample_fraction"],
            "one_in": one_in(span for shard in shards for span in shard.ranges),
        },
        "overlap": {"overlap": overlap, "on_invalid": values["on_invalid"]},
        "merge_output": {
            "merge": values["merge"],
            "max_invalid_fraction": values["max_invalid_fraction"],
        },
        "what_if": {"values": stages, "sample_fraction": values["sample_fraction"]},
        "sweep_shard": {
            **swept,
            "on_invalid": values["on_invalid"],
            "sample_fraction": values["sample_fraction"],
        },
        "sweep": {**swept, "sample_fraction": values["sample_fraction"]},
        "stats": {"window": window, "overlap": overlap, "parameters": values},
        "provenance": {"parameters": values | {"target_duration": config.overlap.target_duration}},
    }
    return {
        rule: {**parameters.get(rule, {}), "code": code_hash(f"alm.jobs.{rule}")} for rule in AFTER
    }


def identities(rules: Mapping[str, Mapping[str, Any]], plan: str) -> dict[str, str]:
    """The identity of each rule, 16 hexadecimal digits.

    Args:
        rules: what :func:`made_with` says.
        plan: what :func:`alm.input.shards.plan_digest` says.
    """
    found: dict[str, str] = {}
    for rule, before in AFTER.items():
        content = {
            "with": rules[rule],
            "after": [found[each] for each in before],
            "plan": plan if rule in OVER_ALL_SHARDS else None,
        }
        text = json.dumps(content, sort_keys=True).encode()
        found[rule] = hashlib.blake2b(text, digest_size=8).hexdigest()
    return found


def seal_name(rule: str, identity: str) -> str:
    """The path of a rule's seal in ``output_dir``, with Snakemake's wildcard for a shard."""
    shard = "/{shard}" if rule in OF_SHARDS else ""
    return f"work/seals/{rule}{shard}.{identity}.json"
