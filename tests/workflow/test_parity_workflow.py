"""The parity cases from manifest to output, rows grouped by parameter set, one run each.

All of them where they are, or else those that are shipped.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import RunWorkflow
from helpers import (
    Case,
    expected_here,
    has_shared_folder,
    parity_cases,
    same_json,
    selection_cases,
)

from alm import OverlapParams, WindowParams, curate_manifest

pytestmark = pytest.mark.workflow

REASONS = {
    "ValueError": {"missing_field"},
    "KeyError": {"missing_field"},
    "TypeError": {"wrong_type"},
    "AttributeError": {"wrong_type"},
}


def test_what_goes_beyond_the_reference_through_the_workflow(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    """The profiles of SELECTION.md, and the same bytes as of the function."""
    cases = selection_cases("profiles", "shipped")
    manifest, destination = tmp_path / "cases.jsonl", tmp_path / "wanted.jsonl"
    manifest.write_text("".join(json.dumps(case["entry"]) + "\n" for case in cases))
    window = {"target_window_duration": 30.0, "tolerance": 0.3, "window_ends": "any"}
    window |= {"sort_segments": True, "no_speaker": "silence", "max_gap": 5}
    overlap = {"overlap_percentage": 33, "target_duration": 30.0, "selection": "coverage"}
    overlap |= {"min_turns": 3, "max_speaker_share": 0.8, "min_speech_share": 0.8}
    overlap |= {"window_profile": True}
    config = {"manifest_path": str(manifest), "shard_size": 40_000}
    run = run_workflow(targets=["merge_output", "stats"], **config, **window, **overlap)
    curate_manifest(manifest, destination, WindowParams(**window), OverlapParams(**overlap))
    assert (run.output / "alm_output.jsonl").read_bytes() == destination.read_bytes()

    rows = run.lines("alm_output.jsonl")
    kept = [each["profile"] for row in rows for each in row["filtered_windows"]]
    assert len(kept) > 50
    assert all(each["turns"] >= 3 and each["longest_gap"] <= 5 for each in kept)
    audio, selection = run.stats["audio"], run.stats["selection"]
    for name in ("silence", "overlap", "unlabelled"):
        total = sum(each[name] for each in kept)
        assert audio[f"window_{name}_dur"] == pytest.approx(total, abs=1e-3)
    assert all(number > 0 for number in selection["filtered_by"].values())
    assert run.stats["lost"]["lost_gap"] == sum(row["stats"]["lost_gap"] for row in rows) > 0
    assert audio["silence_segments"] == sum(row["stats"]["silence_segments"] for row in rows) > 0
    covered = {name: each["kept_dur"] for name, each in selection["choices"].items()}
    assert max(covered, key=lambda name: covered[name]) == "coverage"
    assert covered["coverage"] == pytest.approx(audio["kept_dur"])


def test_parity_through_the_workflow(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in parity_cases("all" if has_shared_folder() else "shipped"):
        groups[json.dumps({**case["overlap"], **case["builder"]}, sort_keys=True)].append(case)
    for number, (parameters, cases) in enumerate(groups.items()):
        manifest = tmp_path / f"cases-{number}.jsonl"
        manifest.write_text("".join(json.dumps(case["entry"]) + "\n" for case in cases))
        run = run_workflow(
            targets=["merge_output"],  # what comes after it does not look at rows
            manifest_path=str(manifest),
            output_dir=f"out-{number}",
            loss_details=True,
            max_invalid_fraction=1.0,
            **{"overlap_percentage": 0, "target_duration": 120.0, **json.loads(parameters)},
        )
        accepted = [case for case in cases if not case["error"]]
        rows = run.lines("alm_output.jsonl")
        assert len(rows) == len(accepted)
        for case, row in zip(accepted, rows, strict=True):
            expected = expected_here(case) | {"manifest_filepath": str(manifest)}
            assert same_json(row, expected) is None, case["id"]

        refused = {n: case for n, case in enumerate(cases, start=1) if case["error"]}
        quarantined = run.lines("quarantine.jsonl")
        assert [record["line_number"] for record in quarantined] == list(refused)
        for record, case in zip(quarantined, refused.values(), strict=True):
            assert record["reason"] in REASONS[case["error"]], case["id"]
            assert json.loads(record["line"]) == case["entry"]
