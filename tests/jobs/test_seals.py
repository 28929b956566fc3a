"""What one job hands to the next is checked, and nothing that was damaged goes on."""

from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Run, RunWorkflow, workflow_in
from helpers import SAMPLE

from alm.errors import DamageError
from alm.jobs.seals import (
    check,
    files_below,
    forget_if_missing,
    read_seal,
    remove_named,
    sealed,
    unseal_export,
    write_seal,
)


def test_14_05_what_a_seal_names_is_checked_to_the_byte(tmp_path: Path) -> None:
    contents = {"empty": b"", "text": b"a\nb\n", "large": b"x" * (3 << 20)}
    seal, paths = tmp_path / "work" / "seals" / "a.1.json", [tmp_path / each for each in contents]
    with sealed([], paths, seal=seal):
        for path, content in zip(paths, contents.values(), strict=True):
            path.write_bytes(content)
    check([seal], paths)
    for path in [*paths, seal]:
        whole = path.read_bytes()
        damages = {whole + b"\n", whole[:-1], whole[:-1] + b"y", whole[1:] + whole[:1]} - {whole}
        for damage in damages:
            path.write_bytes(damage)
            with pytest.raises(DamageError, match=f"'{path}' is not as its job wrote it"):
                check([seal], paths)
        path.write_bytes(whole)
    check([seal], paths)


def test_14_05_a_seal_goes_before_its_job_starts_and_comes_after_it(tmp_path: Path) -> None:
    former, own, other = (tmp_path / name for name in ("a.1.json", "a.2.json", "ab.1.json"))
    for path in (former, own, other):
        path.write_bytes(b"")
    with suppress(KeyError), sealed([], [], seal=own):
        assert not former.exists()
        assert not own.exists()
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
    with sealed([], [], seal=own):
        pass
    assert read_seal(own) == {}
    remove_named(tmp_path / "nowhere", "a")


def test_14_05_every_file_between_two_jobs_is_sealed(sample_run: Run) -> None:
    """Or has a checksum for each line (rows), or is named by its own (what a shard holds)."""
    work = sample_run.output / "work"
    named = {name for seal in (work / "seals").rglob("*.json") for name in read_seal(seal)}
    files = {str(path) for path in work.rglob("*") if path.is_file()}
    files |= {str(path) for path in sample_run.output.iterdir() if path.is_file()}
    files |= {str(path) for path in (sample_run.output / "report").iterdir()}
    files -= {str(path) for path in (work / "seals").rglob("*")}
    files -= {str(path) for path in (work / "shards").iterdir()}
    others = {sample_run.output / "alm_output.jsonl", work / "plan.json", work / "run.lock"}
    assert files - named == set(map(str, others))
    assert named <= files


@pytest.mark.workflow
def test_14_05_damage_in_work_does_not_reach_the_output(
    sample_copy: Run, run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    (records,) = (sample_copy.output / "work" / "build").glob("*.records")
    whole = records.read_bytes()
    records.write_bytes(whole.replace(b"sourdough", b"sourdouhg"))
    assert records.read_bytes() != whole
    config = {"manifest_path": str(SAMPLE), "overlap_percentage": 80}
    run = run_workflow(**config, check=False)
    assert run.returncode != 0
    name = f"out/work/build/{records.name}"
    assert f"error: '{name}' is not as its job wrote it" in run.terminal
    records.unlink()
    compared = ["merge_output", "stats"]
    again = run_workflow(targets=compared, **config)
    fresh = workflow_in(tmp_path / "fresh")(targets=compared, **config)
    for name in ("alm_output.jsonl", "stats.tsv", "quarantine.jsonl"):
        assert (again.output / name).read_bytes() == (fresh.output / name).read_bytes()


def test_18_a_seal_of_files_that_are_gone_is_taken_back(tmp_path: Path) -> None:
    folder, seal = tmp_path / "exports/nemo", tmp_path / "seals/export_clips/nemo.ab.json"
    for name in ("a.tar", "deep/b.tar"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    seal.parent.mkdir(parents=True)
    write_seal(seal, files_below(folder))
    forget_if_missing(seal)
    assert seal.exists()
    (folder / "deep/b.tar").unlink()
    forget_if_missing(seal)
    assert not seal.exists()
    forget_if_missing(seal)


def test_18_a_format_that_another_rule_writes_has_no_older_seal(tmp_path: Path) -> None:
    for path in ("export_windows/parquet.ab.json", "export_windows/nemo.ab.json"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    unseal_export(tmp_path / "export_clips/parquet.cd.json")
    assert [path.name for path in tmp_path.rglob("*.json")] == ["nemo.ab.json"]
