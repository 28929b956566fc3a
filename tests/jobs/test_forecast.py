"""What a run says that it will write, before it starts."""

import gzip
import json
import random
from pathlib import Path

import pytest
from conftest import Run

from alm import OverlapParams, WindowParams, curate_manifest
from alm.input import ByteRange, discover
from alm.input.shards import plan_shards
from alm.jobs.forecast import Forecast, forecast, to_write


def write_manifest(path: Path, rows: int) -> None:
    """Recordings of all lengths up to an hour; every tenth line is no row."""
    dice = random.Random(15)
    lines = []
    for number in range(rows):
        segments, at = [], 0.0
        while at < 3600 * dice.random():
            end = at + dice.uniform(1, 9)
            speaker = f"speaker_{dice.randrange(3)}"
            metrics = {"bandwidth": 9000}
            segments.append({"start": at, "end": end, "speaker": speaker, "metrics": metrics})
            at = end + dice.random()
        row = {"audio_filepath": f"{number}.wav", "audio_sample_rate": 16000, "segments": segments}
        lines.append("{}" if number % 10 == 9 else json.dumps(row))
    path.write_text("\n".join(lines))


def ranges_of(path: Path, shard_size: int = 100_000) -> list[ByteRange]:
    return [span for shard in plan_shards(discover(str(path)), shard_size) for span in shard.ranges]


@pytest.mark.parametrize("keep_windows", [True, False])
def test_15_the_output_is_known_before_it_is_written(keep_windows: bool, tmp_path: Path) -> None:
    manifest, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_manifest(manifest, 300)
    window, overlap = (
        WindowParams(),
        OverlapParams(keep_windows=keep_windows).resolved(WindowParams()),
    )
    curate_manifest(manifest, output, window, overlap, tmp_path / "refused.jsonl")
    written, read = output.stat().st_size, manifest.stat().st_size
    made = forecast(ranges_of(manifest), window, overlap)
    assert made is not None
    assert made.read < read / 3
    assert made.output / made.read == pytest.approx(written / read, rel=0.25)
    assert (made.spelled > made.output / 2) is keep_windows


def test_15_compressed_files_and_what_cannot_be_read(tmp_path: Path) -> None:
    manifest = tmp_path / "in.jsonl"
    write_manifest(manifest, 1)
    plain = ranges_of(manifest)
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(manifest.read_bytes()))
    params = WindowParams(), OverlapParams().resolved(WindowParams())
    expected = forecast(plain, *params)
    assert expected == forecast(ranges_of(packed), *params)
    damaged, gone = tmp_path / "damaged.jsonl.gz", ByteRange(str(tmp_path / "gone.jsonl"), 0, 1000)
    damaged.write_bytes(b"no gzip at all")
    assert forecast([*ranges_of(damaged), gone], *params) is None
    assert forecast([*plain, gone], *params) == expected
    assert forecast([ByteRange("s3://bucket/in.jsonl", 0, 1000)], *params) is None


def test_15_more_than_there_is_room_for_is_a_warning() -> None:
    made = Forecast(read=10, records=20, output=100, spelled=90)
    todo = {"build": 1e9, "overlap": 1e9, "merge": 1e9}
    enough = to_write(made, **todo, free=22_000_000_000)
    assert enough == "about 22.0 GB to write, by 32 rows of the input; 22.0 GB are free"
    assert to_write(made, **todo, free=21_000_000_000) == (
        "warning: about 22.0 GB to write, by 32 rows of the input; 21.0 GB are free: more than "
        "there is room for. Set keep_windows: false (about 4.0 GB then), or merge: false (about "
        "12.0 GB then), or an output_dir on a larger disk"
    )
    done = to_write(made._replace(spelled=0), build=0, overlap=1e9, merge=0, free=0)
    assert "about 10.0 GB to write" in done
    assert done.endswith("room for. Set an output_dir on a larger disk")


def test_15_a_run_says_what_it_will_write(sample_run: Run) -> None:
    assert "MB to write, by 32 rows of the input; " in sample_run.terminal
