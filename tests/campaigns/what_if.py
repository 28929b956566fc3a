"""Whether the intervals of what-if hold the truth: six corpora, 200 samples of each.

    PYTHONPATH=tests/campaigns python -m what_if ../shared/real/*.jsonl.gz

For each corpus, those named and those made here, and each size of a sample: the levers that change
anything there, times the four measures; of the intervals of all samples the share that holds what
the full corpus gives, the smallest share of one lever, and how many recommendations were made and
wrong.
"""

import gzip
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alm.keys import DEFAULTS
from alm.statistics.estimate import Sample
from alm.statistics.levers import levers, setting
from alm.statistics.trials import MEASURES, Trial, try_settings
from alm.statistics.what_if import Known, Tried, judge

VALUES = DEFAULTS | {"no_speaker": "stop"}
SAMPLES = 200
SIZES = (30, 60, 120)
TO_ROUNDING = 1e-6
Row = dict[str, Any]


def corpus(kind: str, count: int, seed: int = 1) -> list[Row]:
    """Recordings of a kind that real corpora have."""
    dice = random.Random(f"{kind} {seed}")
    make = {
        "telephone": lambda: _talk(dice, _length(dice, 6, 0.6), 2, turn=3, bandwidth=(3300, 8200)),
        "clips": lambda: _talk(dice, _length(dice, 4.3, 0.8), dice.randint(1, 3), turn=4),
        "grouped": lambda: sorted(
            _talk(dice, _length(dice, 6.5, 0.7), dice.randint(2, 6), turn=5),
            key=lambda segment: segment["speaker"],
        ),
        "silences": lambda: _talk(
            dice, _length(dice, 6.5, 0.8), dice.randint(1, 3), turn=5, pause=2, breaks=0.12
        ),
        "untimed": lambda: _talk(
            dice, _length(dice, 6, 0.9), dice.randint(2, 4), turn=8, untimed=0.2
        ),
    }[kind]
    rows = []
    for number in range(count):
        segments = make()
        rate = dice.choice([8000, 16000]) if kind == "telephone" else 16000
        name = f"{kind}/{number}.wav"
        rows.append({"audio_filepath": name, "audio_sample_rate": rate, "segments": segments})
    return rows


KINDS = ("telephone", "clips", "grouped", "silences", "untimed")


def _length(dice: random.Random, mean: float, spread: float) -> float:
    return min(dice.lognormvariate(mean, spread), 3600)


def _talk(
    dice: random.Random,
    length: float,
    speakers: int,
    *,
    turn: float,
    pause: float = 0.5,
    breaks: float = 0,
    untimed: float = 0,
    bandwidth: tuple[float, float] = (7900, 12000),
) -> list[Row]:
    """Segments of a conversation; with ``breaks`` long pauses and pauses that are labelled."""
    segments: list[Row] = []
    time = dice.uniform(0, 2)
    while time < length:
        lasts = min(dice.expovariate(1 / turn) + 0.3, 60)
        segment: Row = {
            "start": round(time, 2),
            "end": round(time + lasts, 2),
            "speaker": f"s{dice.randrange(speakers)}",
            "metrics": {"bandwidth": round(dice.uniform(*bandwidth))},
        }
        if untimed:
            segment["words"] = list(_words(dice, time, lasts, untimed))
        segments.append(segment)
        gap = dice.expovariate(1 / pause) - (dice.random() < 0.1) * lasts / 2
        if dice.random() < breaks:
            gap += dice.uniform(15, 120)
        if breaks and gap > 0.2 and dice.random() < 0.3:
            label = {"speaker": "no-speaker", "metrics": {"bandwidth": 8000}}
            begin, end = round(time + lasts, 2), round(time + lasts + gap, 2)
            segments.append({"start": begin, "end": end, **label})
        time = max(time + 0.05, time + lasts + gap)
    return segments


def _words(dice: random.Random, time: float, lasts: float, untimed: float) -> Iterator[Row]:
    count = max(1, int(lasts * 2.5))
    for k in range(count):
        word: Row = {"word": "w"}
        if dice.random() >= untimed:
            word["start"] = round(time + k * lasts / count, 2)
            word["end"] = round(time + (k + 1) * lasts / count, 2)
        yield word


class Held(NamedTuple):
    """Of the intervals of a lever's measure in all samples: how many held, of those that were
    called enough; and how often the lever was recommended, and how often that was wrong."""

    lever: str
    measure: str
    held: float
    enough: int
    held_of_enough: int
    recommended: int
    wrong: int


def coverage(rows: Sequence[Row], size: int, samples: int) -> list[Held]:
    """Try all levers on all rows, then look at ``samples`` samples of ``size`` rows each."""
    found = levers(VALUES)
    settings = [setting(VALUES), *(setting({**VALUES, **lever}) for lever in found)]
    tried = [[_seconds(trial) for trial in try_settings(row, settings, 0)] for row in rows]
    lengths = [_lasts(row) for row in rows]
    truth = [
        {name: math.fsum(row[k][name] for row in tried) for name in MEASURES}
        for k in range(len(settings))
    ]
    known = Known(len(rows), math.fsum(lengths), truth[0])
    names = [(str(lever), name) for lever in found for name in MEASURES]
    counts = {name: [0, 0, 0, 0, 0] for name in names}
    for number in range(samples):
        chosen = random.Random(f"{number} {size}").sample(range(len(rows)), size)
        share, window = size / len(rows), settings[0].window.longest
        sample = Sample([lengths[k] for k in chosen], known.length, share, window)
        differences = [
            {name: [tried[k][n][name] - tried[k][0][name] for k in chosen] for name in MEASURES}
            for n in range(1, len(settings))
        ]
        for judged in judge(found, Tried(size, sample, differences, truth[1:]), known):
            n = found.index(judged["parameters"]) + 1
            for name in MEASURES:
                hours = judged[f"{name}_hours"]
                low, high = (3600 * hours[end] for end in ("low", "high"))
                holds = low - TO_ROUNDING <= truth[n][name] <= high + TO_ROUNDING
                own = counts[str(judged["parameters"]), name]
                own[0] += holds
                own[1] += judged["enough"]
                own[2] += judged["enough"] and holds
                own[3] += judged["recommended"]
                own[4] += judged["recommended"] and truth[n][name] <= truth[0][name]
    moved = {
        (str(lever), name)
        for n, lever in enumerate(found, 1)
        for name in MEASURES
        if any(row[n][name] != row[0][name] for row in tried)
    }
    return [
        Held(*name, counts[name][0] / samples, *counts[name][1:]) for name in names if name in moved
    ]


def _seconds(trial: Trial | None) -> dict[str, float]:
    if trial is None:
        return dict.fromkeys(MEASURES, 0.0)
    return {name: float(getattr(trial, name)) for name in MEASURES}


def _lasts(row: Row) -> float:
    segments = row["segments"]
    if not segments:
        return 0.0
    return max(s["end"] for s in segments) - min(s["start"] for s in segments)


def table(name: str, rows: Sequence[Row], sizes: Sequence[int], samples: int) -> Iterator[str]:
    """A row a size."""
    for size in sorted({min(size, len(rows) // 2) for size in sizes}):
        found = coverage(rows, size, samples)
        mean = sum(each.held for each in found) / len(found)
        worst = min(found, key=lambda each: each.held)
        enough = sum(each.enough for each in found)
        of_enough = sum(each.held_of_enough for each in found) / enough if enough else math.nan
        kept = [each for each in found if each.measure in ("kept", "covered")]
        recommended = sum(each.recommended for each in kept)
        wrong = sum(each.wrong for each in kept)
        yield (
            f"| {name} | {len(rows)} | {size} | {len(found)} | {100 * mean:.1f} % | "
            f"{100 * worst.held:.1f} % ({worst.lever} {worst.measure}) | {100 * of_enough:.1f} % | "
            f"{enough / len(found) / samples:.2f} | {recommended} | {wrong} |"
        )


def main(paths: Sequence[str]) -> None:
    print(
        "| corpus | recordings | tried | intervals | hold | worst | where enough | enough |",
        end=" ",
    )
    print("recommended | wrong |")
    print("|---|--:|--:|--:|--:|---|--:|--:|--:|--:|", flush=True)
    for path in map(Path, paths):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as lines:
            rows = [json.loads(line) for line in lines]
        for line in table(path.name.partition(".")[0], rows, SIZES, SAMPLES):
            print(line, flush=True)
    for kind in KINDS:
        for line in table(kind, corpus(kind, 400), SIZES, SAMPLES):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
