"""The campaign on intervals works, and they hold for a small corpus of each kind of trouble."""

import pytest
import what_if


@pytest.mark.parametrize("kind", ["grouped", "silences"])
def test_19_intervals_hold_the_truth_of_the_full_run(kind: str) -> None:
    found = what_if.coverage(what_if.corpus(kind, 80), 40, samples=50)
    assert len(found) > 40
    assert sum(each.held for each in found) / len(found) >= 0.93
    assert min(each.held for each in found) >= 0.8
    recommended = sum(each.recommended for each in found)
    assert recommended > 50
    assert sum(each.wrong for each in found) <= 0.05 * recommended
