"""What manifest_path names is found, recognized and planned, in whatever format it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import ROOT, SAMPLE

from alm.errors import ManifestError
from alm.input import ByteRange, Line, read_lines
from alm.input.sources import (
    check_format,
    documents_of,
    find_sources,
    plan_groups,
    plan_sources,
)

DATA = ROOT / "tests" / "data" / "formats"


def copies(folder: Path, *names: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(DATA / name, folder)
    return str(folder)


def found(path: str | list[str], input_format: str = "auto") -> tuple[str | None, list[str]]:
    kind, manifests, *_ = find_sources(path, None, input_format)
    return kind, [Path(each.path).name for each in manifests]


@pytest.mark.parametrize(
    ("names", "kind", "mains"),
    [
        (["corpus.rttm", "corpus.ctm"], "rttm", ["corpus.rttm"]),
        (["corpus.stm"], "stm", ["corpus.stm"]),
        (["whisperx.json"], "whisperx", ["whisperx.json"]),
        (["pyannote.json"], "pyannote", ["pyannote.json"]),
        (["seglst.json"], "seglst", ["seglst.json"]),
        (["curator.jsonl"], "curator", ["curator.jsonl"]),
        (["cuts.jsonl.gz"], "lhotse", ["cuts.jsonl.gz"]),
        (
            ["lhotse_supervisions.jsonl.gz", "lhotse_recordings.jsonl.gz"],
            "lhotse",
            ["lhotse_supervisions.jsonl.gz"],
        ),
        ([f"kaldi/{name}" for name in ("segments", "reco2dur", "text")], "kaldi", ["segments"]),
    ],
)
def test_a_folder_is_recognized_by_content(
    tmp_path: Path, names: list[str], kind: str, mains: list[str]
) -> None:
    folder = copies(tmp_path / "in", *names)
    assert found(folder) == (kind, mains)
    assert found(folder, kind) == (kind, mains)
    assert sum(map(len, find_sources(folder, None, "auto").companions.values())) == len(names) - 1


def test_a_first_row_says_what_the_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no more is read of a manifest at every start."""
    read = []

    def lines(span: ByteRange) -> Iterator[Line]:
        for line in read_lines(span):
            read.append(line.number)
            yield line

    monkeypatch.setattr("alm.input.sources.read_lines", lines)
    row = (SAMPLE / "interviews.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "m.jsonl").write_bytes(row * 3)
    assert found(str(tmp_path / "m.jsonl")) == (None, ["m.jsonl"])
    assert read == [1]


@pytest.mark.parametrize("line_break", [b"", b"\n"])
def test_a_first_row_that_is_nested_too_deeply_may_be_one_of_ours(
    tmp_path: Path, line_break: bytes
) -> None:
    deep = b'{"a": ' + b"[" * 100_000 + line_break + b"]" * 100_000 + b"}\n"
    (tmp_path / "m.jsonl").write_bytes(deep + b'{"audio_sample_rate": 16000, "segments": []}\n')
    assert found(str(tmp_path / "m.jsonl")) == (None, ["m.jsonl"])


def test_manifests_of_ours_come_first_and_are_read_as_ever(tmp_path: Path) -> None:
    folder = copies(tmp_path / "in", "corpus.rttm")
    (tmp_path / "in" / "a.jsonl").write_text('{"segments": []}\n')
    assert found(folder) == (None, ["a.jsonl"])
    assert found(folder, "rttm") == ("rttm", ["corpus.rttm"])
    assert found(str(SAMPLE))[0] is None
    (tmp_path / "in" / "a.jsonl").write_bytes(b"\x1f\x8b broken")
    assert found(folder) == (None, ["a.jsonl"])


def test_a_mixture_is_named(tmp_path: Path) -> None:
    folder = copies(tmp_path / "in", "corpus.rttm", "corpus.stm")
    with pytest.raises(ManifestError, match=r"corpus\.rttm' is RTTM, .*corpus\.stm' is STM; a run"):
        found(folder)
    assert found(folder, "stm") == ("stm", ["corpus.stm"])
    with pytest.raises(
        ManifestError, match=r"whisperx\.json' is WhisperX's JSON, but the run reads"
    ):
        check_format("pyannote", str(DATA / "whisperx.json"))
    check_format("pyannote", str(DATA / "pyannote.json"))
    sample = next(SAMPLE.glob("*.jsonl"))
    with pytest.raises(ManifestError, match=r"is a manifest of ours, .* is STM"):
        found([str(sample), f"{folder}/corpus.stm"])


def test_what_only_adds_to_others_needs_them(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"corpus\.ctm' only adds to RTTM, and there is none"):
        found(str(DATA / "corpus.ctm"))
    folder = copies(tmp_path / "in", "corpus.rttm")
    shutil.copy(DATA / "corpus.rttm", tmp_path / "in" / "other.rttm")
    shutil.copy(DATA / "corpus.ctm", tmp_path / "in" / "words.ctm")
    with pytest.raises(ManifestError, match="not clear to which of the files: name both, alike"):
        found(folder)
    (tmp_path / "in" / "other.rttm").unlink()
    assert found(folder) == ("rttm", ["corpus.rttm"])


def test_nothing_found_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        ManifestError, match=r"no file ending in \.jsonl or \.json .*, nor one endin"
    ):
        found(str(tmp_path))
    with pytest.raises(ManifestError, match="no file that STM would be in"):
        found(str(tmp_path), "stm")


def test_a_large_file_is_grouped_once_and_its_shards_are_shares(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    copies(folder, "corpus.rttm", "corpus.ctm")
    (folder / "a.rttm").write_text("SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>\n")
    (folder / "b.rttm").write_text("SPEAKER b 1 0 1 <NA> <NA> x <NA> <NA>\n")
    sources = find_sources(str(folder), None, "auto")
    shards = plan_sources(sources, 100, "local", listens=False)
    groups, shares = plan_groups(shards, "rttm")
    size = (folder / "corpus.rttm").stat().st_size
    by_group = [[Path(span.path).name for span in group.ranges] for group in groups.values()]
    assert sorted(name for names in by_group for name in names) == [
        *("a.rttm", "b.rttm", "corpus.ctm", "corpus.rttm")
    ]
    assert ["corpus.rttm", "corpus.ctm"] in by_group
    of_corpus = [share for share in shares.values() if share.size == size]
    assert len({share.group for share in of_corpus}) == 1
    assert [share.start for share in of_corpus[1:]] == [share.stop for share in of_corpus[:-1]]
    assert (of_corpus[0].start, of_corpus[-1].stop) == (0, size)
    (group,) = {share.group for share in of_corpus}
    ((main, companions),) = documents_of(groups[group].ranges, "rttm")
    assert [Path(span.path).name for span in (main, *companions)] == ["corpus.rttm", "corpus.ctm"]
    listening = plan_sources(sources, "auto", "xenna", listens=True)
    assert listening == plan_sources(sources, 256 << 10, "xenna", listens=True)
