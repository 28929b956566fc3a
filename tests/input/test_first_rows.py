"""Files of other formats are named before a run is planned; a few bad rows are none of them."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import RunWorkflow

from alm.cli import main
from alm.errors import ManifestError
from alm.input import discover
from alm.input.first_rows import check_first_rows

Json = dict[str, Any]
SEGMENTS = [{"start": k, "end": k + 1, "speaker": "ab"[k % 2]} for k in range(4)]
GOOD: Json = {"audio_filepath": "a.wav", "audio_sample_rate": 16000, "segments": SEGMENTS}
ASR = {"audio_filepath": "a.wav", "duration": 2.5, "text": "hello"}
CUT = {
    "id": "a-0",
    "start": 0,
    "duration": 9.5,
    "channel": 0,
    "type": "MonoCut",
    "supervisions": [{"id": "s", "recording_id": "a", "start": 0, "duration": 1, "speaker": "x"}],
    "recording": {"id": "a", "sources": [], "sampling_rate": 16000, "num_samples": 1},
}


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def without(name: str) -> Json:
    return {field: value for field, value in GOOD.items() if field != name}


def with_segments(**more: Any) -> Json:
    return GOOD | {"segments": [segment | more for segment in SEGMENTS]}


OTHERS: dict[str, tuple[bytes, list[str]]] = {
    "RTTM": (
        b"SPEAKER a 1 0.00 1.50 <NA> <NA> spk0 <NA> <NA>\n" * 30,
        ["invalid_json", "none of the 30 rows", "seems to be RTTM", "input_format=rttm"],
    ),
    "CSV": (b"file,start,end,speaker\na.wav,0.0,1.5,spk0\n", ["seems to be CSV", "segments"]),
    "TSV": (b"file\tstart\tend\na.wav\t0.0\t1.5\n", ["seems to be TSV", "segments"]),
    "ASR": (
        lines(ASR, ASR),
        ["has no audio_sample_rate and no segments [missing_field]", "ASR manifest", "diarize"],
    ),
    "cuts": (lines(CUT), ["no segments", "lhotse's supervisions or cuts", "input_format=lhotse"]),
    "supervisions": (lines(*CUT["supervisions"]), ["lhotse's supervisions or cuts"]),
    "array": (lines([GOOD, GOOD]), ["not_an_object", "one JSON array", "jq -c '.[]'"]),
    "pretty array": (json.dumps([GOOD], indent=2).encode(), ["one JSON array", "jq -c '.[]'"]),
    "pretty object": (json.dumps(GOOD, indent=2).encode(), ["over several lines", "jq -c ."]),
    "integer speakers": (
        lines(*[with_segments(speaker=1)] * 3),
        ["segments[0].speaker is a number; it must be text", "|= tostring"],
    ),
    "no rate": (lines(without("audio_sample_rate")), ["no audio_sample_rate", "in Hz"]),
    "another name": (
        lines(without("audio_sample_rate") | {"sampling_rate": 16000}),
        ["no audio_sample_rate", "Rename sampling_rate"],
    ),
    "no segments": (lines(without("segments")), ["has no segments", "docs/input.md"]),
    "bandwidths": (
        lines(with_segments(metrics={"bandwidth": [8000, 7000]})),
        ["bandwidth is an array", "|= min"],
    ),
    "times as text": (lines(with_segments(start="0.5")), ["segments[0]: start is text"]),
    "other times": (
        lines(GOOD | {"segments": [{"start_time": 0, "end_time": 1}]}),
        ["segments[0] has no start", "these have start_time"],
    ),
    "WhisperX": (
        lines({"segments": SEGMENTS, "word_segments": []}),
        ["WhisperX's JSON", "docs/formats.md"],
    ),
    "UTF-16": (lines(GOOD).decode().encode("utf-16"), ["invalid_utf8", "UTF-16", "iconv"]),
    "gzip": (gzip.compress(lines(GOOD)), ["gzip", "must end in .gz"]),
}


def plain(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def compressed(path: Path, content: bytes) -> Path:
    path = path.with_name(f"{path.name}.gz")
    path.write_bytes(gzip.compress(content))
    return path


@pytest.mark.parametrize("write", [plain, compressed])
@pytest.mark.parametrize("name", OTHERS)
def test_14_14_another_format_is_named_before_planning(
    name: str, write: Callable[[Path, bytes], Path], tmp_path: Path
) -> None:
    content, said = OTHERS[name]
    path = write(tmp_path / "m.jsonl", content)
    with pytest.raises(ManifestError) as refused:
        check_first_rows(discover(str(path)))
    message = str(refused.value)
    assert message.startswith(f"'{path}', line 1, is no row of a manifest: ")
    assert [part for part in said if part not in message] == []
    assert message.count("\n") == 1


@pytest.mark.parametrize("bad", [content for content, _ in OTHERS.values()], ids=OTHERS)
def test_14_14_a_good_row_anywhere_is_enough(bad: bytes, tmp_path: Path) -> None:
    """Such files go on as before, and their bad rows to the quarantine."""
    if not bad.endswith(b"\n"):
        bad += b"\n"
    check_first_rows(discover(str(plain(tmp_path / "m.jsonl", bad * 40 + lines(GOOD)))))
    (tmp_path / "m.jsonl").write_bytes(bad)
    for number in range(40):
        plain(tmp_path / f"{number}.jsonl", bad)
    plain(tmp_path / "5.jsonl", lines(*[GOOD] * 400))
    check_first_rows(discover(str(tmp_path)))


def test_14_14_only_a_few_rows_are_read(tmp_path: Path) -> None:
    """In a large file they are from several places, where good rows may follow bad ones."""
    half = b"{}\n" * 1_500_000
    path = plain(tmp_path / "m.jsonl", half)
    with pytest.raises(ManifestError, match=r"none of the 849,\d+ rows"):
        check_first_rows(discover(str(path)))
    plain(path, half + lines(GOOD) * 20_000)
    check_first_rows(discover(str(path)))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x1f\x8b damaged"])
def test_14_14_what_cannot_be_read_is_for_the_jobs_to_say(content: bytes, tmp_path: Path) -> None:
    check_first_rows(discover(str(plain(tmp_path / "m.jsonl.gz", content))))
    check_first_rows(discover(str(compressed(tmp_path / "n.jsonl", b"\n"))))


def test_14_14_the_command_stops_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before: exit code 0, with all rows in the quarantine."""
    source = plain(tmp_path / "m.rttm", OTHERS["RTTM"][0])
    paths = [str(source), str(tmp_path / "out"), "--quarantine", str(tmp_path / "bad")]
    assert main(["curate", *paths]) == 2
    assert "seems to be RTTM" in capsys.readouterr().err
    assert not (tmp_path / "bad").exists()


@pytest.mark.workflow
def test_14_14_a_run_says_it_in_two_lines_or_ends_with_the_first_bad_row(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    """Before: after all jobs, with the cause on line 127 of 146."""
    source = plain(tmp_path / "m.jsonl", OTHERS["ASR"][0])
    for arguments in ((), ("--dry-run",)):
        run = run_workflow(*arguments, manifest_path=str(source), check=False)
        assert run.returncode != 0
        assert "seems to be an ASR manifest" in run.terminal
        assert len(run.terminal.splitlines()) < 10
        assert not run.output.exists()
    plain(source, lines(GOOD, with_segments(end=None), *[GOOD] * 8))
    wanted = "m.jsonl, line 2 (byte {}): segments[0]: end is null; it must be a number [wrong_type]"
    wanted = wanted.format(len(lines(GOOD)))
    for on_invalid in ("quarantine", "fail"):
        run = run_workflow(manifest_path=str(source), on_invalid=on_invalid, check=False)
        assert run.returncode != 0
        assert wanted in run.terminal.splitlines()[-1]
