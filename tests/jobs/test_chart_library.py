"""The script of the charts is made once for all runs of a user, never half or by others."""

from pathlib import Path

import pytest

from alm.jobs.chart_library import write_library


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("ALM_CACHE", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return folder


def test_it_is_kept_and_mended(cache: Path, tmp_path: Path) -> None:
    target = tmp_path / "work" / "charts.js"
    write_library(target)
    script = target.read_bytes()
    assert b"vegaEmbed" in script
    (kept,) = cache.iterdir()
    for damaged in (b"", kept.read_bytes()[:-1], b"/* */" + kept.read_bytes()):
        kept.write_bytes(damaged)
        write_library(target)
        assert target.read_bytes() == script
    when = kept.stat().st_mtime_ns
    write_library(target)
    assert target.read_bytes() == script
    assert kept.stat().st_mtime_ns == when, "made anew"


@pytest.mark.parametrize("mode", [0o777, None], ids=["for all to write", "missing"])
def test_it_needs_no_place(cache: Path, tmp_path: Path, mode: int | None) -> None:
    if mode is None:
        cache.rmdir()
    else:
        cache.chmod(mode)
    write_library(tmp_path / "charts.js")
    assert b"vegaEmbed" in (tmp_path / "charts.js").read_bytes()
    assert not cache.exists() or not list(cache.iterdir())
