"""Rows that would become many times what they are: refused before anything is spelled out."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from alm import OverlapParams, WindowParams, curate_manifest
from alm.engines import Execution
from alm.errors import InvalidRowError
from alm.input import whole_file
from alm.jobs.build import build_shard
from alm.jobs.overlap import overlap_shard
from alm.records.budget import MOST_BYTES

Json = dict[str, Any]
WINDOW = WindowParams(min_bandwidth=0)

MEMORY = 1_500_000_000
"""Bytes of address space: three times the budget of a row, a fraction of what these rows took."""


def spans(number: int, step: float, length: float) -> list[Json]:
    return [
        {
            "start": round(k * step, 3),
            "end": round(k * step + length, 3),
            "speaker": "ab"[k // 9 % 2],
        }
        for k in range(number)
    ]


def row(segments: list[Json], **fields: Any) -> Json:
    return {"audio_filepath": "a.wav", "audio_sample_rate": 16000, "segments": segments, **fields}


ORDINARY = row(spans(60, 4, 3.5))
ROWS = {
    "frames": row(spans(14_000, 0.02, 0.02)),
    "words": row(spans(72_000, 0.4, 0.35)),
    "equal spans": row(spans(8_000, 0, 120)),
    "equal starts": row([{"start": 0, "end": 100 + k / 1e4} for k in range(64_000)]),
}
KEPT_ALONE = {"frames", "words"}
"""With keep_windows=false their output is small."""


def write(path: Path, *rows: Json) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


LIMITED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from alm import OverlapParams, WindowParams, curate_manifest
source, keep_windows = sys.argv[1], sys.argv[2] == "True"
stats = curate_manifest(
    source, f"{{source}}.out", WindowParams(min_bandwidth=0),
    OverlapParams(50, keep_windows=keep_windows), f"{{source}}.bad",
)
print(stats["entries"], stats["quarantined"])
"""


@pytest.mark.parametrize("keep_windows", [True, False])
@pytest.mark.parametrize("name", ROWS)
def test_14_08_a_row_that_explodes_is_too_large(
    name: str, keep_windows: bool, tmp_path: Path
) -> None:
    """Before: gigabytes, written and in memory, and for equal starts quadratic time."""
    source = write(tmp_path / "m", ORDINARY, ROWS[name], ORDINARY)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, source, str(keep_windows)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    refused = [json.loads(line) for line in (tmp_path / "m.bad").read_bytes().splitlines()]
    if name in KEPT_ALONE and not keep_windows:
        assert refused == []
        assert done.stdout.split() == ["3", "0"]
        assert (tmp_path / "m.out").stat().st_size < 40e6
        return
    assert done.stdout.split() == ["2", "1"]
    assert [(each["reason"], each["line_number"]) for each in refused] == [("too_large", 2)]
    (detail,) = (each["detail"] for each in refused)
    if name == "equal starts":
        assert "takes 2,048,096,000 steps" in detail
    else:
        assert f"a row may have {MOST_BYTES / 1e6:.0f} MB" in detail
        assert ("With keep_windows = false it has" in detail) == (name in KEPT_ALONE)
        assert ("split the recording" in detail) != (name in KEPT_ALONE)
    assert (tmp_path / "m.out").stat().st_size < 1e6


def test_14_08_loss_details_count_and_are_named(tmp_path: Path) -> None:
    """Each start is lost for its speakers' number of one in the end; before: 2 GB of losses."""
    segments = spans(9_000, 0.02, 0.02)
    source = write(tmp_path / "m", row(segments, duration=180))
    window = WindowParams(target_window_duration=600, min_bandwidth=0, loss_details=True)
    stats = curate_manifest(source, tmp_path / "out", window, quarantine=tmp_path / "bad")
    assert (stats["entries"], stats["quarantined"]) == (0, 1)
    (refused,) = map(json.loads, (tmp_path / "bad").read_bytes().splitlines())
    assert refused["reason"] == "too_large"
    assert "With loss_details = false it has" in refused["detail"]


@pytest.mark.parametrize(
    ("more", "drop_fields"),
    [({"note": "x" * 200_000}, "words"), ({}, "")],
    ids=["a large field", "words that are kept"],
)
def test_14_08_copies_of_cut_segments_are_bounded(
    more: Json, drop_fields: str, tmp_path: Path
) -> None:
    """A long segment is cut anew by each start before it, with all that it holds."""
    words = [{"word": "word", "start": k / 40, "end": k / 40} for k in range(4_000, 10_000)]
    segments = spans(2_000, 0.05, 0.04)
    long = {"start": 100.0, "end": 400.0, "speaker": "a", "words": words, **more}
    source = write(tmp_path / "m", ORDINARY, row([*segments, long]))
    window = WindowParams(min_bandwidth=0, drop_fields=drop_fields)
    stats = curate_manifest(
        source, tmp_path / "out", window, OverlapParams(50, keep_windows=False), tmp_path / "bad"
    )
    assert (stats["entries"], stats["quarantined"]) == (1, 1)
    (refused,) = map(json.loads, (tmp_path / "bad").read_bytes().splitlines())
    assert refused["reason"] == "too_large"
    assert "truncation = false" in refused["detail"]


def test_14_08_the_second_step_stops_at_a_row_that_is_too_large(tmp_path: Path) -> None:
    source = write(tmp_path / "m.jsonl", ORDINARY, ROWS["equal spans"])
    execution = Execution("local")
    build_shard(
        [whole_file(str(source))],
        *(tmp_path / name for name in ("records", "refused", "recordings", "lines", "built")),
        WINDOW,
        sample=tmp_path / "sample",
        stop_at_invalid=True,
        execution=execution,
        code="c",
    )
    with pytest.raises(InvalidRowError, match=r"m\.jsonl, line 2 .*\[too_large\]"):
        overlap_shard(
            tmp_path / "records",
            *(tmp_path / name for name in ("rows", "late", "digests", "table", "filtered")),
            OverlapParams(50).resolved(WINDOW),
            stop_at_invalid=True,
            execution=execution,
            code="c",
        )


def test_14_08_memory_that_is_not_enough_names_the_row(tmp_path: Path) -> None:
    """Before: `MemoryError` and nothing else. While the row is read, since orjson, which parses it,
    ends the process where it gets no memory."""
    heavy = row([], note=["x" * 60] * 400_000)
    source = write(tmp_path / "m", ORDINARY, heavy)
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    code = LIMITED.replace(f"({MEMORY}, {MEMORY})", f"(12_000_000 + used(), {limit})").replace(
        "import resource, sys",
        "import resource, sys, alm.curate\n"
        "def used(): return int(open('/proc/self/statm').read().split()[0]) * 4096",
    )
    done = subprocess.run(
        [sys.executable, "-c", code, source, "True"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("alm.errors.OutOfMemoryError: "), done.stderr
    assert f"{source}, byte {len(json.dumps(ORDINARY)) + 1}: there is not enough memory" in last
