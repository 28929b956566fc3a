"""What a row lacks comes from its audio, if it can."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

from alm.audio import AudioFiles, AudioOptions, complete  # noqa: E402
from alm.audio.files import list_files  # noqa: E402
from alm.errors import ManifestError, ParameterError, RowError  # noqa: E402

RATE = 8000


def tone(path: Path, seconds: float = 4) -> Path:
    """A tone of 1000 Hz, in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(int(seconds * RATE)) / RATE
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 1000 * times), RATE)
    return path


def row(*segments: dict[str, Any], **fields: Any) -> dict[str, Any]:
    spans = segments or ({"start": 0.0, "end": 1.0}, {"start": 1.0, "end": 3.0})
    return {"audio_filepath": "a", "recording_id": "a", "segments": list(spans)} | fields


def completed(row: dict[str, Any], root: Path | None, **options: Any) -> dict[str, Any]:
    complete(row, list_files(str(root) if root else None, None), AudioOptions(**options))
    return row


TONE = 1250
"""The bandwidth of the tone, more or less: it spreads, and at the ends of a segment breaks off."""


def bandwidths(row: dict[str, Any]) -> list[Any]:
    """Those of the segments, the tone's rounded."""
    found = [segment.get("metrics", {}).get("bandwidth") for segment in row["segments"]]
    return [TONE if value and 1000 < value < 1500 else value for value in found]


def test_rate_duration_channels_and_bandwidths_are_filled_in(tmp_path: Path) -> None:
    path = tone(tmp_path / "deep" / "a.flac")
    done = completed(row(), tmp_path)
    assert done["audio_filepath"] == str(path)
    assert (done["audio_sample_rate"], done["duration"], done["channels"]) == (RATE, 4.0, 1)
    assert bandwidths(done) == [TONE, TONE]


def test_gaps_and_what_nobody_transcribed_are_not_measured(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    spans = [
        {"start": 0.0, "end": 1.0, "speaker": "no-speaker"},
        {"start": 1.0, "end": 2.0, "text": " "},
        {"start": 2.0, "end": 3.0, "text": "hm", "metrics": {"bandwidth": 7}},
        {"start": 3.0, "end": 4.0, "text": "hm", "metrics": {"pesq": 1}},
    ]
    assert bandwidths(completed(row(*spans), tmp_path)) == [None, None, 7, TONE]
    measured = completed(row(*spans), tmp_path, bandwidth="measure")
    assert bandwidths(measured) == [None, None, TONE, TONE]
    assert measured["segments"][3]["metrics"]["pesq"] == 1
    given = completed(row({"start": 0.0, "end": 1.0}), tmp_path, bandwidth="given")
    assert bandwidths(given) == [None]
    assert given["audio_sample_rate"] == RATE


def test_numbers_do_without_audio() -> None:
    done = completed(row(audio_sample_rate=1), None, bandwidth=8000, sample_rate=16000)
    assert bandwidths(done) == [8000, 8000]
    assert done["audio_sample_rate"] == 16000


def test_what_a_row_says_is_kept_and_its_own_path_comes_first(tmp_path: Path) -> None:
    tone(tmp_path / "own" / "b.wav", seconds=5)
    tone(tmp_path / "a.wav")
    known = row(audio_filepath="own/b.wav", audio_sample_rate=1, duration=9, channels=3)
    done = completed(known, tmp_path)
    assert (done["audio_filepath"], done["audio_sample_rate"]) == ("own/b.wav", 1)
    assert (done["duration"], done["channels"]) == (9, 3)
    resampled = row(audio_filepath="a.wav", resampled_audio_filepath="own/b.wav")
    assert completed(resampled, tmp_path)["duration"] == 5.0


def test_audio_that_is_missing_broken_or_too_short(tmp_path: Path) -> None:
    def reason(segment: dict[str, Any], **options: Any) -> tuple[str, str]:
        with pytest.raises(RowError) as raised:
            completed(row(segment), tmp_path, **options)
        return raised.value.reason, raised.value.detail

    short = {"start": 0.0, "end": 1.0}
    assert reason(short)[0] == "audio_missing"
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    name, says = reason(short)
    assert name == "audio_unreadable"
    assert says.startswith(f"{tmp_path}/a.wav: ")
    tone(tmp_path / "a.wav")
    name, says = reason({"start": 0.0, "end": 5.5})
    assert name == "audio_too_short"
    assert "a.wav lasts 4 s, and segments reach to 5.5 s" in says
    assert bandwidths(completed(row({"start": 3.0, "end": 4.9}), tmp_path)) == [TONE]
    whole = tone(tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.wav").unlink()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    assert reason({"start": 0.0, "end": 4.0})[0] == "audio_unreadable"
    (tmp_path / "b.wav").write_bytes(b"")
    kept = completed(row(audio_filepath="b.wav"), tmp_path, missing="keep")
    assert bandwidths(kept) == [None, None]


def test_two_files_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    tone(tmp_path / "x" / "a.wav")
    tone(tmp_path / "y" / "a.flac")
    with pytest.raises(RowError, match=r"x/a\.wav and .*y/a\.flac may both be the audio of a;"):
        completed(row(), tmp_path)
    done = completed(row(recording_id="y/a"), tmp_path)
    assert done["audio_filepath"] == f"{tmp_path}/y/a.flac"


def test_a_pattern_or_a_table_says_where_a_recording_is(tmp_path: Path) -> None:
    tone(tmp_path / "a" / "mix.wav")
    by_pattern = row()
    complete(by_pattern, list_files(str(tmp_path), "{id}/mix.wav"), AudioOptions())
    assert by_pattern["audio_filepath"] == f"{tmp_path}/a/mix.wav"
    table = tmp_path / "table.csv"
    table.write_text("a,a/mix.wav\nb, b/mix.wav\n\n")
    files = list_files(str(tmp_path), str(table))
    assert files.find("a") == f"{tmp_path}/a/mix.wav"
    assert files.find("c") is None
    table.write_text("a\n")
    with pytest.raises(ParameterError, match=r"table\.csv, line 1: 'a' is no id and path"):
        list_files(str(tmp_path), str(table))
    with pytest.raises(ManifestError, match="nowhere' is no directory"):
        list_files(f"{tmp_path}/nowhere", None)


@pytest.mark.parametrize("recording", ["a.b", "a.b.wav", "set/a.b"])
def test_ids_may_have_dots_folders_and_endings(recording: str) -> None:
    assert AudioFiles("r", None, {"a.b": ["r/a.b.wav"]}).find(recording) == "r/a.b.wav"
