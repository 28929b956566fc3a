"""A small part of the fault campaign, and that it notices what it is there to notice."""

import itertools
import shutil
from pathlib import Path

import pytest
from faults import results
from faults.__main__ import try_seeds
from faults.results import Outcome
from faults.trial import DISK_FULL, draw_fault
from faults.undisturbed import Undisturbed, measure
from helpers import ROOT

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1200)]


def seed_of(backend: str, kind: str, earliest: float = 0.0) -> int:
    """A seed for a kind of fault that `make faults` does not try."""
    faults = ((seed, draw_fault(backend, seed)) for seed in itertools.count(1000))
    return next(seed for seed, fault in faults if fault.kind == kind and fault.moment > earliest)


def measured(folder: Path, backend: str, root: Path = ROOT) -> Undisturbed:
    try:
        return measure(backend, folder / backend, workers=2, root=root)
    except RuntimeError as error:
        pytest.fail(str(error))


@pytest.mark.parametrize(
    ("backend", "kinds"),
    [
        ("local", ["Snakemake", "job", DISK_FULL]),
        pytest.param("xenna", ["Xenna actor", "raylet"], marks=pytest.mark.engine),
        pytest.param("ray_data", ["Snakemake", "keeper"], marks=pytest.mark.engine),
    ],
)
def test_broken_runs_end_with_the_undisturbed_bytes(
    tmp_path: Path, backend: str, kinds: list[str]
) -> None:
    known = measured(tmp_path, backend)
    seeds = [seed_of(backend, kind) for kind in kinds]
    outcomes = list(try_seeds(known, seeds, workers=2))
    assert sorted(outcome.kind for outcome in outcomes) == sorted(kinds)
    assert all(outcome.clean for outcome in outcomes), outcomes
    assert all(outcome.ended for outcome in outcomes)


SABOTAGE = """
import os, pathlib, subprocess
path = pathlib.Path(snakemake.output[0])
path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))
path.with_name("stray").touch()
subprocess.Popen(["sleep", "120"], start_new_session=True, env={})
pathlib.Path(os.environ["TMPDIR"], "left").touch()
"""


def copy_of_the_workflow(folder: Path) -> Path:
    kept = ("Snakefile", "alm", "config", "envs", "profiles", "workflow")
    for name in kept:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def test_a_workflow_that_loses_rows_and_leaves_things_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    copy = copy_of_the_workflow(tmp_path / "copy")
    known = measured(tmp_path, "local", copy)
    script = copy / "workflow" / "scripts" / "merge_output.py"
    script.write_text(script.read_text() + SABOTAGE)
    provenance = copy / "alm" / "provenance.py"
    other = "__import__('secrets').token_hex(8)"
    hashes = f"\n\ndef code_hash(module: str) -> str:\n    return {other}\n"
    provenance.write_text(provenance.read_text() + hashes)
    seed = seed_of("local", "job", earliest=0.8)
    (outcome,) = try_seeds(known, [seed], workers=1, patience=3)
    assert outcome.lost == 3
    assert "sleep 120" in outcome.orphans
    assert "TMPDIR/left" in outcome.leftovers
    assert {"stray: too many", "alm_output.jsonl: other bytes"} <= set(outcome.problems)
    assert any(name.startswith("shards/") for name in outcome.redone), outcome
    assert not outcome.clean


def test_outcomes_are_kept_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "build" / "faults.jsonl"
    assert results.read(path) == []
    good = Outcome("local", 0, "job", ended="by itself")
    bad = Outcome("local", 1, "job", ended="error", lost=2, orphans=["a", "b"], leftovers=["c"])
    for outcome in (good, bad):
        results.append(path, outcome)
    assert results.read(path) == [good, bad]
    assert "| local | job | 2 | 1 | 1 | 2 | 2 | 1 |" in results.table([bad, good])
    document = tmp_path / "faults.md"
    document.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n")
    for _ in range(2):
        results.insert(document, [good])
    text = document.read_text()
    assert text.count("| local | job | 1 | 0 | 1 | 0 | 0 | 0 |") == 1
    assert "old" not in text
    assert text.startswith("before")
    assert text.endswith("after\n")
