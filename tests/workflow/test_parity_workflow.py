"""The parity cases from manifest to output, rows grouped by parameter set, one run each.

All of them where they are, or else those that are shipped.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import RunWorkflow
from helpers import Case, expected_here, has_shared_folder, parity_cases, same_json

pytestmark = pytest.mark.workflow

REASONS = {
    "ValueError": {"missing_field"},
    "KeyError": {"missing_field"},
    "TypeError": {"wrong_type"},
    "AttributeError": {"wrong_type"},
}


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
