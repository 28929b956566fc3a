"""One seed: a run that is broken at a random moment, and its repair as README says.

``python -m faults.trial UNDISTURBED SEED PATIENCE`` prints the outcome as JSON. It wants to be a
process of its own, since it adopts what a broken run leaves behind, and to have mounts of its own.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from faults import processes
from faults.damages import AGAIN, DAMAGED, DAMAGES, REPLACED, TWO_RUNS, Damage
from faults.results import Outcome
from faults.undisturbed import OUTPUT, State, Undisturbed, files, start

DISK_FULL = "full disk"
OF_FILES = (DISK_FULL, TWO_RUNS, REPLACED, DAMAGED)
KINDS = {
    "local": (processes.SNAKEMAKE, "job", *OF_FILES),
    "ray_data": (
        *(processes.SNAKEMAKE, "job", "keeper", "driver", "GCS", "raylet", "Ray agent"),
        *("Ray worker", "Ray Data task", *OF_FILES),
    ),
    "xenna": (
        *(processes.SNAKEMAKE, "job", "keeper", "driver", "GCS", "raylet", "Ray agent"),
        *("Ray worker", "Xenna actor", *OF_FILES),
    ),
}
"""What can be broken; seeds take turns."""

SIGNALS = {
    processes.SNAKEMAKE: (signal.SIGKILL, signal.SIGTERM, signal.SIGINT),
    "job": (signal.SIGKILL, signal.SIGTERM),
}

LOOK_SECONDS = 0.02
EARLIER = 0.8
"""Of the moment of a fault that came too late: its process may be gone before the run ends."""
PAGE = 4096

ERROR = re.compile(
    r"^(error: \S|interrupted by \S|Error in rule |\w*Error\b.*:\s+\S)", re.MULTILINE
)
"""How our own messages begin, and those of Snakemake."""

OF_SNAKEMAKE = re.compile(r"snakemake\w{8}(/|$)")
"""Its own temporary folder, which it removes unless a signal ends it at once."""

TRACEBACK = "Traceback (most recent call last)"


class Fault(NamedTuple):
    """What a seed breaks: how, and when, as a share of the time of a run, or of its output."""

    kind: str
    signal: signal.Signals | None
    moment: float

    @property
    def kills_snakemake(self) -> bool:
        return self.kind == processes.SNAKEMAKE and self.signal == signal.SIGKILL

    def __str__(self) -> str:
        return f"{self.signal.name} {self.kind}" if self.signal else self.kind


def draw_fault(backend: str, seed: int) -> Fault:
    draw = random.Random(f"{backend} {seed}")
    kind = KINDS[backend][seed % len(KINDS[backend])]
    number = draw.choice(SIGNALS.get(kind, (signal.SIGKILL,)))
    return Fault(kind, None if kind in OF_FILES else number, round(draw.random(), 3))


class Trial:
    """A run in a folder of its own, to be broken and repaired."""

    def __init__(self, undisturbed: Undisturbed, seed: int, scratch: Path, patience: float) -> None:
        self.undisturbed = undisturbed
        self.patience = patience
        self.folder = scratch / "run"
        self.folder.mkdir()
        self.log = scratch / "terminal"
        self.fault = draw_fault(undisturbed.backend, seed)
        self.moment = self.fault.moment
        self.seconds = undisturbed.seconds
        self.damage: Damage | None = None
        self.outcome = Outcome(
            undisturbed.backend, seed, self.fault.kind, str(self.fault), moment=self.fault.moment
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        known = self.undisturbed
        with self.log.open("wb") as log:
            return start(
                self.folder,
                known.manifests,
                known.backend,
                *arguments,
                log=log,
                root=Path(known.root),
            )

    @property
    def seconds_to_end(self) -> float:
        """After so long a run hangs. On a busy machine the undisturbed run took its time, too."""
        return 300 + 10 * self.undisturbed.seconds

    def finish(self, run: subprocess.Popen[bytes]) -> int | None:
        """The exit code of a run; None if it does not end."""
        try:
            return run.wait(self.seconds_to_end)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            return None

    def strike(self) -> bool:
        """Break a run, and see how it takes it; False: it ended before that."""
        shared = processes.shared_memory()
        if self.fault.kind == DISK_FULL:
            self._mount(int(self.fault.moment * self.undisturbed.bytes))
        began = time.monotonic()
        run = self.start()
        struck = self.fault.kind == DISK_FULL or self._break(run)
        code = self.finish(run)
        self.seconds = time.monotonic() - began
        terminal = self.log.read_text(errors="replace")
        self._note_what_is_left(shared, code)
        if not struck:
            self.moment *= EARLIER
            return False
        self.outcome.ended = _ending(code)
        if code is None:
            self.outcome.problems.append(
                f"ran on for {self.seconds_to_end:.0f} s: {terminal[-1000:]}"
            )
        elif code > 0:
            self.outcome.said = _said(terminal)
            # Ctrl-C reaches the jobs as well: one that is still importing prints where.
            traceback = TRACEBACK in terminal and self.fault.signal != signal.SIGINT
            if not self.outcome.said or traceback:
                self.outcome.problems.append(f"no clear error: {terminal[-3000:]}")
        if self.damage:
            self.outcome.problems += self.damage.judge(self, code)
        return True

    def repair(self) -> None:
        """Run again until it is done, and judge what comes of it."""
        known, outcome = self.undisturbed, self.outcome
        output = self.folder / OUTPUT
        before: State = known.finished(self.folder)
        outcome.finished = len(before)
        if self.damage:
            before = self.damage.undo(self, before)
        if self.fault.kind == DISK_FULL:
            subprocess.run(["mount", "-o", "remount,size=2G", str(output)], check=True)
        shared = processes.shared_memory()
        steps = [["--unlock"], []] if self.fault.kills_snakemake else [[]]
        for arguments in steps:
            code = self.finish(self.start(*arguments))
            if code and self.fault.kind == REPLACED and AGAIN in self.log.read_text():
                code = self.finish(self.start(*arguments))
            if code != 0:
                terminal = self.log.read_text(errors="replace")
                outcome.problems.append(f"rerun {arguments} gave {code}: {terminal[-3000:]}")
        self._note_what_is_left(shared, code)
        outcome.redone = known.redone(self.folder, before)
        outcome.lost = known.rows_lost(output)
        outcome.problems += known.differences(output)

    def clean(self) -> None:
        """For another try with the same seed, after one that came too late."""
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)
        self.folder.mkdir()
        self.damage = None

    def take_manifests(self, place: Path) -> None:
        """Put a copy of the manifests, of this seed alone, in their place."""
        shutil.copytree(self.undisturbed.manifests, place)
        subprocess.run(["mount", "--bind", str(place), self.undisturbed.manifests], check=True)

    def _mount(self, size: int) -> None:
        """A disk that is too small for the output, as ``output_dir``."""
        place = self.folder / OUTPUT
        place.mkdir()
        options = f"size={max(size, 16 * PAGE)}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "faults", str(place)], check=True)

    def _break(self, run: subprocess.Popen[bytes]) -> bool:
        """Break a run from the moment on, as soon as there is what is to be broken."""
        with suppress(subprocess.TimeoutExpired):
            run.wait(self.moment * self.seconds)
        while run.poll() is None:
            if self._send(run) if self.fault.signal else self._damage(run):
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def _damage(self, run: subprocess.Popen[bytes]) -> bool:
        self.damage = DAMAGES[self.fault.kind].do(self, run)
        return self.damage is not None

    def _send(self, run: subprocess.Popen[bytes]) -> bool:
        """Send the signal to a process of the kind, if there is one."""
        assert self.fault.signal is not None
        if not (found := processes.of_kind(self.fault.kind, run.pid)):
            return False
        victim = random.choice(found)
        self.outcome.victim = processes.title(victim)[-120:]
        with suppress(psutil.NoSuchProcess):
            if self.fault.signal == signal.SIGINT:  # Ctrl-C reaches all in the foreground
                os.killpg(victim.pid, self.fault.signal)
            else:
                victim.send_signal(self.fault.signal)
            return True
        return False

    def _note_what_is_left(self, shared: set[str], code: int | None) -> None:
        """Processes, and files outside of the output, that outlive a run."""
        self.outcome.orphans += processes.end_orphans(self.patience)
        temporary = files(self.folder.with_name("t"))
        if code is not None and code < 0:
            temporary = {name for name in temporary if not OF_SNAKEMAKE.match(name)}
        left = [f"TMPDIR/{name}" for name in temporary]
        left += [f"folder/{name}" for name in set(os.listdir(self.folder)) - {OUTPUT, ".snakemake"}]
        if new := processes.shared_memory() - shared:
            left += processes.unused(new)
        self.outcome.leftovers += sorted(left)
        subprocess.run(["rm", "-rf", str(self.folder.with_name("t"))], check=True)


def _ending(code: int | None) -> str:
    if code is None:
        return "hung"
    return "by itself" if code == 0 else "error" if code > 0 else "killed"


def _said(terminal: str) -> str:
    """The first line of an error that a run reported."""
    found = ERROR.search(terminal)
    return terminal[found.start() :].partition("\n")[0][:300] if found else ""


def run_trial(undisturbed: Undisturbed, seed: int, patience: float) -> Outcome:
    """Break a run, repair it, and judge; in this process, which adopts all orphans.

    What lives on for more than ``patience`` seconds after a run is one.
    """
    processes.adopt_orphans()
    began = time.monotonic()
    # Ray's sockets want a short path.
    with TemporaryDirectory(prefix="f", dir="/tmp", ignore_cleanup_errors=True) as scratch:
        trial = Trial(undisturbed, seed, Path(scratch), patience)
        trial.take_manifests(Path(scratch) / "in")
        try:
            while not trial.strike():
                trial.clean()
            trial.repair()
        finally:
            processes.end_orphans(0)
            subprocess.run(["umount", undisturbed.manifests], check=False)
            if trial.fault.kind == DISK_FULL:
                subprocess.run(["umount", str(trial.folder / OUTPUT)], check=False)
    trial.outcome.seconds = round(time.monotonic() - began, 1)
    return trial.outcome


if __name__ == "__main__":
    known, seed, patience = sys.argv[1:]
    outcome = run_trial(Undisturbed.read(Path(known)), int(seed), float(patience))
    print(json.dumps(asdict(outcome)))
