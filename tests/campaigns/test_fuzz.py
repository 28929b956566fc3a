"""A small part of the fuzz campaign; `make fuzz` runs more of it."""

import fuzz


def test_some_manifests(capsys) -> None:
    outcomes = fuzz.campaign(seed=0, first=0, inputs=300, every=100)
    assert outcomes.total() == 300
    assert all(outcomes[name] > 2 for name in ("sound", "quarantined", "stopped", "damaged"))
    assert "s per 1,000" in capsys.readouterr().out


def test_the_same_number_is_the_same_input() -> None:
    rows = fuzz.seed_rows()
    manifests = [fuzz.Fuzzer(1, number % 50, rows).manifest() for number in range(100)]
    assert manifests[:50] == manifests[50:]
    assert len(set(manifests)) == 50
