"""One manifest into one output file, and the figures of the samples."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import plain
import pytest
import yaml
from helpers import ROOT, same_json, shared_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import malformed_rows, overlap_settings, rows, window_settings

from alm import OverlapParams, Stats, WindowParams, curate_manifest
from alm.errors import AlmError, InvalidRowError, ManifestError
from alm.input import discover
from alm.statistics.counters import total

SAMPLE = ROOT / "workflow/sample"
EXPECTED = json.loads((ROOT / "tests/sample_expected.json").read_text())
SETTINGS: dict[str, tuple[dict[str, Any], float]] = {
    "pipeline": ({}, 50),
    "short_windows": (
        {"target_window_duration": 30, "tolerance": 0.2, "min_speakers": 2, "max_speakers": 3},
        50,
    ),
    "permissive": (
        {"min_bandwidth": 4000, "min_sample_rate": 8000, "min_speakers": 1, "max_speakers": 10},
        80,
    ),
}
GOOD = b'{"audio_sample_rate": 16000, "segments": []}'


def parameters(name: str) -> tuple[WindowParams, OverlapParams]:
    builder, percentage = SETTINGS[name]
    return WindowParams(**builder), OverlapParams(percentage, target_duration=None)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def curated(sources: list[str], folder: Path, *params: Any) -> tuple[Stats, list[dict[str, Any]]]:
    parts, found = [], []
    for number, source in enumerate(sources):
        output, refused = folder / f"{number}.jsonl", folder / f"{number}.quarantine"
        parts.append(curate_manifest(source, output, *params, quarantine=refused))
        assert refused.read_bytes() == b""
        found += read(output)
    return total(parts), found


def nearly(figures: dict[str, Any]) -> dict[str, Any]:
    """Counts exactly, seconds to a microsecond."""
    return {
        name: pytest.approx(value, abs=1e-6) if isinstance(value, float) else value
        for name, value in figures.items()
    }


# The sample of the project


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_are_those_of_the_configuration(name):
    shipped, ready_made = (
        yaml.safe_load((ROOT / "config" / f"{each}.yaml").read_text())
        for each in ("pipeline", name)
    )
    settings = {**asdict(parameters(name)[0]), **asdict(parameters(name)[1])}
    configured = shipped | ready_made
    assert configured["no_speaker"] == "auto"  # which is this for manifests of ours
    assert settings == {key: configured[key] for key in settings} | {"no_speaker": "stop"}


def sample_manifests() -> list[str]:
    return [manifest.path for manifest in discover(str(SAMPLE / "manifests"))]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_sample(name, tmp_path):
    stats, found = curated(sample_manifests(), tmp_path, *parameters(name))
    figures = stats.as_dict()
    assert figures.pop("quarantined") == 0
    assert figures.pop("lost") == nearly(EXPECTED[name]["lost"])
    wanted = {key: value for key, value in EXPECTED[name].items() if key != "lost"}
    assert figures == nearly(wanted)
    assert len(found) == wanted["entries"] == 10
    assert sum(len(row["filtered_windows"]) for row in found) == wanted["filtered_windows"]


def test_the_sample_is_as_its_readme_says(tmp_path):
    _, found = curated(sample_manifests(), tmp_path, *parameters("pipeline"))
    table = re.findall(
        r"^\| `(\S+)` ((?:\| [\d.]+ ){12})\|$", (SAMPLE / "README.md").read_text(), re.MULTILINE
    )
    wanted = {name: [float(cell) for cell in cells.split("|")[1:]] for name, cells in table}
    figures = {}
    for row in found:
        stats = row["stats"]
        reasons = ("sr", "bw", "spk", "win", "no_spkr", "next_seg_bm")
        figures["/".join(row["audio_filepath"].split("/")[-2:])] = [
            stats["total_dur"],
            len(row["windows"]),
            row["total_dur_window"],
            len(row["filtered_windows"]),
            row["filtered_dur"],
            row["truncation_events"],
            *(stats[f"lost_{reason}"] for reason in reasons),
        ]
    assert len(figures) == 10
    assert {name: pytest.approx(cells, abs=6e-4) for name, cells in figures.items()} == wanted


# The reference's samples


@pytest.mark.parametrize(
    ("path", "entries", "windows", "filtered", "seconds"),
    [
        ("sample/sample_input.jsonl", 5, 181, 25, 3035.5),
        ("sample/nested_manifests", 20, 724, 100, 12142.0),
    ],
)
def test_the_figures_of_the_reference(tmp_path, path, entries, windows, filtered, seconds):
    sources = [manifest.path for manifest in discover(str(shared_folder() / path))]
    stats, found = curated(sources, tmp_path, WindowParams(), OverlapParams(50))
    assert (stats["entries"], stats["windows"]) == (entries, windows)
    assert stats["filtered_windows"] == filtered
    assert round(stats.seconds("filtered_dur"), 1) == seconds
    assert sum(len(row["windows"]) for row in found) == windows


# Any manifest


@st.composite
def manifests(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, dict[str, Any] | str]]]:
    """A manifest; the number and the row, or the flaw, of each line that is not blank."""
    wanted: list[tuple[int, dict[str, Any] | str]] = []
    lines = []
    drawn = st.one_of(rows(max_segments=12), malformed_rows(), st.sampled_from([b"", b" \t"]))
    for number, line in enumerate(draw(st.lists(drawn, max_size=6)), 1):
        match line:
            case dict():
                wanted.append((number, line))
                lines.append(json.dumps(line).encode())
            case (text, flaw):
                wanted.append((number, flaw))
                lines.append(text)
            case _:
                lines.append(line)
    ending = draw(st.sampled_from([b"\n", b"\r\n"]))
    bom = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    return bom + ending.join(lines) + draw(st.sampled_from([b"", ending])), wanted


@settings(max_examples=120)
@given(manifests(), window_settings(), overlap_settings(), st.booleans())
def test_every_line_is_answered_for(tmp_path_factory, manifest, builder, overlap, loss_details):
    content, wanted = manifest
    folder = tmp_path_factory.getbasetemp()
    source, output, refused = folder / "in.jsonl", folder / "out.jsonl", folder / "bad.jsonl"
    source.write_bytes(content)
    params = WindowParams(**builder, loss_details=loss_details)
    stats = curate_manifest(source, output, params, OverlapParams(**overlap), refused)

    good = [(number, row) for number, row in wanted if isinstance(row, dict)]
    found, records = read(output), read(refused)
    assert len(found) == len(good) == stats["entries"]
    assert len(records) == len(wanted) - len(good) == stats["quarantined"]
    for row, (_, entry) in zip(found, good, strict=True):
        args = {"loss_details": loss_details, "manifest_filepath": str(source)}
        assert same_json(row, plain.curate_row(entry, builder, overlap, **args)) is None
    assert [record["line_number"] for record in records] == [
        number for number, row in wanted if isinstance(row, str)
    ]
    for record in records:
        begin = record["byte_offset"]
        raw = content[begin : begin + record["byte_length"]]
        assert record["line"] == raw.decode("utf-8", "replace")


# Files


def test_the_manifest_is_named_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    name = "in/gespräch 对话\n.jsonl"
    Path(name).write_bytes(GOOD)
    curate_manifest(f"./{name}", "out.jsonl")
    assert read(Path("out.jsonl"))[0]["manifest_filepath"] == f"./{name}"
    curate_manifest(Path(name), Path("sub/out.jsonl"))
    assert read(Path("sub/out.jsonl"))[0]["manifest_filepath"] == name


def test_the_defaults_are_those_of_the_reference(tmp_path):
    source = sample_manifests()[0]
    curate_manifest(source, tmp_path / "a")
    curate_manifest(source, tmp_path / "b", WindowParams(), OverlapParams(0, 120.0))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_null_means_the_target_of_the_windows(tmp_path):
    source, windows = sample_manifests()[0], WindowParams(30.0)
    curate_manifest(source, tmp_path / "a", windows, OverlapParams(50, None))
    curate_manifest(source, tmp_path / "b", windows, OverlapParams(50, 30.0))
    curate_manifest(source, tmp_path / "c", windows, OverlapParams(50))
    contents = [(tmp_path / name).read_bytes() for name in "abc"]
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_an_empty_manifest_gives_empty_files(tmp_path):
    (tmp_path / "in").write_bytes(b"\n \n")
    stats = curate_manifest(tmp_path / "in", tmp_path / "out", quarantine=tmp_path / "bad")
    assert stats == Stats()
    assert (tmp_path / "out").read_bytes() == (tmp_path / "bad").read_bytes() == b""


@pytest.mark.parametrize("old", [None, b"old"])
def test_without_a_quarantine_the_first_bad_row_ends_it(tmp_path, old):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(GOOD + b"\n\n" + GOOD + b"\nbroken\n" + GOOD)
    if old:
        output.write_bytes(old)
    with pytest.raises(InvalidRowError) as error:
        curate_manifest(source, output)
    assert f"{source}, line 4 (byte {2 * len(GOOD) + 3})" in str(error.value)
    assert "[invalid_json]" in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"] + ["out.jsonl"] * bool(
        old
    )
    assert not old or output.read_bytes() == old


@pytest.mark.parametrize("source", ["gone.jsonl", "."])
def test_a_missing_source_leaves_nothing(tmp_path, source):
    with pytest.raises(ManifestError, match="does not exist or is not a file"):
        curate_manifest(tmp_path / source, tmp_path / "out", quarantine=tmp_path / "bad")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("what", ["destination", "quarantine"])
def test_the_source_is_never_overwritten(tmp_path, what, link):
    source = tmp_path / "in.jsonl"
    source.write_bytes(GOOD)
    same = source
    if link:
        same = tmp_path / "sub" / ".." / "in.jsonl"
        (tmp_path / "sub").mkdir()
    files = {"destination": tmp_path / "out", "quarantine": tmp_path / "bad"} | {what: same}
    with pytest.raises(AlmError):
        curate_manifest(source, **files)
    assert source.read_bytes() == GOOD


def test_output_and_quarantine_are_two_files(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_bytes(GOOD + b"\nbroken\n")
    with pytest.raises(AlmError):
        curate_manifest(source, tmp_path / "out", quarantine=tmp_path / "out")
    assert not (tmp_path / "out").exists()
