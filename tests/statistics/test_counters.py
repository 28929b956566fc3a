"""Counters that add up, to the last digit."""

import json
import math
import tracemalloc
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alm import Stats, WindowParams
from alm.statistics.counters import COUNTS, LOSSES, SECONDS, total
from alm.windows.build import find_windows

NAMES = [*SECONDS, *(f"dur_lost_{reason}" for reason in LOSSES)]
durations = (
    st.floats(-1e290, 1e290)
    | st.floats(0, 1e5)
    | st.integers(-(10**30), 10**30)
    | st.sampled_from([0.1, 0.2, 1 / 3, 5e-324, -5e-324, 0, 0.0, -0.0, 1e290, 10**289])
)
additions = st.lists(st.tuples(st.sampled_from(NAMES), durations), max_size=12)
counts = st.lists(st.tuples(st.sampled_from(COUNTS), st.integers(0, 10**20)), max_size=6)
parts_of_runs = st.lists(st.tuples(additions, counts), max_size=6)


def stats_of(part: tuple[list, list]) -> Stats:
    stats = Stats()
    for name, value in part[0]:
        stats.add_seconds(name, value)
    for name, number in part[1]:
        stats.count(name, number)
    return stats


@given(parts_of_runs, st.randoms(), st.data())
def test_neither_order_nor_grouping_shows(parts, random, data):
    stats = [stats_of(part) for part in parts]
    wanted = total(stats)
    shuffled = random.sample(stats, len(stats))
    border = data.draw(st.integers(0, len(stats)))
    grouped = total([total(shuffled[:border]), total(shuffled[border:])])
    assert grouped == wanted
    assert grouped.as_dict() == wanted.as_dict()
    together = (
        [each for part in parts for each in part[0]],
        [c for part in parts for c in part[1]],
    )
    assert stats_of(together) == wanted


@given(parts_of_runs)
def test_seconds_are_the_exact_sum_rounded_once(parts):
    stats = total(stats_of(part) for part in parts)
    for name in NAMES:
        values = [Fraction(value) for part in parts for key, value in part[0] if key == name]
        assert stats.seconds(name) == float(sum(values, Fraction()))
        assert isinstance(stats.seconds(name), float)


@given(parts_of_runs)
def test_stats_survive_the_disk(parts):
    stats = total(stats_of(part) for part in parts)
    again = Stats.from_json(json.loads(json.dumps(stats.to_json())))
    assert again == stats
    assert again.as_dict() == stats.as_dict()
    assert again.to_json() == stats.to_json()


@given(parts_of_runs)
def test_adding_leaves_the_added_alone(parts):
    stats = [stats_of(part) for part in parts]
    before = [each.to_json() for each in stats]
    total(stats)
    reduce(lambda one, other: total([one, other]), stats, Stats())
    assert [each.to_json() for each in stats] == before


def test_a_naive_sum_would_show_the_order():
    """What the exact sum is for."""
    values = [0.1] * 10 + [1e16, -1e16]
    assert sum(values[::-1]) != math.fsum(values)
    for order in (values, values[::-1]):
        assert stats_of(([("total_dur", value) for value in order], [])).seconds(
            "total_dur"
        ) == math.fsum(values)


def test_a_row_is_counted():
    good, poor = {"bandwidth": 8000}, {"bandwidth": 100}
    words = [{"word": "a", "end": 32}]
    segments = [
        {"start": 0, "end": 20, "speaker": "a", "metrics": good},
        {"start": 20, "end": 40, "speaker": "b", "metrics": good, "words": words},
        {"start": 40, "end": 40.1, "speaker": "a", "metrics": poor},
    ]
    params = WindowParams(target_window_duration=30)
    found = find_windows({"audio_sample_rate": 16000, "segments": segments}, params)
    stats = Stats()
    stats.add_row(found.stats, found.truncation_events)
    stats.add_row(found.stats, found.truncation_events)
    figures = stats.as_dict()
    assert figures["entries"] == 2
    assert figures["truncation_events"] == 2
    assert figures["total_dur"] == 2 * found.stats["total_dur"]
    lost = {name: value for name, value in figures["lost"].items() if value}
    assert lost == {
        "lost_bw": 2,
        "dur_lost_bw": pytest.approx(0.2),
        "lost_win": 2,
        "dur_lost_win": 40.0,
        "lost_next_seg_bm": 2,
        "dur_lost_next_seg_bm": 40.0,
    }


@pytest.mark.parametrize(
    "add",
    [
        lambda stats, number: stats.add_seconds("total_dur", number + 0.5),
        lambda stats, number: stats.tally("family", f"{number % 7:040}"),
        lambda stats, number: stats.add_seconds(f"family/{number % 7}", number + 0.5),
    ],
    ids=["add_seconds", "tally", "add_seconds of a family"],
)
def test_what_waits_to_be_added_is_bounded(add):
    stats = Stats()
    tracemalloc.start()
    try:
        for number in range(300_000):
            add(stats, number)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000
    assert stats.seconds("total_dur") in (0, 300_000**2 / 2)
    assert sum(stats.family("family").values()) in (0, 300_000)
    assert sum(stats.family_seconds("family").values()) in (0, 300_000**2 / 2)


def test_the_names_are_those_of_stats_json():
    empty = Stats().as_dict()
    assert list(empty) == [
        "entries",
        "quarantined",
        "windows",
        "filtered_windows",
        "truncation_events",
        "total_dur",
        "total_dur_window",
        "filtered_dur",
        "lost",
    ]
    assert set(empty["lost"]) == {
        f"{prefix}{reason}" for prefix in ("lost_", "dur_lost_") for reason in LOSSES
    }
    assert {type(value) for value in empty["lost"].values()} == {int, float}
    assert all(type(empty[name]) is float for name in SECONDS)
    assert json.dumps(empty, allow_nan=False)


def test_equality():
    one, other = Stats(), Stats()
    one.count("windows", 0)
    assert one == other, "an absent counter is one of zero"
    one.count("windows")
    assert one != other
    assert one["windows"] == 1
    assert one["quarantined"] == 0
    assert one != {"windows": 1}
    assert "'windows': 1" in repr(one)


@settings(max_examples=20)
@given(st.integers(1, 10**6))
def test_long_runs_lose_no_digit(number):
    stats = Stats()
    stats.add_seconds("total_dur", 0.1)
    for _ in range(number.bit_length()):
        stats += stats
    assert stats.seconds("total_dur") == 0.1 * 2 ** number.bit_length()
