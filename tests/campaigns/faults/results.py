"""The outcomes of all seeds, and their table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

BEGIN, END = "<!-- outcomes: written by make faults -->", "<!-- end of outcomes -->"


@dataclass
class Outcome:
    """What one seed showed.

    Attributes:
        kind: what was broken, ``fault``: how.
        victim: the end of the command line of the process that was sent the signal.
        moment: when, as a share of an undisturbed run's time, or on a full disk of its output.
        ended: how the broken run ended: "by itself", with an "error", "killed" or "hung".
        said: the first line of the error that it reported.
        finished: how many output files of jobs the broken run had finished.
        lost: rows that the repaired run has not.
        orphans: the command lines of processes that outlived a run.
        leftovers: files outside of the output that outlived a run.
        redone: outputs of finished jobs that the rerun made again.
        problems: all else that must not be; a rerun that fails, or gives other files or bytes.
    """

    backend: str
    seed: int
    kind: str
    fault: str = ""
    victim: str = ""
    moment: float = 0.0
    ended: str = ""
    said: str = ""
    finished: int = 0
    lost: int = 0
    orphans: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    redone: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def survived(self) -> bool:
        """Whether the rerun ended with the files of the undisturbed run, and with no more work."""
        return not (self.problems or self.lost or self.redone)

    @property
    def clean(self) -> bool:
        return self.survived and not (self.orphans or self.leftovers)

    def __str__(self) -> str:
        verdict = "survived" if self.survived else "NOT SURVIVED"
        more = "" if self.clean else f"\n    {json.dumps(asdict(self), indent=1)}"
        return (
            f"{self.backend} {self.seed}: {self.fault or self.kind} at {self.moment:.0%}, "
            f"ended {self.ended}; {verdict}, {self.seconds:.0f} s{more}"
        )


def read(path: Path) -> list[Outcome]:
    """The outcomes of earlier campaigns; none if there is no file."""
    if not path.exists():
        return []
    return [Outcome(**json.loads(line)) for line in path.read_text().splitlines()]


def append(path: Path, outcome: Outcome) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(asdict(outcome)) + "\n")


def table(outcomes: Sequence[Outcome]) -> str:
    """What was tried and what came of it, by engine and by what was broken, as markdown."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda o: (o.backend, o.kind)):
        groups.setdefault((outcome.backend, outcome.kind), []).append(outcome)
    lines = [
        "| engine | broken | tried | run failed | survived | rows lost | orphans | leftovers |"
    ]
    lines.append("|---|---|--:|--:|--:|--:|--:|--:|")
    for backend in dict.fromkeys(backend for backend, _ in groups):
        for (engine, kind), group in groups.items():
            if engine == backend:
                lines.append(_line(backend, kind, group))
        lines.append(_line(backend, "**all**", [o for o in outcomes if o.backend == backend]))
    lines.append(_line("**all**", "**all**", outcomes))
    return "\n".join(lines)


def _line(backend: str, kind: str, group: Iterable[Outcome]) -> str:
    group = list(group)
    figures = (
        len(group),
        sum(outcome.ended != "by itself" for outcome in group),
        sum(outcome.survived for outcome in group),
        sum(outcome.lost for outcome in group),
        sum(len(outcome.orphans) for outcome in group),
        sum(len(outcome.leftovers) for outcome in group),
    )
    return f"| {backend} | {kind} | " + " | ".join(map(str, figures)) + " |"


def insert(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Put the table between the two marks of a document."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{path} has no place for the outcomes: {BEGIN} ... {END}")
    path.write_text(f"{before}{BEGIN}\n\n{table(outcomes)}\n\n{END}{after}")
