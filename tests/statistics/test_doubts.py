"""Figures that cannot be right are doubted, with a likely cause; and ours are never impossible."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import overlap_settings, rows, window_settings

from alm import OverlapParams, WindowParams
from alm.input import whole_file
from alm.input.shards import Shard
from alm.jobs.build import build_chunk
from alm.jobs.overlap import overlap_chunk
from alm.jobs.progress import summarize_run
from alm.jobs.shard import write_ranges
from alm.jobs.stats import aggregate
from alm.jobs.what_if import try_levers
from alm.keys import DEFAULTS
from alm.report.overview import overview
from alm.report.render import render
from alm.report.windows import windows
from alm.rows.row import recording_length
from alm.text import duration

Json = dict[str, Any]
MEASURED = {"metrics": {"bandwidth": 8000}}


def talk(number: int, step: float = 4, unit: float = 1, begin: float = 0) -> list[Json]:
    return [
        {
            "start": (begin + k * step) * unit,
            "end": (begin + k * step + 0.9 * step) * unit,
            "speaker": "ab"[k % 2],
            **MEASURED,
        }
        for k in range(number)
    ]


def row(segments: list[Json], **fields: Any) -> Json:
    return {"audio_filepath": "a.wav", "audio_sample_rate": 16000, "segments": segments, **fields}


def run(
    folder: Path,
    rows: Sequence[Json],
    window: WindowParams | None = None,
    overlap: OverlapParams | None = None,
) -> Json:
    """The statistics of a run, made as the jobs do."""
    window, overlap = window or WindowParams(), overlap or OverlapParams(50)
    source = folder / "m.jsonl"
    source.write_text("".join(json.dumps(each) + "\n" for each in rows))
    span = whole_file(str(source))
    shard = folder / f"shard.{Shard('shard', (span,)).version}.json"
    write_ranges([span], shard)
    built = [folder / name for name in ("records", "refused", "recordings", "lines", "sample")]
    build_chunk([span], built, params=window, stop_at_invalid=False).write(folder / "built")
    done = [folder / name for name in ("alm_output.jsonl", "late", "digests", "table")]
    records, overlap = whole_file(str(built[0])), overlap.resolved(window)
    overlap_chunk([records], done, params=overlap, stop_at_invalid=False).write(folder / "done")
    parameters = DEFAULTS | asdict(window) | asdict(overlap)
    summaries = [folder / "built", folder / "done"]
    try_levers([folder / "sample"], summaries, folder / "what_if.json", parameters)
    aggregate(
        [shard],
        summaries,
        [folder / "recordings"],
        folder / "stats.json",
        folder / "stats.tsv",
        folder / "stats.parquet",
        window,
        overlap,
        parameters,
        {},
        what_if=folder / "what_if.json",
    )
    return json.loads((folder / "stats.json").read_bytes())


def terminal(folder: Path) -> str:
    return summarize_run(folder / "alm_output.jsonl")


HOUR = talk(900)
DOUBTS: dict[str, tuple[list[Json], Json, str, str]] = {
    "times in ms": (
        [row(talk(790, unit=1000), duration=3162.0)],
        {},
        "790 segments that end after the duration of their recording",
        "are start and end in milliseconds?",
    ),
    "times in ms, no duration": (
        [row(talk(790, unit=1000))],
        {},
        "790 segments of more than 600 s",
        "are start and end in milliseconds?",
    ),
    "another recording": (
        [row(talk(200), duration=400.0)],
        {},
        "100 segments that end after the duration",
        "another recording",
    ),
    "negative times": (
        [row(talk(100, begin=-100))],
        {},
        "25 segments that start before 0",
        "beginning of the audio file",
    ),
    "rates in kHz": (
        [row(HOUR) | {"audio_sample_rate": 44.1}],
        {},
        "1 recordings with an audio_sample_rate below 4000",
        "is it in kHz?",
    ),
    "bandwidths in kHz": (
        [row([segment | {"metrics": {"bandwidth": 7.5}} for segment in HOUR])],
        {},
        "900 segments with a bandwidth below 100",
        "is it in kHz?",
    ),
    "window in ms": (
        [row(HOUR), row(HOUR, duration=3600)],
        {"target_window_duration": 120000},
        "2 recordings, that is all, shorter than the shortest window of 108000 s",
        "target_window_duration = 120000 means seconds",
    ),
    "percentage as a share": (
        [row(HOUR)],
        {"overlap_percentage": 0.5},
        "overlap_percentage = 0.5 is less than 1 %",
        "for 50 % write 50",
    ),
    "least rate in kHz": ([row(HOUR)], {"min_sample_rate": 16}, "min_sample_rate = 16", "in kHz?"),
    "least bandwidth in kHz": ([row(HOUR)], {"min_bandwidth": 8}, "min_bandwidth = 8", "in kHz?"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_14_15_a_wrong_unit_is_suspected(name: str, tmp_path: Path) -> None:
    """Before: a run that succeeds with 0 windows, or with figures of another world."""
    rows, parameters, what, cause = DOUBTS[name]
    window = {key: each for key, each in parameters.items() if key != "overlap_percentage"}
    percentage = parameters.get("overlap_percentage", 50)
    stats = run(tmp_path, rows, WindowParams(**window), OverlapParams(percentage))
    said = [line for line in terminal(tmp_path).splitlines() if line.startswith("warning: ")]
    assert [line for line in said if what in line and cause in line], said
    page = render("overview", overview(stats))
    assert "This can hardly be right" in page
    assert cause in page
    if not stats["filtered_windows"]:
        assert said[-1].startswith("warning: no window was kept: ")


def test_14_15_no_advice_for_rates_in_kilohertz(tmp_path: Path) -> None:
    stats = run(tmp_path, [row(HOUR) | {"audio_sample_rate": 16}])
    (finding,) = (each for each in stats["diagnosis"] if each["loss"] == "lost_sr")
    assert "lets all of it pass" not in finding["action"]
    assert "Write it in Hz: 16000, not 16" in finding["action"]


def test_14_15_what_is_right_is_not_doubted(tmp_path: Path) -> None:
    """A duration that was rounded, a rate of telephones, unmeasured bandwidth."""
    first, second = row(HOUR, duration=3599.5), row(HOUR) | {"audio_sample_rate": 8000}
    second["segments"] = [{**segment, "metrics": {}} for segment in HOUR]
    stats = run(tmp_path, [first, second], WindowParams(min_bandwidth=0))
    assert [name for name, smell in stats["smells"].items() if smell["count"]] == [
        "repeated_recording"
    ]
    assert "warning" not in terminal(tmp_path)
    assert "hardly be right" not in render("overview", overview(stats))


@pytest.mark.parametrize(
    ("said", "first", "last", "length"),
    [
        (None, -100, 100, 200),
        (None, -300, -100, 200),
        (None, 1.7e9, 1.7e9 + 200, 200),
        (150, -100, 100, 200),
        (500, -100, 100, 500),
        (500, 0, 100, 500),
        (50, 0, 100, 100),
        (-5, 0, 100, 100),
        (None, 0, 0, 0),
        (None, 5, 3, 0),
    ],
)
def test_14_16_a_recording_counts_from_where_it_begins(
    said: float | None, first: float, last: float, length: float
) -> None:
    found = {} if said is None else {"duration": said}
    assert recording_length(found, first, last) == length


@pytest.mark.parametrize("begin", [-400, -4000, -1e12])
def test_14_16_negative_times_give_no_impossible_yield(begin: float, tmp_path: Path) -> None:
    """Before: 200 %, and 2e18 %."""
    stats = run(tmp_path, [row(talk(101, begin=begin))])
    audio = stats["audio"]
    assert stats["filtered_windows"] > 1
    assert 0.5 < audio["yield"] <= 1
    assert audio["kept_dur"] <= audio["recording_dur"] == pytest.approx(403.6)
    assert set(stats["distributions"]["recording_yield"]) <= {str(p) for p in range(0, 101, 5)}


def test_14_16_words_beyond_their_segment_give_no_impossible_yield(tmp_path: Path) -> None:
    """A window may end with such a word, after the last segment; the recording begins at 1000 s."""
    begin = 1000
    words = [{"word": "w", "start": begin + k, "end": begin + k + 1} for k in range(104, 131)]
    last = {"start": begin + 104, "end": begin + 104, "speaker": "b", "words": words, **MEASURED}
    far = last | {"end": begin + 132.5, "speaker": "a"}
    audio = run(tmp_path, [row([*talk(26, begin=begin), far, last])])["audio"]
    assert audio["kept_dur"] <= audio["recording_dur"]
    assert audio["yield"] > 0.9


def test_14_16_kept_hours_are_those_of_the_windows(tmp_path: Path) -> None:
    """Before: windows of one span counted once, so that they lasted 0.6 s on average."""
    segment = {"start": 0, "end": 120, **MEASURED}
    stats = run(tmp_path, [row([segment | {"speaker": "ab"[k % 2]} for k in range(200)])])
    audio, kept = stats["audio"], stats["filtered_windows"]
    assert kept == 199
    assert stats["filtered_dur"] == 120
    assert audio["kept_window_dur"] == 120 * kept
    assert (audio["kept_dur"], audio["yield"], audio["times_kept"]) == (120, 1, kept)
    assert f"each second {kept}.00 times" in terminal(tmp_path)
    assert windows(stats)["mean"] == 120
    removed = [each for each in stats["diagnosis"] if each["loss"] == "near_duplicates"]
    assert removed == []


odd_rows = rows(max_segments=12).flatmap(
    lambda found: st.sampled_from([0, -40, -4000, 10**6]).map(
        lambda offset: (
            found
            | {
                "segments": [
                    segment | {"start": segment["start"] + offset, "end": segment["end"] + offset}
                    for segment in found["segments"]
                ]
            }
        )
    )
)


@settings(max_examples=60)
@given(st.lists(odd_rows, min_size=1, max_size=3), window_settings(), overlap_settings())
def test_14_16_no_share_is_above_one(found: list[Json], window: Json, overlap: Json) -> None:
    with TemporaryDirectory() as folder:
        stats = run(Path(folder), found, WindowParams(**window), OverlapParams(**overlap))
        terminal(Path(folder))
    audio = stats["audio"]
    assert 0 <= audio["yield"] <= 1
    assert 0 <= audio["speech_yield"] <= 1
    assert audio["kept_dur"] <= audio["recording_dur"] * (1 + 1e-9)
    assert audio["times_kept"] == 0 or audio["times_kept"] > 1 - 1e-9
    assert all(0 <= finding["share"] <= 1 for finding in stats["diagnosis"])
    for name in ("recording_yield", "window_silence", "dominant_speaker"):
        assert all(0 <= int(edge) <= 100 for edge in stats["distributions"][name]), name
    for page in (overview, windows):
        page(stats)


def grouped_by_speaker() -> list[Json]:
    """Two who take turns of 4 s, written as files of diarizers often are: one after the other."""
    return sorted(talk(300), key=lambda segment: segment["speaker"])


def tenths(segments: list[Json]) -> set[int]:
    """Tenths of seconds that some segments cover."""
    spans = [(round(10 * each["start"]), round(10 * each["end"])) for each in segments]
    return {tick for start, end in spans for tick in range(start, end)}


def test_14_17_a_wrong_order_is_the_first_finding(tmp_path: Path) -> None:
    """Before: a line under "None of this is an error"."""
    talks = [row(talk(300)), row(grouped_by_speaker(), audio_filepath="b.wav")]
    stats = run(tmp_path, talks, WindowParams(min_speakers=1))
    first = stats["diagnosis"][0]
    assert first["loss"] == "out_of_order"
    assert first["amount"] == 1
    assert first["seconds"] == pytest.approx(300 * 3.6)
    assert first["share"] == pytest.approx(0.5)
    assert "1 segment, in 1 row with 18.0 min of speech" in first["finding"]
    assert "sort_segments = true" in first["action"]
    unheard = 0
    for window in json.loads((tmp_path / "alm_output.jsonl").read_text().splitlines()[1])[
        "filtered_windows"
    ]:
        own = tenths(window["segments"])
        begin, end = window["segments"][0]["start"], window["segments"][-1]["end"]
        span = tenths([{"start": begin, "end": end}])
        unheard += len((tenths(talk(300)) & span) - own)
    assert unheard > 6000
    assert first["finding"].endswith(f"windows of these rows that is {duration(unheard / 10)}.")
    page = render("overview", overview(stats))
    assert "Segments out of the order of time" in page
    listed = page.partition("None of this is an error")[2]
    assert stats["smells"]["out_of_order"]["meaning"] not in listed
    assert "warning: 1 segment, in 1 row" in terminal(tmp_path)


def test_14_17_the_order_of_time_is_no_finding(tmp_path: Path) -> None:
    stats = run(tmp_path, [row(talk(300))])
    assert [each for each in stats["diagnosis"] if each["loss"] == "out_of_order"] == []


GUESSES = (
    "at most",
    "lets all of it pass",
    "brings back",
    "shorter windows suit",
    "keeps at least",
)


def test_19_advice_is_what_was_tried_and_helps(tmp_path: Path) -> None:
    """Before: guesses from counters, of which half were false."""
    rows = [
        row(grouped_by_speaker(), audio_filepath="a.wav"),
        row(HOUR, audio_filepath="b.wav") | {"audio_sample_rate": 8000},
        row(talk(300), audio_filepath="c.wav"),
    ]
    stats = run(tmp_path, rows)
    page = render("overview", overview(stats))
    listed = page.partition("What to do about it")[2].partition("</section>")[0]
    shown = [each for each in stats["what_if"] if each["config"] in listed]
    assert {"min_sample_rate": 8000} in [each["parameters"] for each in shown]
    assert {"sort_segments": True} in [each["parameters"] for each in shown]
    for each in stats["what_if"]:
        gains = [
            each[name]["low"] - each[name]["before"] for name in ("kept_hours", "covered_hours")
        ]
        assert each["recommended"] == (min(gains) > 0)
        assert each["recommended"] or f">{each['config']}<" not in listed
    assert not any(guess in page for guess in GUESSES)
    for finding in stats["diagnosis"]:
        assert not any(guess in finding["finding"] + finding["action"] for guess in GUESSES)


def test_19_where_nothing_helps_nothing_is_advised(tmp_path: Path) -> None:
    page = render("overview", overview(run(tmp_path, [row([])])))
    assert "to paste" not in page
