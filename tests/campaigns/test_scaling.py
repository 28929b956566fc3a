"""A run is planned from names and sizes alone, however many rows there are."""

from pathlib import Path

import pytest
import scaling
from helpers import ROOT


@pytest.mark.workflow
def test_a_million_rows_in_a_thousand_manifests(tmp_path: Path) -> None:
    """6 GB that are not there. CPU time, since the clock also counts what else runs here."""
    manifests = scaling.sparse_manifests(tmp_path / "in", rows=10**6, manifests=1_000)
    plan = scaling.plan(tmp_path, manifests)
    for path in manifests.rglob("*.jsonl"):
        path.unlink()
    assert 100 < plan.shards <= 4096
    assert 0 < plan.jobs - scaling.JOBS_A_SHARD * plan.shards < 10
    assert plan.memory < scaling.MOST_MEMORY_MB
    assert plan.cpu < scaling.MOST_CPU_S


def test_the_documentation_holds_the_forecast() -> None:
    text = (ROOT / "docs" / "scaling.md").read_text()
    assert scaling.markdown(scaling.FORECAST, scaling.forecast()) in text
