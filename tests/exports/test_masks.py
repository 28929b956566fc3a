"""Two channels from mono: each speaker's tone on its side, and on no other."""

import io
from pathlib import Path
from typing import Any

import marks
import numpy as np
import pytest

from alm.errors import RowError
from alm.exports.cutting import cut_recording
from alm.exports.example import Kept, examples
from alm.exports.masks import FADE_SECONDS, alignments, gain, sides, two_channel_encoder
from alm.params import ClipParams

soundfile = pytest.importorskip("soundfile")

FADE = round(FADE_SECONDS * marks.RATE)


def example_of(path: Path, segments: list[dict[str, Any]]) -> Any:
    row = {"audio_filepath": str(path), "audio_sample_rate": marks.RATE}
    (example,) = examples(row, [Kept(segments, segments[-1]["end"])], 1000, "m.jsonl")
    return example


def channels(example: Any, max_overlap: float | None = None) -> Any:
    params = ClipParams()
    make = two_channel_encoder(params, max_overlap)
    ((_, result),) = cut_recording([example], params, make)
    if isinstance(result, RowError):
        return result
    content, _ = soundfile.read(io.BytesIO(result.content))
    return content


def test_18_outside_overlap_each_side_has_its_speakers_and_nobody_else(tmp_path: Path) -> None:
    segments = marks.turn_taking(30, 6, "ABA")
    path = marks.write(tmp_path / "a.wav", marks.samples(30, segments))
    found = channels(example_of(path, segments))
    assert found.shape == (30 * marks.RATE, 2)
    for segment in segments:
        inner = slice(
            round(segment["start"] * marks.RATE) + FADE, round(segment["end"] * marks.RATE) - FADE
        )
        side, other = (0, 1) if segment["speaker"] == "A" else (1, 0)
        assert marks.tone(found[inner, side], segment["speaker"]) == pytest.approx(0.2, abs=1e-3)
        assert not found[inner, other].any()


def test_18_overlap_is_on_both_sides_counted_and_limited(tmp_path: Path) -> None:
    segments = [
        {"start": 0.0, "end": 12.0, "speaker": "A"},
        {"start": 10.0, "end": 15.0, "speaker": "B"},
        {"start": 14.0, "end": 16.0, "speaker": "C"},
        {"start": 20.0, "end": 25.0, "speaker": "A"},
    ]
    example = example_of(marks.write(tmp_path / "a.wav", marks.samples(25, segments)), segments)
    assert sides(example).overlap == 2.0
    found = channels(example, max_overlap=0.08)
    both = found[round(10.5 * 16000) : round(11.5 * 16000)]
    assert marks.tone(both[:, 0], "B") == pytest.approx(0.2, abs=1e-3)
    assert marks.tone(both[:, 1], "A") == pytest.approx(0.2, abs=1e-3)
    assert not found[16 * 16000 : 20 * 16000].any(), "nobody is labelled there"
    assert not found[14 * 16000 : 16 * 16000, 0].any()
    assert marks.tone(found[14 * 16000 + FADE : 15 * 16000, 1], "C") == pytest.approx(0.2, abs=1e-2)
    refused = channels(example, max_overlap=0.079)
    assert refused.reason == "too_much_overlap"


def test_18_fades_lie_within_what_is_heard() -> None:
    found = gain([(10, 20), (30, 31)], 0, 40, 4)
    assert list(np.nonzero(found)[0]) == [*range(10, 20), 30]
    assert list(found[10:20]) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 0.8, 0.6, 0.4, 0.2])
    parts = np.concatenate([gain([(10, 20), (30, 31)], a, 8, 4) for a in range(0, 40, 8)])
    assert np.array_equal(parts, found)


def test_18_the_words_of_the_main_speaker_are_sorted(tmp_path: Path) -> None:
    segments = [
        {
            "start": 0.0,
            "end": 5.0,
            "speaker": "A",
            "words": [{"word": "late", "start": 3, "end": 4}],
        },
        {"start": 1.0, "end": 2.0, "speaker": "B", "words": [{"word": "no", "start": 1, "end": 2}]},
        {
            "start": 2.0,
            "end": 6.0,
            "speaker": "A",
            "words": [
                {"word": "early", "start": 2, "end": 2.5},
                {"word": "20", "start": None, "end": None},
                {"word": "none", "start": 5, "end": 5},
            ],
        },
    ]
    example = example_of(tmp_path / "none.wav", segments)
    assert alignments(example, "A") == [
        ["early", [2.0, 2.5], "SPEAKER_MAIN"],
        ["late", [3.0, 4.0], "SPEAKER_MAIN"],
    ]
