"""What was measured, as JSON between one time and the next."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

LEAST_NOISE = 0.05
"""Of a figure from several rounds; what other work on the machine leaves in any of them."""

NOISE_OF_ONE = 0.1
"""Of a figure that was measured once or twice."""


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    ``better`` is ``more`` or ``less``; without it the figure is only told, as one in seconds is,
    which another machine changes. ``bound`` and ``aim`` are what it should reach.
    """

    name: str
    value: float
    unit: str = ""
    better: str = ""
    bound: float | None = None
    aim: float | None = None
    noise: float = NOISE_OF_ONE
    """Relative to the value."""

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.better == "more" else self.value <= self.bound

    def since(self, last: Figure) -> str:
        """How this compares with the last time, in a word or two."""
        if not self.better or not last.value:
            return ""
        change = self.value / last.value - 1
        if abs(change) <= max(self.noise, last.noise):
            return "the same"
        word = "better" if (change > 0) == (self.better == "more") else "worse"
        return f"{word} ({change:+.0%})"


def of_rounds(name: str, values: Sequence[float], unit: str = "", **more: Any) -> Figure:
    """The median of several rounds; the noise is what their middle half spans."""
    ordered = sorted(values)
    middle = median(ordered)
    noise = NOISE_OF_ONE
    if len(ordered) > 2:
        quarter = len(ordered) // 4
        noise = max(LEAST_NOISE, (ordered[-1 - quarter] - ordered[quarter]) / middle)
    return Figure(name, middle, unit, noise=noise, **more)


@dataclass
class Part:
    """What one part of the benchmark found.

    ``series`` are the points of the picture: name -> ``[[x, y], ...]``.
    """

    title: str
    figures: list[Figure] = field(default_factory=list)
    series: dict[str, list[list[float]]] = field(default_factory=dict)


Results = dict[str, Part]


def _machine() -> str:
    """What it is measured on, and how busy that is (the load of the last minute)."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}; load "
        f"{os.getloadavg()[0]:.1f} at the start"
    )


MACHINE = _machine()


def read(path: Path) -> Results:
    """What :func:`write` wrote; nothing where there is no such file."""
    if not path.exists():
        return {}
    found: Mapping[str, Any] = json.loads(path.read_text())
    return {
        name: Part(**{**part, "figures": [Figure(**figure) for figure in part["figures"]]})
        for name, part in found["parts"].items()
    }


def write(path: Path, results: Results) -> None:
    """Write all figures as JSON."""
    parts = {name: asdict(part) for name, part in results.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": MACHINE, "parts": parts}, indent=1) + "\n")


def last_time(figure: Figure, part: Part | None) -> str:
    """How a figure compares with the one of the same name."""
    named: Iterable[Figure] = part.figures if part else ()
    return next((figure.since(last) for last in named if last.name == figure.name), "")
