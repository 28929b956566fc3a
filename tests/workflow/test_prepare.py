"""From what other tools write to kept windows, by one command."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import RunWorkflow
from helpers import ROOT

from alm.jobs.seals import read_seal
from alm.verify import verify

soundfile = pytest.importorskip("soundfile")
np = pytest.importorskip("numpy")

pytestmark = pytest.mark.workflow


def conversations(folder: Path, count: int) -> tuple[Path, Path]:
    """Noise at 16 kHz for each recording, and an RTTM file each: two speak in turn for 130 s."""
    audio, rttm = folder / "audio", folder / "rttm"
    audio.mkdir(parents=True)
    rttm.mkdir()
    for number in range(count):
        noise = 0.1 * np.random.default_rng(number).normal(size=130 * 16000)
        soundfile.write(audio / f"call_{number}.flac", noise, 16000)
        (rttm / f"call_{number}.rttm").write_text(
            "".join(
                f"SPEAKER call_{number} 1 {5 * turn} 5 <NA> <NA> spk{turn % 2} <NA> <NA>\n"
                for turn in reversed(range(26))
            )
        )
    return rttm, audio


def test_rttm_and_audio_become_windows_and_audio_is_read_once(
    tmp_path: Path, run_workflow: RunWorkflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is prepared is sealed, recorded and done again where its source has changed."""
    rttm, audio = conversations(tmp_path, 2)
    asked = {"manifest_path": str(rttm), "audio_root": str(audio)}
    prepared = run_workflow("--until", "prepare", **asked)
    assert (prepared.jobs["group"], prepared.jobs["prepare_shard"]) == (1, 1)
    assert "build" not in prepared.jobs
    (manifest,) = (prepared.output / "prepared").iterdir()
    shutil.rmtree(audio)
    run = run_workflow(**asked)
    assert {"group", "prepare_shard"} & run.jobs.keys() == set()
    assert (run.stats["entries"], run.stats["quarantined"]) == (2, 0)
    rows = run.lines("alm_output.jsonl")
    assert [len(row["filtered_windows"]) for row in rows] == [1, 1]
    speakers = [
        {each["speaker"] for each in row["filtered_windows"][0]["segments"]} for row in rows
    ]
    assert speakers == [{f"call_{k}/spk0", f"call_{k}/spk1"} for k in range(2)]
    assert rows[0]["manifest_filepath"] == f"out/prepared/{manifest.name}"
    changed = run_workflow("--dry-run", min_speakers=1, **asked)
    assert changed.jobs["build"] == 1
    assert {"group", "prepare_shard"} & changed.jobs.keys() == set()

    work = run.output / "work"
    named = {Path(name) for seal in (work / "seals").rglob("*.json") for name in read_seal(seal)}
    assert {manifest, *(work / "prepared").iterdir(), *work.glob("groups/*.summary.json")} <= named
    sources = json.loads((run.output / "provenance.json").read_bytes())["sources"]
    assert [source["path"] for source in sources] == [str(path) for path in sorted(rttm.iterdir())]
    monkeypatch.chdir(run.output.parent)
    assert list(verify(run.output)) == []

    manifest.write_bytes(manifest.read_bytes().replace(b"spk0", b"spk9"))
    edited = run_workflow(check=False, **asked)
    assert edited.returncode != 0
    assert f"{manifest.name}' is not as its job wrote it" in edited.terminal.splitlines()[-1]
    other = rttm / "call_0.rttm"
    other.write_text(other.read_text().replace("spk1", "spk2"))
    again = run_workflow("--dry-run", **asked)
    assert [again.jobs[rule] for rule in ("group", "prepare_shard", "build")] == [1, 1, 1]
    (finding, *_) = [each for each in verify(run.output) if other.name in each.text]
    assert "was changed since the run" in finding.text


def test_curators_pipeline_is_a_configuration_file(
    tmp_path: Path, run_workflow: RunWorkflow
) -> None:
    rttm, _ = conversations(tmp_path, 1)
    pipeline = tmp_path / "curator.yaml"
    pipeline.write_text(
        "manifest_path: ???\n"
        "stages:\n"
        "  - _target_: nemo_curator.stages.audio.ManifestReader\n"
        "    manifest_path: ${manifest_path}\n"
        "    files_per_partition: 1\n"
        "  - _target_: nemo_curator.stages.audio.alm.ALMDataBuilderStage\n"
        "    target_window_duration: 60.0\n"
        "  - _target_: nemo_curator.stages.audio.alm.ALMDataOverlapStage\n"
        "    overlap_percentage: 30\n"
    )
    run = run_workflow(
        "--dry-run",
        "stages.1.min_speakers=3",
        configfiles=(pipeline,),
        manifest_path=str(rttm),
        check=False,
    )
    assert "type: --config min_speakers=3" in run.terminal
    asked = {"manifest_path": str(rttm), "bandwidth": 8000, "sample_rate": 16000}
    run = run_workflow(configfiles=(pipeline,), **asked)
    parameters = run.stats["parameters"]
    assert (parameters["target_window_duration"], parameters["overlap_percentage"]) == (60.0, 30)
    assert run.stats["windows"] > 0


def test_broken_formats_stop_before_any_job_or_are_answered_for(run_workflow: RunWorkflow) -> None:
    data = ROOT / "tests" / "data" / "formats"
    run = run_workflow(manifest_path=str(data / "corpus.rttm"), check=False)
    assert run.returncode != 0
    assert "bandwidth=8000 sample_rate=16000" in run.terminal
