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
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from alm.config import Config
from alm.errors import ParameterError
from alm.jobs.seals import OF_EXPORTS, OF_SHARDS
from alm.keys import AUTO, EXPORT_KEYS, PREPARE_OPTIONS
from alm.params import OverlapParams, WindowParams
from alm.provenance.code import code_hashes

AFTER: dict[str, tuple[str, ...]] = {
    "group": (),
    "prepare_shard": ("group",),
    "build": ("prepare_shard",),
    "overlap": ("build",),
    "merge_quarantine": ("build", "overlap"),
    "merge_output": ("prepare_shard", "build", "overlap", "merge_quarantine"),
    "what_if": ("build", "overlap"),
    "stats": ("prepare_shard", "build", "overlap", "what_if"),
    "recordings": ("build", "overlap"),
    "sweep_shard": ("prepare_shard",),
    "sweep": ("sweep_shard",),
    "pages": ("merge_quarantine", "merge_output", "stats", "recordings"),
    "provenance": (
        *("group", "prepare_shard", "build", "overlap"),
        *("merge_quarantine", "merge_output", "stats", "recordings"),
    ),
    "examples": ("build",),
    "clips": ("examples",),
    "moshi_clips": ("examples",),
    "splits": ("examples",),
    "export_quarantine": ("clips", "moshi_clips"),
    "export_windows": ("examples", "splits"),
    "export_clips": ("clips", "splits"),
    "export_moshi": ("moshi_clips", "splits"),
    "data_card": ("provenance", "export_windows", "export_clips", "export_moshi"),
}
"""Each rule, and those whose outputs it reads."""

OF_OTHER_FORMATS = ("group", "prepare_shard")
"""Rules that a run on manifests of ours does without."""

MODULES = {
    "moshi_clips": "clips",
    "export_windows": "export",
    "export_clips": "export",
    "export_moshi": "export",
}
"""What of ``alm.jobs`` does the work of a rule, where the name is another."""

STAGES = [each.name for cls in (WindowParams, OverlapParams) for each in fields(cls)]
"""The parameters of both stages."""

OVER_ALL_SHARDS = frozenset(AFTER) - {*OF_SHARDS, "group"}


def made_with(config: Config, kind: str | None = None) -> dict[str, dict[str, Any]]:
    """The parameters of each rule that its outputs depend on, and the hash of its code.

    Args:
        config: of the run.
        kind: the format of its input; None for manifests of ours.
    """
    window, overlap = asdict(config.window), asdict(config.overlap)
    clips, export = asdict(config.clips), asdict(config.export)
    values = {name: value for name, value in config.values.items() if name not in EXPORT_KEYS}
    grid = values.pop("sweep")  # only a sweep depends on it
    recorded = values | {"no_speaker": window["no_speaker"]}
    stages = {name: recorded[name] for name in STAGES}
    swept = {"values": stages, "grid": grid, "sample_fraction": values["sample_fraction"]}
    exports = {name: config.values[name] for name in EXPORT_KEYS}
    splits = {name: exports[name] for name in ("splits", "split_by", "split_seed")}
    checked = {"max_invalid_fraction": values["max_invalid_fraction"]}
    parameters: dict[str, dict[str, Any]] = {
        "group": {"kind": kind, "recognized": values["input_format"] == AUTO},
        "prepare_shard": {
            "kind": kind,
            "options": {name: values[name] for name in PREPARE_OPTIONS},
        },
        "build": {
            "window": window,
            "on_invalid": values["on_invalid"],
            "sample_fraction": values["sample_fraction"],
        },
        "overlap": {"overlap": overlap, "on_invalid": values["on_invalid"]},
        "merge_output": {
            "merge": values["merge"],
            "max_invalid_fraction": values["max_invalid_fraction"],
        },
        "what_if": {"values": stages, "sample_fraction": values["sample_fraction"]},
        "sweep_shard": {**swept, "on_invalid": values["on_invalid"]},
        "sweep": swept,
        "stats": {"window": window, "overlap": overlap, "parameters": recorded},
        "recordings": {"overlap": overlap},
        "pages": {
            "compare_with": values["compare_with"],
            "clips": _audio_clips(exports),
        },
        "provenance": {"parameters": recorded | {"target_duration": overlap["target_duration"]}},
        "examples": {
            "window": window,
            "overlap": overlap,
            "audio_root": values["audio_root"],
            "sample_fraction": values["sample_fraction"],
        },
        "clips": {"clips": clips, "max_overlap": None},
        "moshi_clips": {"clips": clips, "max_overlap": exports["moshi_max_overlap"]},
        "splits": splits,
        # They name audio by absolute paths: where the run was moved, they are others.
        "export_windows": {"export": export, "splits": splits["splits"], "folder": os.getcwd()},
        "export_clips": {"export": export, "splits": splits["splits"], **checked},
        "export_moshi": {"export": export, "splits": splits["splits"], **checked},
        "data_card": {"parameters": exports},
    }
    rules = [rule for rule in AFTER if kind or rule not in OF_OTHER_FORMATS]
    modules = {rule: f"alm.jobs.{MODULES.get(rule, rule)}" for rule in rules}
    code = code_hashes(modules.values())
    return {rule: {**parameters.get(rule, {}), "code": code[modules[rule]]} for rule in rules}


def _audio_clips(exports: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the page of recordings knows of the clips that can be heard: their format, and where."""
    if "audio" not in exports["exports"]:
        return None
    folders = [f"{split}/" for split in exports["splits"] or ()]
    return {"format": exports["clip_format"], "folders": folders or [""]}


def version_of_other(folder: str | None) -> str | None:
    """What tells the figures of another run from those of a third; None without a folder.

    Raises:
        ParameterError: there are none.
    """
    if folder is None:
        return None
    try:
        return hashlib.blake2b(Path(folder, "stats.json").read_bytes(), digest_size=8).hexdigest()
    except OSError as error:
        raise ParameterError(
            f"compare_with = {folder!r}: {error.strerror} for its stats.json; name the output_dir "
            "of a run that has finished"
        ) from error


def identities(rules: Mapping[str, Mapping[str, Any]], plan: str) -> dict[str, str]:
    """The identity of each rule, 16 hexadecimal digits.

    Args:
        rules: what :func:`made_with` says.
        plan: what :func:`alm.input.shards.plan_digest` says.
    """
    found: dict[str, str] = {}
    for rule, content in rules.items():
        content = {
            "with": content,
            "after": [found[each] for each in AFTER[rule] if each in rules],
            "plan": plan if rule in OVER_ALL_SHARDS else None,
        }
        text = json.dumps(content, sort_keys=True).encode()
        found[rule] = hashlib.blake2b(text, digest_size=8).hexdigest()
    return found


def seal_name(rule: str, identity: str) -> str:
    """The path of a rule's seal in ``output_dir``, with Snakemake's wildcards of its jobs."""
    job = "/{shard}" if rule in OF_SHARDS else "/{group}.{version}" if rule == "group" else ""
    if rule in OF_EXPORTS:
        job = "/{name}"
    return f"work/seals/{rule}{job}.{identity}.json"
