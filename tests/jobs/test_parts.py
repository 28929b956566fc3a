"""Parts become outputs: while others are still being written, whole or not at all."""

import threading
import time
from pathlib import Path

import pytest
from helpers import wait_until

from alm.files import written_whole
from alm.jobs.parts import joined, part_folders


def unfinished(folder: Path) -> int:
    """Bytes in files that are being written."""
    return sum(path.stat().st_size for path in folder.glob("*.tmp"))


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.fixture
def outputs(tmp_path: Path) -> list[Path]:
    return [tmp_path / "a", tmp_path / "b"]


def test_parts_are_joined_while_others_are_written(tmp_path: Path, outputs: list[Path]) -> None:
    with part_folders(outputs) as folders:
        parts = [[folder / str(k) for k in range(3)] for folder in folders]
        with joined(parts, outputs, as_they_come=True):
            parts[0][1].write_bytes(b"second")
            with written_whole(parts[0][0]) as part:  # as workers write: what is there is whole
                part.write(b"1" * 9_000_000)
            wait_until(lambda: unfinished(tmp_path) >= 9_000_006)
            with written_whole(parts[0][2]) as part:
                part.write(b"third")
            for k, path in enumerate(parts[1]):
                with written_whole(path) as part:
                    part.write(b"%d" % k)
            wait_until(lambda: unfinished(tmp_path) >= 9_000_014)
            assert not any(output.exists() for output in outputs)
        assert outputs[0].read_bytes() == b"1" * 9_000_000 + b"secondthird"
        assert outputs[1].read_bytes() == b"012"
    assert written(tmp_path) == ["a", "b"]


def test_parts_of_other_machines_are_not_looked_for(
    monkeypatch: pytest.MonkeyPatch, outputs: list[Path]
) -> None:
    looked = threading.Event()
    monkeypatch.setattr(Path, "exists", lambda _: looked.set())
    with part_folders(outputs) as folders:
        parts = [[folder / str(k) for k in range(2)] for folder in folders]
        with joined(parts, outputs, as_they_come=False):
            for part in (*parts[0], *parts[1]):
                part.write_bytes(b"x")
            time.sleep(0.2)
    assert not looked.is_set()
    assert [output.read_bytes() for output in outputs] == [b"xx", b"xx"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_failure_leaves_nothing(tmp_path: Path, outputs: list[Path], number: int) -> None:
    def fail() -> None:
        with part_folders(outputs) as folders:
            parts = [[folder / str(k) for k in range(number)] for folder in folders]
            with joined(parts, outputs, as_they_come=True):
                for part in parts[0]:
                    part.write_bytes(b"x")
                raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_is_missing_at_the_end_is_an_error(tmp_path: Path, outputs: list[Path]) -> None:
    def lose() -> None:
        with part_folders(outputs) as folders:
            parts = [[folder / str(k) for k in range(2)] for folder in folders]
            with joined(parts, outputs, as_they_come=True):
                parts[0][0].write_bytes(b"x")

    with pytest.raises(FileNotFoundError):
        lose()
    assert list(tmp_path.iterdir()) == []
