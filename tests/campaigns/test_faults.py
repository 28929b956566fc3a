"""One broken run, and that the fault campaign notices what it is there to notice."""

import itertools
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from faults import processes, results
from faults.__main__ import try_seeds
from faults.damages import REPLACED
from faults.results import Outcome
from faults.trial import KINDS, draw_fault
from faults.undisturbed import Size, Undisturbed, measure
from helpers import ROOT

TINY = Size(manifests=2, repeated=1)

runs = [pytest.mark.workflow, pytest.mark.alone]


def seed_of(kind: str, number: signal.Signals | None) -> int:
    """A seed for a fault amid a run on `local` that `make faults` does not try."""
    faults = ((seed, draw_fault("local", seed)) for seed in itertools.count(1000))
    return next(
        seed
        for seed, fault in faults
        if (fault.kind, fault.signal) == (kind, number) and 0.4 < fault.moment < 0.9
    )


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return measure("local", tmp_path_factory.mktemp("undisturbed"), workers=2, size=TINY)


class TestRuns:
    pytestmark = runs

    def test_a_broken_run_ends_with_the_undisturbed_bytes(self, known: Undisturbed) -> None:
        seed = seed_of(processes.SNAKEMAKE, signal.SIGKILL)
        (outcome,) = try_seeds(known, [seed], workers=1)
        assert outcome.clean, str(outcome)
        assert outcome.ended == "killed"
        assert "output_dir=out" in outcome.victim  # its own command line, and no job's

    def test_14_03_a_manifest_that_is_replaced_during_a_run_reaches_no_output(
        self, known: Undisturbed
    ) -> None:
        """The other faults of files are tried by `make faults`, and each on its own elsewhere."""
        (outcome,) = try_seeds(known, [seed_of(REPLACED, None)], workers=1)
        assert outcome.clean, str(outcome)
        assert outcome.ended == "error"

    def test_a_workflow_that_loses_rows_and_leaves_things_does_not_pass(
        self, known: Undisturbed, tmp_path: Path
    ) -> None:
        root = sabotaged(tmp_path)
        seed = seed_of("job", signal.SIGKILL)
        (outcome,) = try_seeds(replace(known, root=str(root)), [seed], workers=1, patience=3)
        assert outcome.ended == "error"
        assert outcome.said
        assert outcome.lost == 3
        assert "sleep 600" in outcome.orphans
        assert "TMPDIR/left" in outcome.leftovers
        assert {"stray: too many", "alm_output.jsonl: other bytes"} <= set(outcome.problems)
        assert outcome.redone
        assert not outcome.clean


LOSE_ROWS_AND_LEAVE_THINGS = """
import os, pathlib, subprocess
path = pathlib.Path(snakemake.output[0])
path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))
path.with_name("stray").touch()
subprocess.Popen(["sleep", "600"], start_new_session=True, env={})
pathlib.Path(os.environ["TMPDIR"], "left").touch()
"""

DO_ALL_AGAIN = """

def code_hashes(modules: Iterable[str]) -> dict[str, str]:
    new = __import__("secrets").token_hex(8)
    return dict.fromkeys(modules, __import__("os").environ.setdefault("OF_THIS_RUN", new))
"""


def sabotaged(folder: Path) -> Path:
    """A copy of the workflow that does what none may do."""
    for name in ("alm", "config", "envs", "profiles", "workflow"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    for name, more in (
        ("workflow/scripts/merge_output.py", LOSE_ROWS_AND_LEAVE_THINGS),
        ("alm/provenance/code.py", DO_ALL_AGAIN),
    ):
        with (folder / name).open("a") as file:
            file.write(more)
    return folder


@pytest.mark.parametrize("backend", KINDS)
def test_seeds_take_turns_among_all_that_can_be_broken(backend: str) -> None:
    faults = [draw_fault(backend, seed) for seed in range(200)]
    assert faults == [draw_fault(backend, seed) for seed in range(200)]
    kinds = KINDS[backend]
    assert [fault.kind for fault in faults[: 2 * len(kinds)]] == [*kinds, *kinds]
    assert min(fault.moment for fault in faults) < 0.1
    assert max(fault.moment for fault in faults) > 0.9


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
