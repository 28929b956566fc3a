"""What each change of a parameter would bring, tried on a sample of the run's own recordings."""

from __future__ import annotations

import heapq
import json
from array import array
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from alm import files
from alm.jobs.sample import ALL, read_sample, rows_to_try, sampling_bound
from alm.rows.memory import memory_for_rows
from alm.rows.row import parse_row, recording_length
from alm.rows.timeline import timeline
from alm.statistics.counters import Stats, total
from alm.statistics.estimate import Sample
from alm.statistics.levers import levers, setting
from alm.statistics.summary import Summary, add_summaries
from alm.statistics.trials import MEASURES, Setting, Trial, try_settings, written_size
from alm.statistics.what_if import Known, Tried, extrapolate, judge


def try_levers(
    samples: Sequence[str | Path],
    summaries: Sequence[str | Path],
    target: str | Path,
    values: Mapping[str, Any],
    sample_fraction: float | None = None,
) -> None:
    """Try all levers, and write what each would bring: the ``what_if`` of ``stats.json``.

    Of a preview also what all recordings would give, its ``sample``.

    Args:
        samples: what the builds of all shards have drawn.
        summaries: the summaries of each shard's build and overlap.
        target: output, JSON.
        values: the configured parameters of both stages.
        sample_fraction: the share of recordings that the run was made with, if not all.
    """
    summary = add_summaries(Summary.read(path) for path in summaries)
    run, survey = total(summary.stats.values()), summary.survey
    found = levers(values)
    trials = _Trials([setting(values), *(setting({**values, **lever}) for lever in found)])
    size = run["entries"], survey["segments"]
    most = rows_to_try(*size)
    drawn = read_sample(samples, _bound(samples, *size, most))
    with memory_for_rows():
        for key, text in islice(drawn, 2 * most):  # a recording may have any number of rows
            trials.add(key, text)
    known = Known(
        rows=run["entries"],
        length=run.seconds("recording_dur"),
        seconds={
            "kept": survey.seconds("kept_window_dur"),
            "covered": run.seconds("kept_dur"),
            "silence": survey.seconds("window_silence_dur"),
            "overlap": survey.seconds("window_overlap_dur"),
        },
    )
    content: dict[str, Any] = {
        "what_if": judge(found, trials.results(known), known),
        "sample": None,
    }
    if sample_fraction is not None:
        drawn_rows = run["entries"] + run["quarantined"]
        every = drawn_rows + survey["rows_not_drawn"]
        content["sample"] = {
            "fraction": sample_fraction,
            "rows": drawn_rows,
            "rows_of_all": every,
            **trials.extrapolated(known, every / drawn_rows if drawn_rows else 1.0),
        }
    with files.written_whole(target) as file:
        file.write(json.dumps(content, indent=2, allow_nan=False).encode() + b"\n")


def _bound(samples: Sequence[str | Path], rows: int, segments: int, most: int) -> int:
    """Below which key the rows are tried: as many as wanted, the last recording whole."""
    lowest = heapq.nsmallest(most, (row.key for row in read_sample(samples)))
    if not lowest:
        return ALL
    # Beyond the bound of the run it depends on the shards what they have kept.
    found = max(sampling_bound(rows, segments), lowest[0] + 1)
    return min(found, lowest[-1] + 1) if len(lowest) == most else found


class _Trials:
    """What each setting, the run's own first, keeps of the rows, added up by recording."""

    def __init__(self, settings: Sequence[Setting]) -> None:
        self._settings = settings
        self._rows = 0
        self._numbers: dict[int, int] = {}
        self._rows_of = array("d")
        self._lengths = array("d")
        self._own = {name: array("d") for name in MEASURES}
        self._differences = [{name: array("d") for name in MEASURES} for _ in settings]
        self._sums = [Stats() for _ in settings]

    def add(self, key: int, text: bytes) -> None:
        """Try all settings on a row of the recording ``key``."""
        row = parse_row(text)
        columns = timeline(row)
        place = self._numbers.setdefault(key, len(self._numbers))
        if place == len(self._lengths):
            self._rows_of.append(0)
            self._lengths.append(0)
            for differences in (self._own, *self._differences):
                for values in differences.values():
                    values.append(0)
        self._rows += 1
        self._rows_of[place] += 1
        self._lengths[place] += recording_length(row, columns.first_start, columns.last_end)
        tried = try_settings(row, self._settings, written_size(row, self._settings[0].window))
        own = _sums(tried[0])
        for name in MEASURES:
            self._own[name][place] += own[name]
        for trial, differences, sums in zip(tried, self._differences, self._sums, strict=True):
            if trial is not None:
                for name in MEASURES:
                    sums.add_seconds(name, getattr(trial, name))
            if trial is not tried[0]:
                for name, value in _sums(trial).items():
                    differences[name][place] += value - own[name]

    def results(self, known: Known) -> Tried:
        """What was found, for :func:`alm.statistics.what_if.judge`."""
        share = min(1.0, self._rows / known.rows) if known.rows else 1.0
        lengths, whole = self._lengths, known.length
        if whole <= 0 or sum(lengths) <= 0:
            lengths, whole = self._rows_of, float(known.rows)
        return Tried(
            rows=self._rows,
            sample=Sample(lengths, whole, share, self._settings[0].window.longest),
            differences=self._differences[1:],
            sums=[{name: sums.seconds(name) for name in MEASURES} for sums in self._sums[1:]],
        )

    def extrapolated(self, known: Known, times: float) -> dict[str, Any]:
        """What all recordings of a preview's manifests would give, in hours.

        Args:
            known: of the preview.
            times: how many times as many rows there are in all.
        """
        measures = {"recording": (self._lengths, known.length)}
        measures |= {name: (self._own[name], known.seconds[name]) for name in MEASURES}
        return {
            f"{name}_hours": extrapolate(of_sample / 3600, values, self._rows_of, known.rows, times)
            for name, (values, of_sample) in measures.items()
        }


def _sums(trial: Trial | None) -> dict[str, float]:
    if trial is None:
        return dict.fromkeys(MEASURES, 0.0)
    return {name: float(getattr(trial, name)) for name in MEASURES}
