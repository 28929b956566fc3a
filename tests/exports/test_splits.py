"""Which recordings are for training: whole ones, the same when others are added."""

import pytest

from alm.exports.card import About, croissant
from alm.exports.splits import assigned, connected
from alm.jobs.splits import split_recordings
from alm.rows import codec

SHARES = {"train": 0.8, "dev": 0.1, "test": 0.1}


def alone(count: int) -> dict[str, list[str]]:
    return {f"r{number}": [f"s{number}"] for number in range(count)}


def test_18_shares_are_about_those_asked_for_and_stay_when_data_are_added() -> None:
    few, many = (assigned(alone(count), SHARES, "recording", 0) for count in (500, 5000))
    assert many.items() >= few.items()
    shares = {name: list(many.values()).count(name) / 5000 for name in SHARES}
    assert shares == pytest.approx(SHARES, abs=0.02)
    assert assigned(alone(500), SHARES, "recording", 1) != few


def test_18_a_split_of_no_share_is_empty() -> None:
    found = assigned(alone(300), {"none": 0.0, "all": 1.0, "nor": 0.0}, "recording", 0)
    assert set(found.values()) == {"all"}


def test_18_connected_speakers_are_in_one_split() -> None:
    speakers = {f"r{number}": [f"s{number // 10}", f"t{number}"] for number in range(1000)}
    groups = connected(speakers)
    assert sorted(map(len, groups)) == [10] * 100
    found = assigned(speakers, SHARES, "speakers", 0)
    assert all(len({found[recording] for recording in group}) == 1 for group in groups)
    assert set(found.values()) == set(SHARES)
    assert connected({"a": ["x"], "b": ["y"], "c": ["y", "x"]}) == [["a", "b", "c"]]


def test_18_recordings_that_moved_are_named(tmp_path, caplog) -> None:
    def run(speakers: dict[str, list[str]]) -> dict[str, str]:
        part = tmp_path / "part.jsonl"
        rows = [{"recording": name, "speakers": who} for name, who in speakers.items()]
        part.write_bytes(codec.dumps(rows) + b"\n")
        target = tmp_path / "splits.tsv"
        split_recordings(
            [part], target, tmp_path / "known.tsv", {"a": 0.5, "b": 0.5}, "speakers", 0
        )
        return dict(line.split("\t") for line in target.read_text().splitlines())

    before = run(alone(40))
    assert set(before.values()) == {"a", "b"}
    assert not caplog.records
    run(alone(1))
    assert "has no recording, and loaders refuse its empty folder: there are 1 recording" in (
        caplog.text
    )
    run(alone(40))
    caplog.clear()
    link = {"new": ["s3", "s4", "s5", "s6", "s7", "s8"]}
    now = run(alone(40) | link)
    moved = {name for name in before if before[name] != now[name]}
    assert moved
    assert {name for name in before if f"{name} (" in caplog.text} == moved


def test_18_a_split_may_be_called_clips_as_the_folder_is_that_programs_are_not_told_of() -> None:
    paths = [
        "lhotse/clips/cuts.jsonl.gz",
        "audio/clips/manifest.jsonl",
        "audio/clips/clips/r/w.flac",
    ]
    files = [{"path": path, "bytes": 1, "sha256": "0"} for path in paths]
    about = About({}, {}, [], {}, {}, {"output": {"lines_xxh128": "0"}}, files)
    assert [each["@id"] for each in croissant(about)["distribution"]] == paths[:2]
