"""NeMo Curator's ``pipeline.yaml`` as a configuration of ours.

Its stages are known by the last part of their ``_target_``. What such a stage leaves out has the
reference's default, as it has there, and not the one of our own configuration.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from alm.errors import ParameterError
from alm.params import OverlapParams, WindowParams

STAGES = "stages"
TARGET = "_target_"
RESULT = "alm_output.jsonl"

OF_HYDRA = frozenset({"defaults", "hydra", "documentation", STAGES})
"""Keys beside the stages that say nothing of what is computed."""

_DOTTED = re.compile(r"stages\.\d+\.(\w+)=(.*)")
_LEFT_OPEN = re.compile(r"\$\{|^\?\?\?$")
"""What the command line of Hydra fills in, and that of Snakemake here."""


def _of_class(cls: type, *names: str) -> Callable[[str, Mapping[str, Any]], dict[str, Any]]:
    """A stage whose keys are some of ours, with the defaults that they have in the reference."""
    defaults = {each.name: each.default for each in fields(cls) if each.name in names}

    def translate(target: str, given: Mapping[str, Any]) -> dict[str, Any]:
        _refuse_unknown(target, given, defaults)
        return defaults | dict(given)

    return translate


def _reader(target: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """``files_per_partition`` is left out: ``shard_size`` says how much a job reads."""
    _refuse_unknown(target, given, ("manifest_path", "files_per_partition"))
    return {name: value for name, value in given.items() if name == "manifest_path"}


def _writer(target: str, given: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_unknown(target, given, ("output_path",))
    if not (path := given.get("output_path")):
        return {}
    folder, name = os.path.split(str(path))
    if name != RESULT:
        raise ParameterError(
            f"{target}: output_path = {path!r}: the result is always called {RESULT}; set "
            "output_dir to its folder, and leave output_path out"
        )
    return {"output_dir": folder or "."}


KNOWN = {
    "ALMManifestReader": _reader,
    "ManifestReader": _reader,
    "ALMDataBuilderStage": _of_class(
        WindowParams,
        *("target_window_duration", "tolerance", "min_sample_rate", "min_bandwidth"),
        *("min_speakers", "max_speakers", "truncation", "drop_fields", "drop_fields_top_level"),
    ),
    "ALMDataOverlapStage": _of_class(OverlapParams, "overlap_percentage", "target_duration"),
    "ALMManifestWriterStage": _writer,
    "ManifestWriterStage": _writer,
}


def _refuse_unknown(target: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise ParameterError(
                f"{target}: {name} is not known here; known are {', '.join(known)}"
            )


def from_curator(content: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of ours that a configuration of NeMo Curator sets.

    Args:
        content: with ``stages``; what its command line would fill in is left out.

    Raises:
        ParameterError: a stage, or a key of one, is not known here.
    """
    values = {name: value for name, value in content.items() if name not in OF_HYDRA}
    for stage in content[STAGES] or []:
        if not isinstance(stage, dict) or not isinstance(stage.get(TARGET), str):
            raise ParameterError(f"stages: {stage!r} has no {TARGET}; leave it out")
        target = stage[TARGET]
        translate = KNOWN.get(target.rpartition(".")[2])
        if translate is None:
            raise ParameterError(
                f"stages: {target} is not a stage of this workflow, which has {', '.join(KNOWN)}; "
                "run it before, and take it out here"
            )
        given = {name: value for name, value in stage.items() if name != TARGET}
        values |= translate(target, _closed(given))
    return _closed(values)


def _closed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that do not wait for a command line."""
    return {
        name: value
        for name, value in values.items()
        if not (isinstance(value, str) and _LEFT_OPEN.search(value))
    }


def merged(
    config: Mapping[str, Any], files: Sequence[str | Path], typed: Mapping[str, Any]
) -> dict[str, Any]:
    """A configuration in which later files win over earlier ones, and the command line over all.

    Args:
        config: as Snakemake has merged it: stages there would win over all of our own keys.
        files: the configuration files, in order.
        typed: what the command line says.

    Raises:
        ParameterError: as :func:`from_curator`.
    """
    if STAGES not in config:
        return dict(config)
    contents = [yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {} for path in files]
    if not any(STAGES in content for content in contents):  # a workflow that imports ours
        contents = [config]
    values: dict[str, Any] = {}
    for content in contents:
        values |= from_curator(content) if STAGES in content else content
    return values | dict(typed)


def refuse_dotted(arguments: Iterable[str]) -> None:
    """Say what to type instead of an override in the manner of Hydra.

    Raises:
        ParameterError: there is one among the arguments.
    """
    dotted = [found for each in arguments if (found := _DOTTED.fullmatch(each))]
    if dotted:
        instead = " ".join(f"{found[1]}={found[2]}" for found in dotted)
        raise ParameterError(f"{dotted[0][0]} is Hydra's way; type: --config {instead}")
