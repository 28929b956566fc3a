"""Exports by an engine: the bytes of `local`; of OGG, which has a random number, the samples."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import corpus
import exporting
import pytest

soundfile = pytest.importorskip("soundfile")

from alm.engines import Execution  # noqa: E402
from alm.engines.client import SHARED, share_driver  # noqa: E402
from alm.exports.clips import read_clips  # noqa: E402
from alm.jobs.clips import cut_clips  # noqa: E402
from alm.params import ClipParams  # noqa: E402
from alm.rows import codec  # noqa: E402

EXPORTS = {"exports": ["lhotse", "webdataset", "moshi"], "target_window_duration": 60}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus.write(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module", params=["xenna", "ray_data"])
def execution(request: pytest.FixtureRequest) -> Iterator[Execution]:
    """An engine that all jobs find, as those of a run do."""
    execution = Execution(request.param, threads=2)
    with open(os.devnull, "wb") as log:
        driver = share_driver(execution, log)
        yield execution
        driver.stop()
        del os.environ[SHARED]


def in_ogg(folder: Path, execution: Execution) -> tuple[bytes, list[bytes]]:
    """What is said of each clip, and its samples."""
    outputs = [folder / name for name in ("clips", "index", "refused", "summary")]
    cut_clips(
        folder / "work/0/examples",
        *outputs,
        kind="plain",
        params=ClipParams(clip_format="ogg"),
        execution=execution,
        code="",
    )
    clips = list(read_clips([outputs[0]], [outputs[1]]))
    samples = [soundfile.read(io.BytesIO(clip.read()))[0].tobytes() for clip in clips]
    return codec.dumps([clip.described() for clip in clips]), samples


@pytest.mark.engine
def test_18_exports_of_an_engine_are_those_of_local(
    manifest: Path, execution: Execution, tmp_path: Path
) -> None:
    local, engine = (
        exporting.run([manifest], tmp_path / each.backend, execution=each, **EXPORTS)
        for each in (exporting.LOCAL, execution)
    )
    assert len(exporting.contents(local)) > 20
    assert exporting.contents(engine) == exporting.contents(local)
    assert in_ogg(engine, execution) == in_ogg(local, exporting.LOCAL)
