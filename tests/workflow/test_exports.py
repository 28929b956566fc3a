"""`snakemake exports`: one command, resumable, in a record that `alm verify` checks."""

import json
from pathlib import Path

import corpus
import pytest
from conftest import Run, RunWorkflow, copy_of, shared_run, workflow_in
from exporting import contents

from alm.verify import verify

pytest.importorskip("soundfile")

pytestmark = pytest.mark.workflow

CONFIG = {
    "manifest_path": "manifest.jsonl",
    "target_window_duration": 60,
    "exports": ["lhotse", "nemo_tarred", "moshi"],
    "splits": {"train": 0.5, "test": 0.5},
}


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory):
    def make(folder: Path) -> Run:
        corpus.write(folder, where=Path("audio"))
        return workflow_in(folder)("--", "exports", **CONFIG)

    with shared_run(tmp_path_factory, "exports", make) as run:
        yield run


@pytest.fixture
def copied(exported: Run, tmp_path: Path) -> Run:
    return copy_of(exported, tmp_path / "work")


def errors(run: Run) -> list[str]:
    return [each.text for each in verify(run.output) if each.level == "error"]


def test_18_the_run_and_its_exports_are_as_recorded(exported: Run, monkeypatch) -> None:
    monkeypatch.chdir(exported.output.parent)
    assert errors(exported) == []
    card = (exported.output / "exports/DATACARD.md").read_text()
    assert "| train | " in card
    assert "`nemo_tarred/`" in card
    assert {path.name for path in (exported.output / "exports").iterdir()} == {
        *("lhotse", "nemo_tarred", "moshi"),
        *("DATACARD.md", "croissant.json", "provenance.json", "quarantine.jsonl", "splits.tsv"),
    }
    assert not list((exported.output / "exports").rglob(".*"))


def test_18_verify_names_what_of_an_export_is_missing_changed_or_old(
    copied: Run, monkeypatch
) -> None:
    monkeypatch.chdir(copied.output.parent)
    exports = copied.output / "exports"
    tar = next(exports.glob("nemo_tarred/*/audio_0.tar"))
    tar.write_bytes(tar.read_bytes()[:-1] + b"x")
    next(exports.glob("lhotse/*/cuts.jsonl.gz")).unlink()
    (exports / "salm").mkdir()
    found = "\n".join(errors(copied))
    for words in ("audio_0.tar", "cuts.jsonl.gz: cannot be read", "salm: is of another run"):
        assert words in found


def test_18_what_is_gone_or_asked_for_otherwise_is_made_again_and_no_more(
    copied: Run, run_workflow: RunWorkflow
) -> None:
    exports = copied.output / "exports"
    moved = run_workflow("--", "exports", **CONFIG)
    assert moved.jobs.keys() == {"exports", "export_windows", "data_card"}, "absolute paths"
    before = contents(exports)
    assert "total" not in run_workflow("--dry-run", "exports", **CONFIG).terminal
    next(exports.glob("nemo_tarred/*/audio_0.tar")).unlink()
    jobs = run_workflow("--dry-run", "exports", export_turn="{text}", **CONFIG).jobs
    assert jobs.keys() == {"exports", "export_windows", "export_clips", "export_moshi", "data_card"}
    again = run_workflow("--", "exports", **CONFIG)
    assert again.jobs.keys() == {"exports", "export_clips", "data_card"}
    assert contents(exports) == before


def test_18_audio_that_is_missing_is_listed_and_too_much_of_it_stops_the_exports(
    copied: Run, run_workflow: RunWorkflow
) -> None:
    (copied.output.parent / "audio/talk two.flac").unlink()
    config = CONFIG | {"clip_format": "wav", "exports": ["nemo_tarred"], "splits": None}
    failed = run_workflow("--", "exports", check=False, **config)
    assert failed.returncode
    assert "the audio of 3 of 9 windows (33.333%) is not to be had (audio_missing 3)" in (
        failed.terminal
    )
    listed = failed.lines("exports/quarantine.jsonl")
    assert [each["reason"] for each in listed] == ["audio_missing"] * 3
    done = run_workflow("--", "exports", max_invalid_fraction=0.5, **config)
    rows = done.lines("exports/nemo_tarred/manifest_0.json")
    assert len(rows) == 6
    assert "| audio_missing | 3 |" in (done.output / "exports/DATACARD.md").read_text()


def test_18_without_a_format_there_is_a_word_what_to_say(run_workflow: RunWorkflow) -> None:
    run = run_workflow("--dry-run", "exports", check=False)
    assert run.returncode
    assert "exports is empty" in run.terminal
    assert json.dumps("Traceback") not in run.terminal
