"""A shard's part of a sweep: what each combination of parameters keeps of its rows, in figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from alm import files
from alm.engines import Execution
from alm.errors import RowError
from alm.input import ByteRange, read_lines
from alm.input.lines import out_of_memory
from alm.input.quarantine import stop_at
from alm.input.storage import Meter, unmetered
from alm.jobs.chunks import run_in_chunks
from alm.jobs.sample import is_drawn
from alm.rows.memory import memory_for_rows
from alm.rows.row import parse_row
from alm.statistics.counters import Stats
from alm.statistics.levers import combinations, setting
from alm.statistics.summary import Summary
from alm.statistics.trials import MEASURES, Setting, Trial, try_settings, written_size


def sweep_shard(
    ranges: Sequence[ByteRange],
    target: Path,
    values: Mapping[str, Any],
    grid: Mapping[str, Sequence[Any]],
    *,
    sample_fraction: float | None = None,
    stop_at_invalid: bool,
    execution: Execution,
    code: str,
) -> None:
    """Count what each combination keeps of the rows of a shard.

    Args:
        ranges: the manifest lines of the shard.
        target: output, the counters of each chunk as a line of JSON.
        values: the configured parameters of both stages.
        grid: the values to try of some of them.
        sample_fraction: the share of recordings to count, if not all.
        stop_at_invalid: raise at a row that is not sound, whatever the parameters.
        execution: the engine, its threads and memory.
        code: the hash of the code that works here.

    Raises:
        EngineError, ManifestError, InvalidRowError
    """
    settings = [setting({**values, **each}) for each in combinations(grid)]
    work = partial(
        sweep_chunk,
        settings=settings,
        sample_fraction=sample_fraction,
        stop_at_invalid=stop_at_invalid,
    )
    run_in_chunks(work, ranges, [target], execution, code)


def sweep_chunk(
    ranges: Sequence[ByteRange],
    parts: Sequence[Path],
    *,
    settings: Sequence[Setting],
    sample_fraction: float | None = None,
    stop_at_invalid: bool,
    meter: Meter = unmetered,
) -> Summary:
    """Count what each setting keeps of some lines of a shard."""
    counted = Stats()
    with memory_for_rows(), files.written_whole(parts[0]) as file:
        for span in ranges:
            offset = 0
            try:
                for line in read_lines(span, meter=meter):
                    offset = line.offset
                    if line.is_blank or not is_drawn(line, sample_fraction):
                        continue
                    counted.count("rows")
                    try:
                        row = parse_row(line.text)
                        size = written_size(row, settings[0].window)
                        found = try_settings(row, settings, size)
                    except RowError as error:
                        if stop_at_invalid:
                            raise stop_at(span.path, line.offset, error) from error
                        found = [None] * len(settings)
                    for number, trial in enumerate(found):
                        count_trial(counted, number, trial)
            except MemoryError as error:
                raise out_of_memory(span.path, offset) from error
        file.write(json.dumps(counted.to_json(), separators=(",", ":")).encode() + b"\n")
    return Summary()


def count_trial(counted: Stats, number: int, trial: Trial | None) -> None:
    """Count what the setting of a number keeps of a row; None refuses it."""
    if trial is None:
        counted.count(f"quarantined/{number}")
        return
    counted.count(f"candidates/{number}", trial.candidates)
    counted.count(f"windows/{number}", trial.windows)
    for name in MEASURES:
        counted.add_seconds(f"{name}/{number}", getattr(trial, name))
