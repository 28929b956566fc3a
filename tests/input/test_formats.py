"""Rows from files that others write: those that data/formats/make.py has made, and odd ones."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from alm.errors import RowError
from alm.input import read_lines, whole_file
from alm.input.formats import FORMATS
from alm.input.grouping import group, read_group
from alm.input.recognize import recognize

DATA = ROOT / "tests" / "data" / "formats"
Rows = list[dict[str, Any]]


def rows(kind: str, *paths: Path) -> Rows:
    """The rows of a source."""
    documents = [(str(path), read_lines(whole_file(str(path)))) for path in paths]
    output = io.BytesIO()
    group(kind, documents, paths[0].parent, output)
    groups = (read_group(line, "groups") for line in output.getvalue().splitlines())
    return [FORMATS[kind].recording(each.recording, each.entries) for each in groups]


def written(tmp_path: Path, kind: str, files: Mapping[str, str]) -> Rows:
    """The rows of files with these names and contents."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return rows(kind, *(tmp_path / name for name in files))


def row(name: str, source: dict[str, Any], *segments: dict[str, Any], **fields: Any) -> Any:
    return (
        {"audio_filepath": name, "recording_id": name, "source": source}
        | fields
        | {"segments": list(segments)}
    )


def turn(start: float, end: float, speaker: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"start": start, "end": end} | ({"speaker": speaker} if speaker else {}) | fields


def word(text: str, start: float, end: float) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end}


TURNS_1 = [turn(0.1, 0.3, "A"), turn(1.25, 2.75, "A"), turn(2.5, 6.0, "B")]
TURNS_2 = [turn(0.0, 4.0, "A"), turn(4.0, 5.5, "C")]
TEXTS_1 = [{"text": "well hello"}, {"text": "hello there"}, {"text": "good morning to you"}]
TEXTS_2 = [{"text": "who is it"}, {"text": "me"}]
SPOKEN_1 = [turn | text for turn, text in zip(TURNS_1, TEXTS_1, strict=True)]
SPOKEN_2 = [turn | text for turn, text in zip(TURNS_2, TEXTS_2, strict=True)]
WORDS_1 = [
    [word("well", 0.1, 0.2), word("hello", 0.2, 0.3)],
    [word("hello", 1.25, 2.0), word("there", 2.0, 2.75)],
    [
        word("good", 2.5, 3.375),
        word("morning", 3.375, 4.25),
        word("to", 4.25, 5.125),
        word("you", 5.125, 6.0),
    ],
]
WORDS_2 = [
    [word("who", 0.0, 1.333), word("is", 1.333, 2.666), word("it", 2.667, 4.0)],
    [word("me", 4.0, 5.5)],
]


def with_words(turns: Rows, words: list[Rows]) -> Rows:
    return [turn | {"words": own} for turn, own in zip(turns, words, strict=True)]


def test_rttm() -> None:
    path = DATA / "corpus.rttm"
    source = {"format": "rttm", "path": str(path)}
    assert rows("rttm", path) == [row("call_1", source, *TURNS_1), row("call_2", source, *TURNS_2)]


def test_rttm_with_the_words_of_a_ctm_file() -> None:
    path = DATA / "corpus.rttm"
    source = {"format": "rttm", "path": str(path)}
    assert rows("rttm", path, DATA / "corpus.ctm") == [
        row("call_1", source, *with_words(SPOKEN_1, WORDS_1)),
        row("call_2", source, *with_words(SPOKEN_2, WORDS_2)),
    ]


def test_odd_rttm(tmp_path: Path) -> None:
    """Comments, other types of line, no speaker, no duration, two channels, 0.1 + 0.2."""
    lines = [
        ";; a comment",
        "SPKR-INFO a 1 <NA> <NA> <NA> unknown spk <NA> <NA>",
        "SPEAKER a 2 3 1 <NA> <NA> <NA> <NA> <NA>",
        "",
        "SPEAKER b 1 0 1 <NA> <NA> x <NA> <NA>",
        "SPEAKER a 1 0.1 0.2 <NA> <NA> spk <NA> <NA>",
        "SPEAKER a 1 5 0 <NA> <NA> spk <NA> <NA>",
    ]
    path = str(tmp_path / "odd.rttm")
    found = written(tmp_path, "rttm", {"odd.rttm": "\r\n".join(lines)})
    assert found == [
        row(
            "a",
            {"format": "rttm", "path": path, "empty_segments": 1},
            turn(0.1, 0.3, "spk", channel="1"),
            turn(3.0, 4.0, channel="2"),
        ),
        row("b", {"format": "rttm", "path": path}, turn(0.0, 1.0, "x")),
    ]


def test_words_in_no_turn_are_counted_and_those_of_unknown_recordings_left(tmp_path: Path) -> None:
    files = {
        "a.rttm": "SPEAKER a 1 0 2 <NA> <NA> x <NA> <NA>\nSPEAKER a 1 1 2 <NA> <NA> y <NA> <NA>\n",
        "a.ctm": "a 1 1.8 0.4 late\na 1 9 1 lost\nb 1 0 1 stranger\na 1 0 0.5 early\n",
    }
    (only,) = written(tmp_path, "rttm", files)
    assert only["source"]["words_outside"] == 1
    assert [segment["text"] for segment in only["segments"]] == ["early", "late"]


@pytest.mark.parametrize(
    ("line", "reason", "says"),
    [
        ("SPEAKER a 1 0 -1 <NA> <NA> x <NA> <NA>", "negative_duration", "ends at -1 s, before"),
        ("SPEAKER a 1 0 one <NA> <NA> x <NA> <NA>", "wrong_type", "the duration is 'one'"),
        ("SPEAKER a 1 nan 1 <NA> <NA> x <NA> <NA>", "not_finite", "the start is nan"),
        ("SPEAKER a 1 0", "invalid_line", "is no line of an RTTM file"),
        ("TALKER a 1 0 1 <NA> <NA> x <NA> <NA>", "invalid_line", "Correct or remove it"),
    ],
)
def test_a_broken_rttm_line_is_named(tmp_path: Path, line: str, reason: str, says: str) -> None:
    content = f"SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>\n{line}\n"
    with pytest.raises(RowError, match=says) as raised:
        written(tmp_path, "rttm", {"a.rttm": content})
    assert raised.value.reason == reason
    assert raised.value.detail.startswith(f"{tmp_path}/a.rttm, line 2: ")


def test_whisperx_is_cut_where_the_speaker_changes() -> None:
    path = DATA / "whisperx.json"

    def scored(*args: Any) -> dict[str, Any]:
        return word(*args) | {"score": 0.9}

    assert rows("whisperx", path) == [
        row(
            "whisperx",
            {"format": "whisperx", "path": str(path)},
            turn(0.1, 0.4, "SPEAKER_00", text="well 23")
            | {"words": [scored("well", 0.1, 0.4), {"word": "23"}]},
            turn(2.5, 3.6, "SPEAKER_01", text="good morning.")
            | {"words": [scored("good", 2.5, 3.0), scored("morning.", 3.0, 3.6)]},
            turn(4.0, 4.9, text="who knows?")
            | {"words": [scored("who", 4.0, 4.2), scored("knows?", 4.2, 4.9)]},
            language="en",
        )
    ]


def test_whisperx_without_times_of_words_or_spaces(tmp_path: Path) -> None:
    """A speaker none of whose words has a time gets no segment; letters are joined as they were."""
    untimed = [
        {"word": "12", "speaker": "A"},
        {"word": "yes", "speaker": "B", "start": 1.0, "end": 1.5},
        {"word": "7", "speaker": "A"},
    ]
    letters = [
        {"word": "你", "start": 2.0, "end": 2.5, "speaker": "A"},
        {"word": "好", "start": 2.5, "end": 3.0, "speaker": "B"},
    ]
    segments = [
        {"start": 0.5, "end": 1.9, "text": "12 yes 7", "words": untimed},
        {"start": 2.0, "end": 3.0, "text": "你好", "words": letters},
        {"start": 3.0, "end": 3.0, "text": ""},
    ]
    (only,) = written(tmp_path, "whisperx", {"a.json": json.dumps({"segments": segments})})
    assert [(each["speaker"], each["text"]) for each in only["segments"]] == [
        ("B", "12 yes 7"),
        ("A", "你"),
        ("B", "好"),
    ]
    assert only["source"]["empty_segments"] == 1


def test_pyannote() -> None:
    path = DATA / "pyannote.json"
    turns = [each | {"speaker": f"SPEAKER_{k:02}"} for k, each in enumerate(TURNS_1)]
    assert rows("pyannote", path) == [
        row("pyannote", {"format": "pyannote", "path": str(path)}, *turns)
    ]


def test_curator_before_and_after_its_last_stage() -> None:
    path = DATA / "curator.jsonl"
    tagged, final = rows("curator", path)
    raw = json.loads(path.read_text().splitlines()[0])
    assert tagged == raw | {
        "recording_id": "call_1",
        "source": {"format": "curator", "path": str(path)},
    }
    assert final["source"] == {
        "format": "curator",
        "path": str(path),
        "segments_of_several": 1,
    }
    assert [(each.get("speaker"), each.get("speakers")) for each in final["segments"]] == [
        ("A", None),
        (None, ["A", "B"]),
        ("B", None),
    ]
    assert [each["metrics"] for each in final["segments"]] == [
        {"bandwidth": 7968},
        {"bandwidth": 7968},
        {},
    ]


def test_lhotse_supervisions_with_their_recordings() -> None:
    path = DATA / "lhotse_supervisions.jsonl.gz"
    source = {"format": "lhotse", "path": str(path)}
    known = {"audio_sample_rate": 16000, "duration": 10.0}
    expected = [
        row(name, source, *({**each, "language": "English"} for each in segments), **known)
        | {"audio_filepath": f"audio/{name}.flac"}
        for name, segments in (
            ("call_1", with_words(SPOKEN_1, WORDS_1)),
            ("call_2", with_words(SPOKEN_2, WORDS_2)),
        )
    ]
    assert rows("lhotse", path, DATA / "lhotse_recordings.jsonl.gz") == expected
    cuts = rows("lhotse", DATA / "cuts.jsonl.gz")  # of 3 s: one supervision lies in two of them
    assert [each | {"source": source} for each in cuts] == expected


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_words_of_a_cut_are_its_own_or_those_of_the_recording(tmp_path: Path, shift: float) -> None:
    supervision = {"id": "a", "recording_id": "r", "start": 0.5, "duration": 1.0, "channel": 0}
    supervision["alignment"] = {"word": [["hey", 0.5 + shift, 0.5, None]]}
    cut = {"id": "c", "start": 3.0, "duration": 5.0, "supervisions": [supervision]}
    (only,) = written(tmp_path, "lhotse", {"cuts.jsonl": json.dumps(cut)})
    assert only["segments"] == [turn(3.5, 4.5, words=[word("hey", 3.5, 4.0)])]


def test_a_mixed_cut_is_refused(tmp_path: Path) -> None:
    cut = {"id": "c", "type": "MixedCut", "supervisions": [{"recording_id": "r"}]}
    with pytest.raises(RowError, match=r"cuts\.jsonl, line 1: a MixedCut is no stretch of one"):
        written(tmp_path, "lhotse", {"cuts.jsonl": json.dumps(cut)})


def test_seglst() -> None:
    path = DATA / "seglst.json"
    source = {"format": "seglst", "path": str(path)}
    expected = [row("call_1", source, *SPOKEN_1), row("call_2", source, *SPOKEN_2)]
    assert rows("seglst", path) == expected


def test_seglst_with_times_as_text_and_a_line_each(tmp_path: Path) -> None:
    item = {"session_id": "a", "start_time": "0.1", "end_time": "2.5", "words": "hi"}
    (only,) = written(tmp_path, "seglst", {"a.jsonl": json.dumps(item)})
    assert only["segments"] == [turn(0.1, 2.5, text="hi")]
    with pytest.raises(RowError, match=r"a\.jsonl, line 1: there is no end_time"):
        written(tmp_path, "seglst", {"a.jsonl": json.dumps(item | {"end_time": None})})


def test_stm(tmp_path: Path) -> None:
    path = DATA / "corpus.stm"
    source = {"format": "stm", "path": str(path)}
    expected = [row("call_1", source, *SPOKEN_1), row("call_2", source, *SPOKEN_2)]
    assert rows("stm", path) == expected
    odd = ";; comment\na A inter_segment_gap 0 1\na A x 1 2 <o,f0,male> hello <b> you\na B y 2 3\n"
    (only,) = written(tmp_path, "stm", {"a.stm": odd})
    assert only["segments"] == [
        turn(1.0, 2.0, "x", text="hello <b> you", channel="A"),
        turn(2.0, 3.0, "y", channel="B"),
    ]


def test_kaldi(tmp_path: Path) -> None:
    tables = [DATA / "kaldi" / name for name in ("segments", "reco2dur", "text", "utt2spk")]
    source = {"format": "kaldi", "path": str(tables[0])}
    assert rows("kaldi", *tables, DATA / "kaldi" / "wav.scp") == [
        row("call_1", source, *SPOKEN_1, duration=10.0) | {"audio_filepath": "audio/call_1.wav"},
        row("call_2", source, *SPOKEN_2, duration=10.0),
    ]
    whole = {"segments": "u\tr 0.5 -1\n", "reco2dur": "r 3.5\n"}
    (only,) = written(tmp_path, "kaldi", whole)
    assert only["segments"] == [turn(0.5, 3.5)]
    with pytest.raises(
        RowError, match="segments, line 1: it ends with its recording; add reco2dur"
    ):
        written(tmp_path, "kaldi", {"segments": "u r 0.5 -1\n"})


@pytest.mark.parametrize(
    ("kind", "name", "content", "shown"),
    [
        ("rttm", "a.rttm", b"SPEAKER\n", ("line 1", "SPEAKER")),
        ("rttm", "a.rttm", b"\xff\xfe x y\n", ("line 1", "\ufffd\ufffd x y")),
        ("whisperx", "a.json", b'{"segments": [\n', ("line 1", '{"segments": [')),
        ("pyannote", "a.json", b"[]", ("the document", "[]")),
        ("lhotse", "a.jsonl", b'{"id": 1}\n', ("line 1", '{"id": 1}')),
        ("seglst", "a.json", b'[{"words": ""}]', ("item 1", '{"words":""}')),
        ("seglst", "a.json", b'[{"words": ""}', ("line 1", '[{"words": ""}')),
        ("curator", "a.jsonl", b"{}\n{,\n", ("line 2", "{,")),
    ],
)
def test_what_names_no_recording_is_kept_apart(
    tmp_path: Path, kind: str, name: str, content: bytes, shown: tuple[str, str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    entries = FORMATS[kind].entries([(str(path), read_lines(whole_file(str(path))))])
    assert [(each.where, each.text) for each in entries if not each.recording] == [shown]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("corpus.rttm", "rttm"),
        ("corpus.ctm", None),
        ("corpus.stm", "stm"),
        ("seglst.json", "seglst"),
        ("whisperx.json", "whisperx"),
        ("pyannote.json", "pyannote"),
        ("curator.jsonl", "curator"),
        ("kaldi/segments", "kaldi"),
    ],
)
def test_recognize(name: str, kind: str | None) -> None:
    assert recognize(name, (DATA / name).read_bytes()) == kind


@pytest.mark.parametrize("content", ["", "once upon a time", ";; only a comment"])
def test_a_name_tells_where_the_beginning_does_not(content: str) -> None:
    """Its lines are refused one by one, instead of all that is there with it."""
    assert recognize("a.rttm", content.encode()) == "rttm"
    assert recognize("a.stm.gz", content.encode()) == "stm"
    assert recognize("a.rttm", b'{"segments": []}') is None


@pytest.mark.parametrize("name", ["lhotse_supervisions", "lhotse_recordings", "cuts"])
def test_recognize_lhotse(name: str) -> None:
    lines = read_lines(whole_file(str(DATA / f"{name}.jsonl.gz")))
    assert recognize(name, next(iter(lines)).raw) == "lhotse"


@pytest.mark.parametrize(
    "text",
    [
        '{"audio_filepath": "a.wav", "audio_sample_rate": 16000, "segments": [], "alignment": []}',
        '{"audio_filepath": "a.wav", "segments": [], "language": "en"}',
        '{"segments": []}',
        "[1]",
        "{",
        "",
        "once upon a time there was",
    ],
)
def test_what_may_be_a_manifest_of_ours_is_taken_for_none_else(text: str) -> None:
    assert recognize("a.jsonl", text.encode()) is None
