"""A window as a training example: what is heard in it, and nothing else."""

from typing import Any

from alm.exports.example import Kept, cut_short, examples, from_anywhere, located, recording_id

PAIR = ("/data/88516/音声.wav", "/data/96200/音声.wav")


def segment(start: float, end: float, speaker: Any = "A", **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "speaker": speaker, **more}


def words(*spans: tuple[str, float | None, float | None]) -> list[dict[str, Any]]:
    return [{"word": word, "start": start, "end": end} for word, start, end in spans]


def examples_of(*windows: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    row = {"audio_filepath": "/data/a.b/call 7.v2.wav", "audio_sample_rate": 16000}
    kept = [Kept(segments, fields.pop("end", segments[-1]["end"])) for segments in windows]
    return examples(row | fields, kept, 3600, "m.jsonl")


def test_segments_are_cut_to_the_window_and_those_of_no_length_left_out() -> None:
    (example,) = examples_of(
        [
            segment(10, 20, text="one"),
            segment(12, 95, "B", text="two three", words=words(("two", 12, 13), ("three", 85, 95))),
            segment(80, 90, "A", text="four"),
            segment(90, 90, "C", text=""),
        ]
    )
    assert (example["start"], example["end"], example["duration"]) == (10, 90, 80)
    assert [(s["start"], s["end"], s["speaker"], s["text"]) for s in example["segments"]] == [
        (0, 10, "A", "one"),
        (2, 80, "B", "two"),
        (70, 80, "A", "four"),
    ]
    assert example["segments"][1]["words"] == [{"word": "two", "start": 2, "end": 3}]
    assert example["text"] == "one two four"
    assert example["speakers"] == ["A", "B"]


def test_a_segment_from_before_the_window_begins_with_it() -> None:
    late = segment(5, 20, "B", text="x y", words=words(("x", 5, 6), ("y", 11, 12)))
    (example,) = examples_of([segment(10, 30), late, segment(30, 40)])
    assert example["segments"][0]["start"] == 0
    assert [s["text"] for s in example["segments"] if s["speaker"] == "B"] == ["y"]


def test_a_word_without_times_stays_where_its_neighbours_do() -> None:
    spoken = words(
        ("20", None, None), ("is", 10, 11), ("7", None, None), ("no", 41, 42), ("9", None, None)
    )
    (example,) = examples_of([segment(10, 50, text="all", words=spoken), segment(30, 40, "B")])
    first = example["segments"][0]
    assert first["text"] == "20 is 7"
    assert first["words"][2] == {"word": "7", "start": None, "end": None}


def test_turns_are_runs_of_a_speaker_and_nobody_parts_none() -> None:
    (example,) = examples_of(
        [
            segment(0, 5, text="a"),
            segment(5, 6, None, text="?"),
            segment(6, 9, text="b"),
            segment(9, 12, "B", text="c"),
        ]
    )
    assert [(t["speaker"], t["start"], t["end"], t["text"]) for t in example["turns"]] == [
        ("A", 0, 9, "a b"),
        ("B", 9, 12, "c"),
    ]
    assert example["text"] == "a ? b c"


def test_of_equal_windows_there_is_one_and_ids_tell_the_others_apart() -> None:
    found = examples_of(
        [segment(10.5, 90)], [segment(10.5, 50), segment(60, 90)], [segment(10.5, 90.000004)]
    )
    ids = [example["id"] for example in found]
    name = recording_id("/data/a.b/call 7.v2.wav")
    assert ids == [f"{name}-10_500-90_000", f"{name}-10_500-90_000004"]
    assert not set("./ ") & set("".join(ids))
    assert name.startswith("call_7_v2-")
    assert recording_id("/other/call 7.v2.wav") != name


def test_what_no_stage_looks_at_may_be_malformed() -> None:
    odd = [5, {"word": None}, {"word": " "}, {"word": "ok", "start": "0", "end": 1}]
    (example,) = examples_of(
        [segment(0, 9, text=5, words=odd), segment(9, 12, words=None)], language=7
    )
    assert example["segments"][0]["words"] == [{"word": "ok", "start": None, "end": None}]
    assert example["text"] == ""
    assert "language" not in example


def test_18_recordings_of_one_name_are_apart_in_a_large_corpus() -> None:
    """Hashes of 4 bytes were one for these two: among 100,000 there is about one such pair."""
    assert recording_id(PAIR[0]) != recording_id(PAIR[1])


def test_18_what_utf_8_cannot_hold_and_words_of_no_length_reach_no_trainer() -> None:
    spoken = words(("half \ud800", 1, 2), ("now", 2, 2), ("end", 2, 3))
    (example,) = examples_of(
        [segment(0, 9, "S\udc80", text="a \ud800", words=spoken), segment(9, 12, "会", text="议")],
        language="\ud800",
    )
    assert [segment["text"] for segment in example["segments"]] == ["a ?", "议"]
    assert (example["speakers"], example["language"]) == (["S?", "会"], "?")
    assert example["segments"][0]["words"] == words(
        ("half ?", 1, 2), ("now", None, None), ("end", 2, 3)
    )


def test_the_segment_that_ends_a_window_is_cut_where_the_window_ends() -> None:
    spoken = words(("in", 30, 31), ("cut", 39, 40), ("out", 41, 42))
    (example,) = examples_of(
        [segment(10, 30, text="a"), segment(30, 60, "B", text="in cut out", words=spoken)], end=40
    )
    last = example["segments"][-1]
    assert (last["start"], last["end"], last["text"]) == (20, 30, "in cut")


def test_where_audio_ends_some_samples_early_nothing_that_is_said_is_lost() -> None:
    spoken = words(("a", 10, 19.99), ("b", 19.99, 20))
    (example,) = examples_of([segment(10, 20, text="a b", words=spoken), segment(19.999, 20, "B")])
    short = cut_short(example, 9.9987654321)
    assert short["duration"] == 9.998765
    assert [(s["start"], s["end"], s["text"]) for s in short["segments"]] == [(0, 9.998765, "a b")]
    assert short["segments"][0]["words"][1] == {"word": "b", "start": 9.99, "end": 9.998765}
    assert short["text"] == "a b"


def test_audio_is_named_so_that_a_loader_finds_it_from_any_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_anywhere({"audio_filepath": "a/b.wav"}) == str(tmp_path / "a/b.wav")
    assert from_anywhere({"audio_filepath": "s3://bucket/b.wav"}) == "s3://bucket/b.wav"
    assert located("a/b.wav", None) == "a/b.wav"
    assert located("b.wav", "data/") == "data/b.wav"
    assert located("data/b.wav", "data/") == "data/b.wav", "found there by its id"
    assert located("/x/b.wav", "/data") == "/x/b.wav"
    assert located("b.wav", "s3://bucket/a/") == "s3://bucket/a/b.wav"
    assert located("s3://bucket/b.wav", "/data") == "s3://bucket/b.wav"
