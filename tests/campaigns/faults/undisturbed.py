"""What a run gives that nobody disturbs, and how a run is judged by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, NamedTuple

from helpers import ROOT, SAMPLE

from alm.compiled.folders import places


class Size(NamedTuple):
    """Of an input: its manifests, each of two shards, and how often each holds the sample."""

    manifests: int
    repeated: int


SIZES = {"local": Size(3, 16), "ray_data": Size(1, 24), "xenna": Size(1, 24)}

OUTPUT = "out"
ROWS = ("alm_output.jsonl", "quarantine.jsonl")
COMPARED = (*ROWS, "stats.*", "shards/*", "work/build/*", "work/overlap/*", "work/shards/*")
"""What is the same in each run, byte for byte; the others say when and how long, or show it."""

State = dict[str, tuple[int, int]]
"""The inode and the time of change in ns of files."""


def write_manifests(folder: Path, size: Size) -> None:
    """The shipped sample several times over, with rows among it that are none."""
    folder.mkdir(parents=True)
    rows = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl")))
    for number in range(size.manifests):
        (folder / f"{number}.jsonl").write_bytes((rows + b"\n{not json\n") * size.repeated)


def start(
    folder: Path,
    manifests: str,
    backend: str,
    *arguments: str,
    log: IO[bytes],
    root: Path = ROOT,
    config: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start a run in ``folder``, with a temporary folder of its own beside it.

    What ``config`` says comes last, and wins.
    """
    size = max(path.stat().st_size for path in Path(manifests).iterdir())
    temporary, cache = folder.with_name("t"), folder.with_name("c")
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
    command += ["--cores", "2", "--configfile", str(root / "config" / "pipeline.yaml")]
    command += [*arguments, "--config", f"backend={backend}", f"manifest_path={manifests}"]
    command += [f"output_dir={OUTPUT}", f"shard_size={size * 3 // 7}", "keep_windows=false"]
    command += ["max_invalid_fraction=1.0", *config]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment
        | {
            "TMPDIR": str(temporary),
            "XDG_CACHE_HOME": str(cache),
            "ALM_CACHE": str(next(places())),
        },
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


@dataclass(frozen=True)
class Undisturbed:
    """Undisturbed runs of one backend.

    Attributes:
        manifests: the folder of the input.
        output: the ``output_dir`` of one of them.
        seconds: how long they took, side by side as broken runs will be.
        bytes: what the output takes on a disk.
        jobs: the output files of each job, by its log; below ``output_dir``.
        root: the folder of the workflow.
    """

    backend: str
    manifests: str
    output: str
    seconds: float
    bytes: int
    jobs: dict[str, list[str]]
    root: str = str(ROOT)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Undisturbed:
        return cls(**json.loads(path.read_text()))

    def differences(self, output: Path) -> list[str]:
        """Which files of a finished run are not those of the undisturbed one; none if all are."""
        expected, found = files(Path(self.output)), files(output)
        names = [f"{name}: missing" for name in sorted(expected - found)]
        names += [f"{name}: too many" for name in sorted(found - expected)]
        names += [
            f"{name}: other bytes"
            for name in sorted(_compared(Path(self.output)) & found)
            if (output / name).read_bytes() != (Path(self.output) / name).read_bytes()
        ]
        return names

    def rows_lost(self, output: Path) -> int:
        """How many rows of the undisturbed run are neither in the output nor in the quarantine."""
        lost = 0
        for name in ROWS:
            rows = Counter((Path(self.output) / name).read_bytes().splitlines())
            if (output / name).exists():
                rows -= Counter((output / name).read_bytes().splitlines())
            lost += rows.total()
        return lost

    def finished(self, folder: Path) -> State:
        """The outputs of the jobs that an interrupted run in ``folder`` had finished."""
        incomplete = _marked_incomplete(folder)
        state: State = {}
        for outputs in self.jobs.values():
            paths = [folder / OUTPUT / name for name in outputs]
            if not incomplete & set(outputs) and all(path.exists() for path in paths):
                stats = (path.stat() for path in paths)
                state |= zip(outputs, ((s.st_ino, s.st_mtime_ns) for s in stats), strict=True)
        return state

    def manifest_of(self, name: str) -> str | None:
        """The manifest that an output below ``output_dir`` was made from; None if from all."""
        shard = Path(name).name.partition(".")[0]
        for path in (Path(self.output) / "work" / "shards").glob(f"{shard}.*.json"):
            return Path(json.loads(path.read_bytes())[0][0]).name
        return None

    def redone(self, folder: Path, before: State) -> list[str]:
        """The outputs among those of finished jobs that are not the same files any more."""
        return sorted(name for name, _ in before.items() - self.finished(folder).items())


def measure(backend: str, scratch: Path, workers: int, size: Size) -> Undisturbed:
    """Run the workflow undisturbed, at least twice, with so many runs at a time.

    Raises:
        RuntimeError: a run fails, or the runs differ where they must not.
    """
    manifests = scratch / "in"
    write_manifests(manifests, size)

    def run(number: int) -> tuple[Path, float]:
        folder = scratch / str(number) / "run"
        folder.mkdir(parents=True)
        began = time.monotonic()
        with (folder.with_name("terminal")).open("wb") as log:
            code = start(folder, str(manifests), backend, log=log).wait()
        if code:
            terminal = folder.with_name("terminal").read_text()
            raise RuntimeError(f"an undisturbed run failed:\n{terminal}")
        return folder, time.monotonic() - began

    with ThreadPoolExecutor(workers) as pool:
        runs = list(pool.map(run, range(max(2, workers))))
    folder = runs[0][0]
    output = folder / OUTPUT
    sizes = (os.lstat(path).st_blocks * 512 for path in output.rglob("*"))
    seconds = min(seconds for _, seconds in runs)
    undisturbed = Undisturbed(
        backend, str(manifests), str(output), seconds, sum(sizes), _jobs(folder)
    )
    if different := undisturbed.differences(runs[1][0] / OUTPUT):
        raise RuntimeError(f"two undisturbed runs differ: {different}")
    return undisturbed


def files(folder: Path) -> set[str]:
    """All that is below a folder, by relative path; folders as well."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _compared(output: Path) -> set[str]:
    paths = (path for pattern in COMPARED for path in output.glob(pattern))
    return {str(path.relative_to(output)) for path in paths}


def _jobs(folder: Path) -> dict[str, list[str]]:
    """What Snakemake noted of its jobs: by their log, their outputs below ``output_dir``.

    But not their seals: a run that wants something else has others.
    """
    jobs: dict[str, list[str]] = {}
    for name, path in _records(folder / ".snakemake" / "metadata"):
        (log,) = json.loads(path.read_text())["log"]
        if not name.startswith("work/seals/"):
            jobs.setdefault(log, []).append(name)
    return jobs


def _marked_incomplete(folder: Path) -> set[str]:
    return {name for name, _ in _records(folder / ".snakemake" / "incomplete")}


def _records(folder: Path) -> Iterator[tuple[str, Path]]:
    """Snakemake's notes on outputs: the file is named after the output, in base64."""
    for path in folder.glob("*"):
        name = urlsafe_b64decode(path.name).decode()
        yield name.removeprefix(f"{OUTPUT}/"), path
