"""Break runs at random, run them again, compare the bytes: `make faults`, resumable.

    make faults FAULTS_ARGS='--backend xenna --seeds 40'

Each seed breaks one run: a process is killed at a random moment, or the disk is full. Outcomes are
appended to a file, and seeds that it holds are not tried again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers import ROOT

from alm.engines import BACKENDS
from faults import results
from faults.results import Outcome
from faults.undisturbed import SIZES, Undisturbed, measure

SEEDS = {"xenna": 40, "ray_data": 40, "local": 120}
DOCUMENT = ROOT / "docs" / "faults.md"


def try_seeds(
    undisturbed: Undisturbed, seeds: Sequence[int], workers: int, patience: float | None = None
) -> Iterator[Outcome]:
    """The outcomes of some seeds, as they come; each in a process and with mounts of its own.

    What lives on for more than ``patience`` seconds after a run is an orphan: half a minute, or,
    where the machine is so busy that this says nothing, thrice the time of an undisturbed run.

    Raises:
        RuntimeError: the campaign itself broke.
    """
    if patience is None:
        patience = max(30.0, 3 * undisturbed.seconds)
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    with TemporaryDirectory(prefix="alm-faults-") as folder:
        known = Path(folder) / "undisturbed.json"
        undisturbed.write(known)

        def try_one(seed: int) -> Outcome:
            done = subprocess.run(
                [
                    *unshare,
                    sys.executable,
                    "-m",
                    "faults.trial",
                    str(known),
                    str(seed),
                    str(patience),
                ],
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'tests' / 'campaigns'}"},
                check=False,
            )
            if done.returncode:
                raise RuntimeError(f"seed {seed} of {undisturbed.backend} could not be tried")
            return Outcome(**json.loads(done.stdout))

        with ThreadPoolExecutor(workers) as pool:
            trials = [pool.submit(try_one, seed) for seed in seeds]
            try:
                for trial in as_completed(trials):
                    yield trial.result()
            finally:
                pool.shutdown(cancel_futures=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make faults FAULTS_ARGS=...", description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="default: all")
    parser.add_argument("--seeds", type=int, help=f"how many a backend; default: {SEEDS}")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="runs at a time")
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "faults.jsonl")
    parser.add_argument("--renew", action="store_true", help=f"put the table into {DOCUMENT.name}")
    options = parser.parse_args(arguments)
    tried = {(outcome.backend, outcome.seed) for outcome in results.read(options.results)}
    for backend in options.backend or BACKENDS:
        seeds = range(SEEDS[backend] if options.seeds is None else options.seeds)
        waiting = [seed for seed in seeds if (backend, seed) not in tried]
        if not waiting:
            continue
        with TemporaryDirectory(prefix="f", dir="/tmp") as scratch:
            undisturbed = measure(backend, Path(scratch), options.workers, SIZES[backend])
            print(f"{backend}: {undisturbed.seconds:.1f} s undisturbed", flush=True)
            began = time.monotonic()
            outcomes = try_seeds(undisturbed, waiting, options.workers)
            for done, outcome in enumerate(outcomes, start=1):
                results.append(options.results, outcome)
                left = (time.monotonic() - began) / done * (len(waiting) - done) / 60
                print(f"[{done}/{len(waiting)}, {left:.0f} min left] {outcome}", flush=True)
    outcomes = results.read(options.results)
    print(results.table(outcomes))
    if options.renew:
        results.insert(DOCUMENT, outcomes)
    return int(not all(outcome.clean for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
