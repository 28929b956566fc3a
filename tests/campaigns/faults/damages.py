"""What is done to the files of a run, by another run, by people, or by chance; and undone.

Each is a ``Damage``: ``do`` breaks a run when it can, ``judge`` says what of the broken run must
not be, and ``undo`` does what a user would before the workflow is started again; it returns those
of the outputs that no job may make again.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from faults.undisturbed import OUTPUT, ROWS, State, start

if TYPE_CHECKING:
    from faults.trial import Trial

TWO_RUNS = "two runs at once"
REPLACED = "replaced manifest"
DAMAGED = "damaged file"

AGAIN = "was changed while the run was under way; start again"
IN_USE = "is in use by another run: process "
NOT_AS_WRITTEN = "is not as its job wrote it"


class Damage(Protocol):
    @classmethod
    def do(cls, trial: Trial, run: subprocess.Popen[bytes]) -> Damage | None: ...

    def judge(self, trial: Trial, code: int | None) -> list[str]: ...

    def undo(self, trial: Trial, before: State) -> State: ...


def judge_rows(trial: Trial, code: int | None, said: str) -> list[str]:
    """A run either gives the rows of the undisturbed one, or says what is wrong."""
    if code == 0:
        different = trial.undisturbed.differences(trial.folder / OUTPUT)
        return [f"exit code 0, and {each}" for each in different if each.split(":")[0] in ROWS]
    if said not in (terminal := trial.log.read_text(errors="replace")):
        return [f"not said: {said!r}, but: {terminal[-2000:]}"]
    return []


@dataclass
class SecondRun:
    """Another run into the same directory, from elsewhere, that wants other windows."""

    code: int | None
    first_lived: bool
    terminal: str

    @classmethod
    def do(cls, trial: Trial, run: subprocess.Popen[bytes]) -> SecondRun | None:
        folder, known = trial.folder.with_name("second"), trial.undisturbed
        folder.mkdir(exist_ok=True)
        asked = [f"output_dir={trial.folder / OUTPUT}", "overlap_percentage=90"]
        terminal = folder / "terminal"
        with terminal.open("wb") as log:
            root = Path(known.root)
            second = start(folder, known.manifests, known.backend, log=log, root=root, config=asked)
            code = trial.finish(second)
        lived = run.poll() is None
        if code == 0 and not lived and trial.finish(run) == 0:
            return None  # one after the other
        return cls(code, lived, terminal.read_text(errors="replace"))

    def judge(self, trial: Trial, code: int | None) -> list[str]:
        first = trial.log.read_text(errors="replace")
        if code == 0 and self.code and IN_USE in self.terminal:
            return judge_rows(trial, code, "")
        if code and self.code == 0 and IN_USE in first:
            return []
        return [f"two runs gave {code} and {self.code}: {self.terminal[-2000:]}"]

    def undo(self, trial: Trial, before: State) -> State:
        return before if self.code else {}


@dataclass
class Replaced:
    """A manifest gives way to a larger one with other rows, once one of its shards is built."""

    path: Path

    @classmethod
    def do(cls, trial: Trial, run: subprocess.Popen[bytes]) -> Replaced | None:
        if not (names := sorted(_half_built(trial))):
            return None
        path = Path(trial.undisturbed.manifests) / random.choice(names)
        new = path.with_name(".new")
        rows = path.read_bytes().replace(b'"/data/', b'"/DATA/')
        new.write_bytes(rows + rows.splitlines(keepends=True)[0])
        path.with_name(".old").hardlink_to(path)
        new.rename(path)  # in one step: where there is no manifest for a moment, a run says that
        return cls(path)

    def judge(self, trial: Trial, code: int | None) -> list[str]:
        return judge_rows(trial, code, AGAIN)

    def undo(self, trial: Trial, before: State) -> State:
        """Bring the old one back; all that read it may be done again, and what reads that."""
        self.path.with_name(".old").replace(self.path)
        manifest = trial.undisturbed.manifest_of
        return {
            name: state
            for name, state in before.items()
            if manifest(name) not in (None, self.path.name) or name.startswith("work/shards/")
        }


def _half_built(trial: Trial) -> Iterator[str]:
    """The manifests with a shard that is built and one that is not."""
    seals = trial.folder / OUTPUT / "work" / "seals" / "build"
    known = Path(trial.undisturbed.output) / "work" / "seals" / "build"
    built: dict[str | None, set[bool]] = {}
    for path in known.iterdir():
        manifest = trial.undisturbed.manifest_of(path.name)
        built.setdefault(manifest, set()).add((seals / path.name).exists())
    return (str(name) for name, both in built.items() if len(both) == 2)


@dataclass
class Flipped:
    """A bit of a file between two jobs turns, and nobody notes it: not even its time changes."""

    path: Path
    name: str
    content: bytes
    code: int | None = None

    @classmethod
    def do(cls, trial: Trial, run: subprocess.Popen[bytes]) -> Flipped | None:
        output = trial.folder / OUTPUT
        finished = trial.undisturbed.finished(trial.folder)
        inner = ("work/build/", "work/overlap/", "work/shards/", "shards/")
        names = [
            name
            for name in sorted(finished)
            if name.startswith(inner) and (output / name).stat().st_size
        ]
        if not names:
            return None
        name = random.choice(names)
        path = output / name
        status, content = path.stat(), path.read_bytes()
        at = random.randrange(len(content))
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes([content[at] ^ 1 << random.randrange(8)]))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        return cls(path, name, content)

    def judge(self, trial: Trial, code: int | None) -> list[str]:
        self.code = code
        return judge_rows(trial, code, f"{self.name}' {NOT_AS_WRITTEN}")

    def undo(self, trial: Trial, before: State) -> State:
        """Delete the file, as the error says; where no job has read it, the bit turns back."""
        if self.code == 0:
            status = self.path.stat()
            self.path.write_bytes(self.content)
            os.utime(self.path, ns=(status.st_atime_ns, status.st_mtime_ns))
            return before
        self.path.unlink()
        shard = Path(self.name).name.partition(".")[0]
        manifest = trial.undisturbed.manifest_of
        return {
            name: state
            for name, state in before.items()
            if manifest(name) and Path(name).name.partition(".")[0] != shard
        }


DAMAGES: dict[str, type[Damage]] = {TWO_RUNS: SecondRun, REPLACED: Replaced, DAMAGED: Flipped}
