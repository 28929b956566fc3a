"""Levers: what is tried is what a run would give, and estimates say how sure they are."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from strategies import rows

from alm import build_windows, filter_overlaps
from alm.engines import Execution
from alm.errors import RowError
from alm.input import discover
from alm.input.shards import plan_shards
from alm.jobs import sample as job
from alm.jobs.build import build_shard
from alm.jobs.identity import STAGES
from alm.jobs.overlap import overlap_shard
from alm.jobs.sample import ALL, read_sample, rows_to_try, sampling_bound
from alm.jobs.what_if import try_levers
from alm.keys import DEFAULTS
from alm.rows.row import add_up
from alm.statistics.estimate import Sample, estimate
from alm.statistics.levers import OF_HOURS, levers, setting
from alm.statistics.trials import try_settings

VALUES = {name: DEFAULTS[name] for name in OF_HOURS} | {"no_speaker": "stop"}
LEVERS = levers(VALUES)


@settings(max_examples=60)
@given(rows(max_segments=12))
def test_19_each_lever_keeps_what_the_stages_keep(row: dict[str, Any]) -> None:
    values = [VALUES, *({**VALUES, **lever} for lever in LEVERS)]
    tried = [setting(each) for each in values]
    for trial, (window, overlap) in zip(try_settings(row, tried, 0), tried, strict=True):
        try:
            found = filter_overlaps(build_windows(row, window), overlap)
        except RowError:
            assert trial is None
            continue
        kept = found["filtered_windows"]
        assert trial is not None
        assert trial.candidates == len(found["windows"])
        assert trial.windows == len(kept)
        assert trial.kept == add_up(
            [w["segments"][-1]["end"] - w["segments"][0]["start"] for w in kept]
        )


def test_19_every_parameter_that_decides_has_a_lever_and_its_value_is_allowed() -> None:
    tried = {name for lever in LEVERS for name in lever}
    unlimited = {name for name in OF_HOURS if VALUES[name] is None}
    assert tried == set(OF_HOURS) - unlimited | {"max_gap", "target_duration"}
    shape = {"drop_fields", "drop_fields_top_level", "keep_windows", "window_profile"}
    assert set(STAGES) - set(OF_HOURS) == shape | {"loss_details"}
    limited = {"max_gap": 5, "min_turns": 1, "max_speaker_share": 0.9, "min_speech_share": 0.95}
    found = levers({**VALUES, **limited, "tolerance": 0, "min_speakers": 5})
    assert set(limited) <= {name for lever in found for name in lever}
    assert {"min_speakers": 6} not in found
    for lever in found:
        setting({**VALUES, **limited, **lever})


def test_19_where_all_was_tried_the_difference_is_exact() -> None:
    found = estimate([1.5, -0.25, 0.0], Sample([10, 20, 30], 60, 1.0, 132))
    assert (found.difference, found.low, found.high, found.enough) == (1.25, 1.25, 1.25, True)


def test_19_too_few_changes_are_too_few_to_tell() -> None:
    """Of 10,000 recordings of a minute 100 were tried: nothing seen is not nothing there."""
    found = estimate([0.0] * 100, Sample([60] * 100, 600_000, 0.01, 132))
    assert not found.enough
    assert found.low < -10_000
    assert found.high > 10_000
    few = estimate([50.0] * 5 + [0.0] * 95, Sample([60] * 100, 600_000, 0.01, 132))
    assert not few.enough
    assert few.low < 0 < 25_000 < few.high


def test_19_intervals_of_skewed_differences_hold() -> None:
    """One recording in eight changes, by amounts of which a few are most of all."""
    dice = random.Random(4)
    lengths = [dice.lognormvariate(6, 0.8) for _ in range(2000)]
    changes = [each * dice.random() if dice.random() < 0.125 else 0.0 for each in lengths]
    truth, held = math.fsum(changes), 0
    for _ in range(400):
        chosen = dice.sample(range(2000), 200)
        sample = Sample([lengths[k] for k in chosen], math.fsum(lengths), 0.1, 132)
        found = estimate([changes[k] for k in chosen], sample)
        held += found.low <= truth <= found.high
    assert held >= 0.95 * 400


def talk(dice: random.Random, name: str) -> dict[str, Any]:
    segments, time = [], 0.0
    for _ in range(dice.randint(10, 90)):
        lasts = dice.uniform(1, 9)
        segments.append(
            {"start": time, "end": time + lasts, "speaker": dice.choice("abc"), "metrics": {}}
        )
        segments[-1]["metrics"]["bandwidth"] = dice.choice([4500, 9000, 9000, 9000])
        time += lasts + dice.uniform(0, 3)
    dice.shuffle(segments)
    return {"audio_filepath": name, "audio_sample_rate": 16000, "segments": segments}


def tried_in(folder: Path, source: Path, shard_size: int, values: dict[str, Any] = VALUES) -> bytes:
    """The what-if of a run of both steps, without Snakemake."""
    samples, summaries = [], []
    window, overlap = setting(values)
    for shard in plan_shards(discover(str(source)), shard_size):
        at = folder / f"{shard.name}-{shard_size}"
        names = ("records", "quarantine", "recordings", "lines", "built")
        build_shard(
            shard.ranges,
            *(Path(f"{at}.{name}") for name in names),
            window,
            sample=Path(f"{at}.sample"),
            stop_at_invalid=False,
            execution=Execution("local", 2),
            code="c",
        )
        overlap_shard(
            *(
                Path(f"{at}.{name}")
                for name in ("records", "rows", "late", "digests", "table", "done")
            ),
            overlap,
            stop_at_invalid=False,
            execution=Execution("local", 2),
            code="c",
        )
        samples.append(Path(f"{at}.sample"))
        summaries += [Path(f"{at}.built"), Path(f"{at}.done")]
    target = folder / "what_if.json"
    try_levers(samples, summaries, target, values)
    return json.dumps(json.loads(target.read_bytes())["what_if"]).encode()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    dice = random.Random(7)
    source = tmp_path / "m.jsonl"
    found = [talk(dice, f"{k // 2}.wav") for k in range(120)]
    source.write_text("".join(json.dumps(each) + "\n" for each in found))
    return source


def test_19_the_sample_does_not_depend_on_the_shards(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "TRIED_SEGMENTS", 2000)
    one = tried_in(tmp_path, corpus, 1 << 30)
    assert all(tried_in(tmp_path, corpus, size) == one for size in (20_000, 100_000, 300_000))
    (whole,) = tmp_path.glob(f"*-{1 << 30}.sample")
    kept = len(list(read_sample([whole])))
    segments = sum(len(json.loads(line)["segments"]) for line in corpus.read_text().splitlines())
    best = json.loads(one)[0]
    assert best["rows"] - rows_to_try(120, segments) in (0, 1)  # the last recording whole
    assert 20 <= best["rows"] < kept < 120
    assert best["recordings"] < best["rows"]  # both rows of a recording, or none
    assert best["kept_hours"]["low"] < best["kept_hours"]["after"] < best["kept_hours"]["high"]


def test_19_where_all_rows_were_tried_the_figures_are_those_of_a_run(
    tmp_path: Path, corpus: Path
) -> None:
    found = json.loads(tried_in(tmp_path, corpus, 1 << 30))
    assert [each["recommended"] for each in found] == sorted(
        (each["recommended"] for each in found), reverse=True
    )
    assert found[0]["parameters"] == {"min_bandwidth": 0}
    assert found[0]["config"] == "min_bandwidth: 0"
    for each in found[:2] + found[-2:]:
        values = {**VALUES, **each["parameters"]}
        run = json.loads(tried_in(tmp_path, corpus, 1 << 30, values))[0]
        for name in ("kept_hours", "covered_hours", "silence_hours", "overlap_hours"):
            assert each[name]["low"] == each[name]["high"] == each[name]["after"]
            assert each[name]["after"] == run[name]["before"]
        gains = [
            each[f"{n}_hours"]["low"] > each[f"{n}_hours"]["before"] for n in ("kept", "covered")
        ]
        assert each["recommended"] == all(gains)


def test_19_how_much_is_tried() -> None:
    assert rows_to_try(10, 100) > 10
    assert 0.8 * 50_000 <= rows_to_try(10_000, 700_000) * 76 <= 50_000
    assert rows_to_try(400_000, 4_000_000) == 400_000 // 64
    assert rows_to_try(10**9, 10**11) * 106 <= 1_000_000
    assert rows_to_try(0, 0) > 0


def test_19_what_is_kept_of_a_shard_suffices_however_the_run_grows() -> None:
    """The bound falls with each row, and leaves more than what is tried."""
    dice = random.Random(3)
    for longest in (0, 3, 40, 4_000, 100_000):
        rows = segments = 0
        before = ALL
        for _ in range(300):
            more = int(dice.lognormvariate(3, 2)) + 1
            rows, segments = rows + more, segments + more * dice.randint(0, longest)
            bound = sampling_bound(rows, segments)
            assert bound <= before
            before = bound
            few = min(rows, rows_to_try(rows, segments))
            assert rows * bound / ALL >= few + 6 * math.sqrt(few) or bound == ALL
    assert sampling_bound(0, 0) == ALL
    assert sampling_bound(10**9, 10**10) < ALL / 20_000


@pytest.mark.parametrize("shard_size", [1 << 30, 20_000])
def test_19_rows_of_one_recording_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shard_size: int
) -> None:
    """Its key is the lowest one, whatever it is, and may be above the bound."""
    monkeypatch.setattr(job, "TRIED_SEGMENTS", 30)
    dice = random.Random(7)
    source = tmp_path / "m.jsonl"
    rows = [talk(dice, "only.wav") for k in range(120)]
    source.write_text("".join(json.dumps(each) + "\n" for each in rows))
    best = json.loads(tried_in(tmp_path, source, shard_size))[0]
    assert (best["rows"], best["recordings"], best["enough"]) == (2, 1, False)
