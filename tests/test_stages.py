"""NeMo Curator's pipeline.yaml as a configuration file."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import shared_folder

from alm import curate_manifest
from alm.config import load_config
from alm.errors import ParameterError
from alm.stages import from_curator, merged, refuse_dotted

BUILDER = {"_target_": "nemo_curator.stages.audio.alm.ALMDataBuilderStage"}
OVERLAP = {"_target_": "nemo_curator.stages.audio.alm.ALMDataOverlapStage"}

PIPELINE = {
    "defaults": ["_self_"],
    "hydra": {"run": {"dir": "."}},
    "manifest_path": "???",
    "output_dir": "./alm_output",
    "backend": "xenna",
    "stages": [
        {
            "_target_": "nemo_curator.stages.audio.alm.ALMManifestReader",
            "manifest_path": "${manifest_path}",
            "files_per_partition": 1,
        },
        BUILDER | {"target_window_duration": 60.0, "min_speakers": 3},
        OVERLAP | {"overlap_percentage": 30},
        {
            "_target_": "nemo_curator.stages.audio.alm.ALMManifestWriterStage",
            "output_path": "${output_dir}/alm_output.jsonl",
        },
    ],
}


def written(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def test_stages_become_our_keys_and_what_they_leave_out_the_references_defaults() -> None:
    values = from_curator(PIPELINE)
    assert {"manifest_path", "stages", "hydra"} & values.keys() == set()
    assert (values["output_dir"], values["backend"]) == ("./alm_output", "xenna")
    assert (values["target_window_duration"], values["min_speakers"]) == (60.0, 3)
    assert (values["overlap_percentage"], values["target_duration"]) == (30, 120.0)
    assert from_curator({"stages": [OVERLAP]})["overlap_percentage"] == 0
    config = load_config(values)
    assert config.overlap.target_duration == 120.0
    assert from_curator({"stages": None}) == {}


def test_later_files_win_and_the_command_line_over_all(tmp_path: Path) -> None:
    files = [
        written(tmp_path / "ours.yaml", {"overlap_percentage": 50, "shard_size": 7}),
        written(tmp_path / "curator.yaml", PIPELINE),
        written(tmp_path / "mine.yaml", {"min_speakers": 4}),
    ]
    config = {"overlap_percentage": 50, "shard_size": 7, "min_speakers": 4} | PIPELINE
    values = merged(config, files, {"manifest_path": "in"})
    assert (values["overlap_percentage"], values["shard_size"], values["min_speakers"]) == (
        30,
        7,
        4,
    )
    assert values["manifest_path"] == "in"
    assert merged(config, files, {"overlap_percentage": 5})["overlap_percentage"] == 5
    assert merged(config, [], {})["overlap_percentage"] == 30  # imported with such a config
    assert merged({"overlap_percentage": 50}, files, {}) == {"overlap_percentage": 50}


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        ({"_target_": "nemo_curator.stages.audio.Squim"}, "audio.Squim is not a stage of this"),
        (BUILDER | {"bandwith": 1}, "ALMDataBuilderStage: bandwith is not known here; known are"),
        ({"min_speakers": 1}, "has no _target_"),
        (
            {"_target_": "ManifestWriterStage", "output_path": "out/mine.jsonl"},
            r"output_path = 'out/mine\.jsonl': the result is always called alm_output\.jsonl",
        ),
    ],
)
def test_what_we_lack_is_named(stage: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        from_curator({"stages": [stage]})


def test_a_written_result_names_the_folder() -> None:
    stage = {"_target_": "ManifestWriterStage", "output_path": "out/alm_output.jsonl"}
    assert from_curator({"stages": [stage]}) == {"output_dir": "out"}


def test_hydras_overrides_get_the_line_to_type() -> None:
    refuse_dotted(["snakemake", "--config", "min_speakers=3"])
    typed = ["snakemake", "stages.1.min_speakers=3", "stages.2.overlap_percentage=30"]
    with pytest.raises(ParameterError, match="type: --config min_speakers=3 overlap_percentage=30"):
        refuse_dotted(typed)


def tutorial() -> tuple[list[dict[str, Any]], list[str]]:
    """The configurations that NVIDIA's tutorial shows, and the overrides that it types."""
    text = (shared_folder() / "seed" / "alm-pipeline-tutorial.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return list(map(yaml.safe_load, blocks)), re.findall(r"^ +(stages\.\S+)", text, re.MULTILINE)


def test_the_tutorials_pipeline_gives_the_tutorials_figures(tmp_path: Path) -> None:
    (pipeline, shorter, permissive), overrides = tutorial()
    sample = shared_folder() / "sample" / "sample_input.jsonl"

    def figures(config: dict[str, Any]) -> tuple[int, int, float]:
        checked = load_config(config)
        stats = curate_manifest(sample, tmp_path / "out.jsonl", checked.window, checked.overlap)
        seconds = round(stats.seconds("filtered_dur"), 1)
        return stats["windows"], stats["filtered_windows"], seconds

    def asked(*contents: dict[str, Any], **typed: Any) -> dict[str, Any]:
        files = [
            written(tmp_path / f"{number}.yaml", content) for number, content in enumerate(contents)
        ]
        return merged(contents[0], files, typed)

    assert figures(asked(pipeline)) == (181, 25, 3035.5)
    with pytest.raises(
        ParameterError, match="type: --config target_window_duration=60 overlap_percentage=30"
    ):
        refuse_dotted(overrides)
    shown = [
        figures(asked(pipeline, target_window_duration=60, overlap_percentage=30)),
        figures(asked(pipeline, shorter)),
        figures(asked(pipeline, permissive)),
    ]
    same = [
        {"target_window_duration": 60, "overlap_percentage": 30, "target_duration": 120.0},
        {"target_window_duration": 30, "tolerance": 0.2, "max_speakers": 3}
        | {"overlap_percentage": 50, "target_duration": 120.0},
        {"min_bandwidth": 4000, "min_sample_rate": 8000, "min_speakers": 1, "max_speakers": 10}
        | {"overlap_percentage": 80, "target_duration": 120.0},
    ]
    assert shown == list(map(figures, same))
    assert len(set(shown)) == 3
