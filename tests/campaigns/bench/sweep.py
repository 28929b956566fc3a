"""A sweep against one plain run, by the CPU of the jobs of a shard, and its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers import OWN_PEAK

from alm.jobs.identity import STAGES
from alm.keys import DEFAULTS
from bench.clock import cpu_in_turns
from bench.figures import Part, of_rounds
from bench.inputs import sample_rows, write_rows
from bench.kernel import work_of_shards

VALUES = {name: DEFAULTS[name] for name in STAGES} | {"no_speaker": "stop"}
SELECTIONS = {
    "selection": ["greedy", "total", "coverage"],
    "overlap_percentage": [20, 30, 50, 70],
    "min_turns": [None, 4],
}
BUILDINGS = {
    "target_window_duration": [60, 90, 120],
    "tolerance": [0.1, 0.2],
    "selection": ["greedy", "coverage"],
    "overlap_percentage": [30, 50],
}

SWEEP = (
    OWN_PEAK
    + """
import json, sys
from pathlib import Path
from alm.engines import Execution
from alm.input import whole_file
from alm.jobs.sweep_shard import sweep_shard
manifest, target, values, grid = sys.argv[1:]
sweep_shard([whole_file(manifest)], Path(target), json.loads(values), json.loads(grid),
            stop_at_invalid=True, execution=Execution("local"), code="c")
print(own_peak() * 1024 / 1e6)
"""
)


def sweep(folder: Path, tiny: bool) -> Part:
    """24 combinations over one building, and over six, in turns with a plain run."""
    part = Part("A sweep of 24 combinations, against a plain run of the jobs of a shard")
    rows = 20 if tiny else 20_000
    manifest = write_rows(folder / "swept.jsonl", sample_rows(), rows)
    memory: dict[str, list[float]] = {"one": [], "six": []}

    def swept(name: str, grid: Mapping[str, Sequence[Any]]) -> None:
        command = [sys.executable, "-c", SWEEP, str(manifest), str(folder / name)]
        command += [json.dumps(VALUES), json.dumps(grid)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        memory[name].append(float(done.stdout))

    turns = cpu_in_turns(
        1 if tiny else 3,
        lambda: work_of_shards(manifest, folder),
        lambda: swept("one", SELECTIONS),
        lambda: swept("six", BUILDINGS),
        after_each=lambda: None,
    )
    part.figures.append(of_rounds("plain run", [turn[0] for turn in turns], f"s for {rows:,} rows"))
    for k, (name, title, bound) in enumerate(
        (
            ("one", "24 selections over one building", 4),
            ("six", "6 buildings, 4 selections each", 8),
        ),
        start=1,
    ):
        ratios = [turn[k] / turn[0] for turn in turns]
        part.figures += [
            of_rounds(f"{title}: CPU", ratios, "times", better="less", bound=bound),
            of_rounds(f"{title}: memory", memory[name], "MB", better="less", bound=400),
        ]
    return part
