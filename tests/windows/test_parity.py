"""The cases of the reference, by the two functions and by `curate_manifest`."""

import json
from collections import defaultdict

import pytest
from helpers import Case, expected_here, parity_cases, same_json

from alm import OverlapParams, WindowParams, build_windows, curate_manifest, filter_overlaps
from alm.errors import InvalidRowError, RowError

REASONS = {"missing_field", "wrong_type"}


@pytest.fixture(scope="module", params=["shipped", "all"])
def cases(request) -> list[Case]:
    return parity_cases(request.param)


@pytest.fixture(scope="module")
def groups(cases) -> list[list[Case]]:
    """The cases by parameter set, as one manifest each would hold them."""
    by_parameters = defaultdict(list)
    for case in cases:
        by_parameters[json.dumps([case["builder"], case["overlap"]], sort_keys=True)].append(case)
    return list(by_parameters.values())


def parameters(case: Case) -> tuple[WindowParams, OverlapParams]:
    return WindowParams(**case["builder"], loss_details=True), OverlapParams(**case["overlap"])


def test_the_shipped_cases_are_some_of_the_reference():
    cases = {case["id"]: case for case in parity_cases("all")}
    assert len(cases) == 700
    assert all(same_json(case, cases[case["id"]]) is None for case in parity_cases("shipped"))


def test_every_accepted_row_equals_its_expected_output(cases):
    different = {}
    for case in cases:
        if case["error"] is None:
            window_params, overlap_params = parameters(case)
            found = filter_overlaps(build_windows(case["entry"], window_params), overlap_params)
            if difference := same_json(found, expected_here(case)):
                different[case["id"]] = difference
    assert different == {}


def test_every_refused_row_is_refused_with_a_reason(cases):
    refused = [case for case in cases if case["error"] is not None]
    assert len(refused) == 31
    for case in refused:
        with pytest.raises(RowError) as error:
            build_windows(case["entry"], parameters(case)[0])
        assert error.value.reason in REASONS
        assert error.value.detail


def test_whole_files(cases, groups, tmp_path):
    different = {}
    accepted = refused = 0
    for number, group in enumerate(groups):
        source = tmp_path / f"{number}.jsonl"
        output, quarantine = tmp_path / f"{number}.out", tmp_path / f"{number}.bad"
        lines = [json.dumps(case["entry"], ensure_ascii=number % 2 == 0) for case in group]
        source.write_text("\n".join(lines) + "\n", "utf-8")
        stats = curate_manifest(source, output, *parameters(group[0]), quarantine=quarantine)

        sound = [case for case in group if case["error"] is None]
        rows = [json.loads(line) for line in output.read_bytes().splitlines()]
        assert len(rows) == len(sound) == stats["entries"]
        for case, row in zip(sound, rows, strict=True):
            wanted = {**expected_here(case), "manifest_filepath": str(source)}
            if difference := same_json(row, wanted):
                different[case["id"]] = difference

        unsound = [place for place, case in enumerate(group, 1) if case["error"] is not None]
        records = [json.loads(line) for line in quarantine.read_bytes().splitlines()]
        assert [record["line_number"] for record in records] == unsound
        for record in records:
            assert record["reason"] in REASONS
            assert record["line"] == lines[record["line_number"] - 1]
            assert record["manifest_filepath"] == str(source)
        assert stats["quarantined"] == len(unsound)
        accepted += len(rows)
        refused += len(records)
    assert different == {}
    assert (accepted, refused) == (len(cases) - 31, 31)


def test_without_a_quarantine_the_first_refused_row_ends_it(groups, tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    for group in groups:
        first = next((n for n, case in enumerate(group, 1) if case["error"] is not None), None)
        if first is None:
            continue
        source.write_text("".join(json.dumps(case["entry"]) + "\n" for case in group[:first]))
        with pytest.raises(InvalidRowError, match=rf"in\.jsonl, line {first} "):
            curate_manifest(source, output, *parameters(group[0]))
        assert not output.exists()
