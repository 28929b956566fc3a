"""The best set of windows: against an exhaustive search, and the cases of SELECTION.md."""

import json
import random
from collections import defaultdict
from itertools import pairwise

import pytest
from helpers import Case, same_json, selection_cases

from alm import OverlapParams, WindowParams, build_windows, curate_manifest, filter_overlaps
from alm.errors import RowError
from alm.windows.cuts import Cuts
from alm.windows.selection import Paths

Span = tuple[float, float]


def microseconds(seconds: float) -> int:
    return round(float(seconds) * 1e6)


def in_conflict(a: Span, b: Span, threshold: float) -> bool:
    """Whether two spans, `a` first by start and end, are not to stay both."""
    shorter = min(a[1] - a[0], b[1] - b[0])
    return b[0] < a[1] and max(0, min(a[1], b[1]) - max(a[0], b[0])) / shorter >= threshold


def exhaustively(spans: list[Span], threshold: float, target: float, covering: bool) -> list[int]:
    """The numbers of the best set, by trying all that have no conflict."""
    order = sorted(range(len(spans)), key=lambda k: (*spans[k], k))
    ordered = [spans[k] for k in order]
    count = len(ordered)
    free = [
        [
            not in_conflict(ordered[a], ordered[b], threshold) if a < b else True
            for b in range(count)
        ]
        for a in range(count)
    ]
    best: tuple | None = None

    def grow(chosen: list[int], after: int) -> None:
        nonlocal best
        lasting = sum(microseconds(ordered[k][1] - ordered[k][0]) for k in chosen)
        off = sum(microseconds(abs(float(ordered[k][1] - ordered[k][0]) - target)) for k in chosen)
        repeated = sum(
            microseconds(max(0, ordered[a][1] - ordered[b][0])) for a, b in pairwise(chosen)
        )
        sums = (repeated - lasting, lasting, off) if covering else (-lasting, off)
        found = (*sums, list(chosen))
        if best is None or found < best:
            best = found
        for k in range(after, count):
            if all(free[a][k] for a in chosen):
                grow([*chosen, k], k + 1)

    grow([], 0)
    return [order[k] for k in best[-1]]


def random_spans(draw: random.Random) -> list[Span]:
    """Up to 12 spans, many of them alike, in any order, of floats, integers or both."""
    step = draw.choice([1, 0.1, 1 / 3, 1.0])
    count = draw.choice([1, 2, 4, 7, 10, 12])
    far = draw.choice([0, 0, 0, 10**6])
    lengths = draw.choice([(20, 25), (1, 60), (30, 30)])
    return [
        ((start := far + draw.randrange(80) * step), start + draw.randint(*lengths) * step)
        for _ in range(count)
    ]


def compare(seed: int, number: int) -> None:
    """Some random sets of spans: a campaign has `compare(1, 20_000)`."""
    draw = random.Random(seed)
    for _ in range(number):
        spans = random_spans(draw)
        threshold = draw.choice([0, 0.01, 0.1, 1 / 3, 0.5, 0.8, 0.99, 1.0, draw.random()])
        target = draw.choice([25, 2.5, 24.0, 120.0])
        for covering in (False, True):
            starts, ends = [start for start, _ in spans], [end for _, end in spans]
            found = Paths(starts, ends, target).best(threshold, covering)
            wanted = exhaustively(spans, threshold, target, covering)
            assert found == wanted, (spans, threshold, target, covering)


def test_the_choice_is_that_of_an_exhaustive_search():
    compare(seed=0, number=2000)


@pytest.mark.parametrize("far", [0.0, 2**60, 10**200])
def test_sums_that_no_double_holds(far):
    """Times and sums as Python's integers: the last microsecond decides."""
    long = 10**12
    spans = [(far, far + long), (far + long - 1, far + 2 * long), (far + long, far + 2 * long)]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    for covering in (False, True):
        assert Paths(starts, ends, 120.0).best(0.5, covering) == (
            exhaustively(spans, 0.5, 120.0, covering)
        )


def test_no_windows():
    assert Paths([], [], 120.0).best(0.5, True) == []


@pytest.fixture(scope="module", params=["shipped", "all"])
def cases(request) -> list[Case]:
    return selection_cases("selection", request.param)


def test_every_case_by_the_two_functions(cases):
    different = {}
    for case in cases:
        window = WindowParams(**case["builder"], loss_details=case["loss_details"])
        found = filter_overlaps(
            build_windows(case["entry"], window), OverlapParams(**case["overlap"])
        )
        wanted = case["expected"]
        if difference := same_json({name: found[name] for name in wanted}, wanted):
            different[case["id"]] = difference
        elif list(found["stats"]) != list(wanted["stats"]):
            different[case["id"]] = "the order of stats"
    assert different == {}


def test_every_case_by_whole_files(cases, tmp_path):
    groups = defaultdict(list)
    for case in cases:
        settings = [case["builder"], case["overlap"], case["loss_details"]]
        groups[json.dumps(settings, sort_keys=True)].append(case)
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    different = {}
    for settings, group in groups.items():
        builder, overlap, loss_details = json.loads(settings)
        source.write_text("".join(json.dumps(case["entry"]) + "\n" for case in group))
        window = WindowParams(**builder, loss_details=loss_details)
        curate_manifest(source, output, window, OverlapParams(**overlap))
        for case, line in zip(group, output.read_bytes().splitlines(), strict=True):
            wanted = {**case["expected"], "manifest_filepath": str(source)}
            found = json.loads(line)
            if difference := same_json({name: found[name] for name in wanted}, wanted):
                different[case["id"]] = difference
            elif list(found["stats"]) != list(wanted["stats"]):
                different[case["id"]] = "the order of stats"
    assert different == {}


def test_every_profile(tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    for case in selection_cases("profiles", "shipped"):
        overlap = OverlapParams(**case["overlap"])
        window = WindowParams(**case["builder"])
        source.write_text(json.dumps(case["entry"]) + "\n")
        curate_manifest(source, output, window, overlap)
        by_file = json.loads(output.read_bytes())
        whole = WindowParams(**case["builder"], drop_fields_top_level="")
        by_function = filter_overlaps(build_windows(case["entry"], whole), overlap)
        for found in (by_file, by_function):
            profiles = [each["profile"] for each in found["filtered_windows"]]
            assert profiles == [pytest.approx(each, abs=5e-7) for each in case["profiles"]]


@pytest.mark.parametrize(
    ("dropped", "overlap", "what"),
    [
        ({"drop_fields": "speaker"}, {"min_turns": 2}, "speaker"),
        ({"drop_fields": "speaker"}, {"window_profile": True}, "speaker"),
        ({"drop_fields": "start"}, {"selection": "total"}, "start"),
        ({}, {"window_profile": True}, "drop_fields_top_level"),
    ],
)
def test_what_was_dropped_between_the_functions_is_named(dropped, overlap, what):
    segments = [{"start": k, "end": k + 5, "speaker": "ab"[k % 2]} for k in range(0, 60, 5)]
    row = {"audio_sample_rate": 16000, "segments": segments}
    built = build_windows(row, WindowParams(20, min_bandwidth=0, **dropped))
    assert built["windows"]
    with pytest.raises(RowError, match=what) as refused:
        filter_overlaps(built, OverlapParams(**overlap))
    assert refused.value.reason == "missing_field"


@pytest.mark.parametrize(
    ("ends", "limit", "kept", "end"),
    [
        ([2, None, 4], 3, [0, 1], 2),
        ([None, 2, 4], 3, [0, 1], 2),
        ([None, 4], 3, [], 1),
        ([None, None], 9, [], 1),
        ([4, None, 2, None], 3, [2, 3], 2),
    ],
)
def test_words_without_times_are_cut_with_their_neighbours(ends, limit, kept, end):
    words = [{"word": str(k), "end": each} for k, each in enumerate(ends)]
    words = [word if word["end"] is not None or k % 2 else {"word": str(k)}
             for k, word in enumerate(words)]  # fmt: skip
    cuts = Cuts([{"start": 1, "end": 9, "words": words}], [0], frozenset())
    cuts.cut(0, limit)
    assert cuts.copies[0]["words"] == [words[k] for k in kept]
    assert cuts.copies[0]["text"] == " ".join(map(str, kept))
    assert cuts.ends == [end]


def test_a_message_about_words_names_segment_and_word():
    words = [{"word": "a", "end": 21}, {"word": "b", "end": "22"}]
    segments = [
        {"start": 20, "end": 40, "speaker": "b", "words": words},
        {"start": 0, "end": 20, "speaker": "a"},
    ]
    row = {"audio_sample_rate": 16000, "segments": segments}
    with pytest.raises(RowError, match=r"segments\[0\]\.words\[1\]: end is text"):
        build_windows(row, WindowParams(30, min_bandwidth=0, sort_segments=True))
