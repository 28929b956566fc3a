"""The steps of the workflow give the bytes of `curate_manifest`, however the work is cut."""

import json
import os
import re
import shutil
import subprocess
import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import reduce
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from helpers import ROOT, of_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import malformed_rows, overlap_settings, rows, window_settings

from alm import OverlapParams, WindowParams, curate_manifest
from alm.engines import Execution
from alm.errors import DamageError, InvalidRowError, ManifestError
from alm.input import ByteRange, discover, whole_file
from alm.input.shards import plan_shards, read_ranges
from alm.input.storage import Meter
from alm.jobs.build import build_shard
from alm.jobs.chunks import run_in_chunks
from alm.jobs.merge_output import Pieces, index_output, merge_output
from alm.jobs.merge_quarantine import merge_quarantine
from alm.jobs.overlap import overlap_shard
from alm.jobs.pages import write_report
from alm.jobs.progress import summarize_run
from alm.jobs.provenance import write_provenance
from alm.jobs.record import read_record
from alm.jobs.recordings import write_recordings
from alm.jobs.seals import write_seal
from alm.jobs.shard import write_ranges
from alm.jobs.stats import aggregate, count_recordings
from alm.jobs.what_if import try_levers
from alm.keys import DEFAULTS
from alm.records import budget
from alm.records import record as record_module
from alm.report.render import PAGES
from alm.statistics.summary import Summary
from alm.statistics.survey import recording_key
from alm.verify import verify

SOUND = rows(max_segments=8).map(lambda row: json.dumps(row, ensure_ascii=False).encode())
MALFORMED = malformed_rows().map(lambda pair: pair[0])
BLANK = st.sampled_from([b"", b" ", b"\t\r"])
MANIFEST = st.lists(st.one_of(SOUND, SOUND, MALFORMED, BLANK), max_size=6).map(b"\n".join)


def run_steps(
    source: Path, out: Path, shard_size: int, threads: int, window: WindowParams, o: OverlapParams
) -> None:
    """What the rules do, without Snakemake."""
    names, ranges = [], []
    for shard in plan_shards(discover(str(source)), shard_size):
        at = out / shard.name
        ranges.append(f"{at}.{shard.version}.json")
        write_ranges(shard.ranges, ranges[-1])
        build_shard(
            shard.ranges,
            Path(f"{at}.records"),
            Path(f"{at}.quarantine"),
            Path(f"{at}.recordings"),
            Path(f"{at}.lines"),
            Path(f"{at}.built"),
            window,
            sample=Path(f"{at}.sample"),
            stop_at_invalid=False,
            execution=Execution("local", threads),
            code="c",
        )
        overlap_shard(
            Path(f"{at}.records"),
            Path(f"{at}.rows"),
            Path(f"{at}.late"),
            Path(f"{at}.digests"),
            Path(f"{at}.table"),
            Path(f"{at}.filtered"),
            o.resolved(window),
            stop_at_invalid=False,
            execution=Execution("local", threads),
            code="c",
        )
        names.append(at)
    built = [f"{at}.built" for at in names]
    filtered = [f"{at}.filtered" for at in names]
    parts, refused = [f"{at}.rows" for at in names], out / "quarantine.jsonl"
    line_digests = [f"{at}.lines" for at in names]
    row_digests = [f"{at}.digests" for at in names]
    early, late = [f"{at}.quarantine" for at in names], [f"{at}.late" for at in names]
    merge_quarantine(early, late, built, refused)
    pieces = Pieces(ranges, built, filtered, line_digests, parts, row_digests)
    index_output(pieces, refused, out / "index.jsonl", 1.0)
    merge_output(pieces, refused, out / "alm_output.jsonl", 1.0)
    parameters = DEFAULTS | asdict(window) | asdict(o.resolved(window))
    samples, what_if = [f"{at}.sample" for at in names], out / "what_if.json"
    try_levers(samples, built + filtered, what_if, parameters)
    aggregate(
        ranges,
        built + filtered,
        [f"{at}.recordings" for at in names],
        out / "stats.json",
        out / "stats.tsv",
        out / "stats.parquet",
        window,
        o.resolved(window),
        parameters=parameters,
        versions={},
        what_if=what_if,
    )
    write_recordings(
        [f"{at}.table" for at in names],
        [f"{at}.records" for at in names],
        out / "recordings.tsv",
        out / "recordings.json",
        o.resolved(window),
    )
    write_seal(out / "seals" / "pages.1.json", [])
    write_provenance(
        ranges,
        built,
        filtered,
        line_digests,
        row_digests,
        parts,
        out / "alm_output.jsonl",
        [refused, out / "stats.json", out / "recordings.tsv"],
        out / "seals" / "pages.1.json",
        out / "provenance.json",
        parameters={},
        workflow=ROOT,
    )


@settings(max_examples=40)
@given(
    manifests=st.lists(MANIFEST, min_size=1, max_size=3),
    pieces=st.integers(1, 15),
    threads=st.integers(1, 3),
    window=window_settings(),
    overlap=overlap_settings(),
    loss_details=st.booleans(),
    most=st.sampled_from([budget.MOST_BYTES, 20_000, 2_000]),
)
def test_any_cut_gives_the_bytes_of_one_process(
    manifests: list[bytes],
    pieces: int,
    threads: int,
    window: dict,
    overlap: dict,
    loss_details: bool,
    most: int,
) -> None:
    """Also of rows that are written in pieces, or refused by the second step as too large."""
    window_params = WindowParams(**window, loss_details=loss_details)
    overlap_params = OverlapParams(**overlap)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_module, "MOST_BYTES", most)
        for module in (budget, record_module):
            patch.setattr(module, "PIECE_BYTES", min(most // 5, budget.PIECE_BYTES))
        source, out = Path(folder) / "manifests", Path(folder) / "out"
        source.mkdir()
        out.mkdir()
        rows, quarantine, entries, quarantined = b"", b"", 0, 0
        for number, content in enumerate(manifests):
            manifest = source / f"{number}.jsonl"
            manifest.write_bytes(content)
            stats = curate_manifest(
                manifest, out / "one", window_params, overlap_params, quarantine=out / "refused"
            )
            rows += (out / "one").read_bytes()
            quarantine += (out / "refused").read_bytes()
            entries += stats["entries"]
            quarantined += stats["quarantined"]
        non_blank = sum(bool(line.strip()) for text in manifests for line in text.split(b"\n"))
        assert entries + quarantined == non_blank

        shard_size = max(1, sum(map(len, manifests)) // pieces)
        run_steps(source, out, shard_size, threads, window_params, overlap_params)
        assert (out / "alm_output.jsonl").read_bytes() == rows
        assert list(verify(out)) == []
        record, _ = read_record(out)
        assert record["output"]["lines_xxh128"] == of_lines(rows)
        assert [each["lines_xxh128"] for each in record["manifests"]] == list(
            map(of_lines, manifests)
        )
        listed = [json.loads(line) for line in (out / "index.jsonl").read_bytes().splitlines()]
        parts = [(out / entry["path"]).read_bytes() for entry in listed]
        assert b"".join(parts) == rows
        assert [(entry["rows"], entry["bytes"]) for entry in listed] == [
            (part.count(b"\n"), len(part)) for part in parts
        ]
        assert (out / "quarantine.jsonl").read_bytes() == quarantine
        pages_of(out)
        totals = json.loads((out / "stats.json").read_bytes())
        assert (totals["entries"], totals["quarantined"]) == (entries, quarantined)
        assert len((out / "stats.tsv").read_text().splitlines()) == 1 + len(manifests)
        assert not list(out.glob("*.parts*"))


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", 1, None]) | st.text(max_size=2)), min_size=1),
    st.integers(1, 9),
)
def test_recordings_are_counted_in_any_number_of_passes(files: list[list], at_once: int) -> None:
    count = Counter(name for names in files for name in names)
    with TemporaryDirectory() as folder:
        paths = []
        for number, names in enumerate(files):
            paths.append(Path(folder, str(number)))
            paths[-1].write_bytes(b"".join(recording_key({"audio_filepath": n}) for n in names))
        distinct, repeated = count_recordings(paths, at_once)
    assert distinct == len(count)
    assert repeated == sum(rows for rows in count.values() if rows > 1)


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
def test_an_index_is_read_as_the_readme_says(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    (command,) = (line.strip() for line in readme.splitlines() if "xargs cat" in line)
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(b'{"audio_sample_rate": 16000, "segments": []}\n' * 500)
    out = tmp_path / "results" / "mine"
    out.mkdir(parents=True)
    run_steps(manifest, out, 2000, 1, WindowParams(), OverlapParams())
    (out / "index.jsonl").rename(out / "alm_output.index.jsonl")
    joined = subprocess.check_output(command, shell=True, cwd=tmp_path)
    assert joined == (out / "alm_output.jsonl").read_bytes()


def pages_of(out: Path) -> dict[str, str]:
    """The pages of the report, and the summary on the terminal."""
    pages = {name: out / f"{name}.html" for name in PAGES}
    names = ("stats.json", "stats.tsv", "quarantine.jsonl", "recordings.json")
    files = [out / name for name in names]
    write_report(*files, None, out / "benchmarks", [], pages)
    summary = summarize_run(out / "alm_output.jsonl")
    return {name: path.read_text(encoding="utf-8") for name, path in pages.items()} | {"": summary}


def a_row(*times: tuple[float, float], **fields: Any) -> dict[str, Any]:
    speakers = cycle(["a", "b"])
    segments = [
        {"start": start, "end": end, "speaker": next(speakers), "metrics": {"bandwidth": 9000}}
        for start, end in times
    ]
    return {"audio_sample_rate": 16000, "segments": segments, **fields}


EXTREMES = {
    "a sample rate beyond a double": a_row((0, 60), (60, 120), audio_sample_rate=-(10**310)),
    "a larger one": a_row((0, 60), (60, 120), audio_sample_rate=10**310),
    "a bandwidth beyond a double": a_row((0, 60))
    | {"segments": [{"start": 0, "end": 1, "metrics": {"bandwidth": -(10**310)}}]},
    "a denormal duration": a_row((-120.0, -60.0), (-60.0, -1e-320), duration=1e-320),
    "negative times, then a denormal end": a_row((-120.0, -60.0), (-60.0, 1e-310)),
    "denormal times": a_row((0.0, 5e-324), (5e-324, 1e-323)),
    "huge times": a_row((-1e290, 1e290), (-1e290, 1e290), (0, 10**290)),
    "huge whole times": a_row((-(10**290), 10**290), (0, 120)),
    "segments that end before they start": a_row((0, 60), (1e290, -1e290), (60, 120)),
    "a window of segments that do": a_row((0.0, 60.0), (1e30, 110.0), (110.0, 120.0)),
    "a name nested too deep": a_row((0, 60), (60, 120))
    | {"audio_filepath": reduce(lambda value, _: [value], range(260), "a.wav")},
}


@pytest.mark.parametrize("name", EXTREMES)
def test_14_07_what_only_counts_never_raises(name: str, tmp_path: Path) -> None:
    manifest, out = tmp_path / "m.jsonl", tmp_path / "out"
    manifest.write_text(json.dumps(EXTREMES[name]) + "\n", encoding="utf-8")
    out.mkdir()
    window = WindowParams(min_bandwidth=0, drop_fields_top_level="audio_filepath")
    for overlap in (OverlapParams(), OverlapParams(100)):
        run_steps(manifest, out, 1 << 20, 1, window, overlap)
        pages = pages_of(out)
        assert not [page for page in pages.values() if re.search(r"\b(nan|inf)\b", page)]
        stats = json.loads((out / "stats.json").read_bytes())
        assert stats["entries"] == 1
        assert 0 <= stats["audio"]["yield"] <= 1
        assert 0 <= stats["audio"]["speech_yield"] <= 1
        assert all(0 <= finding["share"] <= 1 for finding in stats["diagnosis"])


@settings(max_examples=40)
@given(
    st.lists(rows(max_segments=6, wild=True), min_size=1, max_size=4),
    st.sampled_from([0.001, 20.0, 1e285]),
    overlap_settings(),
)
def test_14_07_no_row_stops_the_statistics(wild: list, target: float, overlap: dict) -> None:
    window = WindowParams(target, tolerance=0.9, min_bandwidth=0, min_speakers=0, min_sample_rate=0)
    with TemporaryDirectory() as folder:
        manifest, out = Path(folder) / "m.jsonl", Path(folder) / "out"
        manifest.write_text("".join(json.dumps(row) + "\n" for row in wild), encoding="utf-8")
        out.mkdir()
        run_steps(manifest, out, 1 << 20, 1, window, OverlapParams(**overlap))
        pages_of(out)
        stats = json.loads((out / "stats.json").read_bytes())
        assert stats["entries"] + stats["quarantined"] == len(wild)


def pieces_of(folder: Path) -> Pieces:
    """What the jobs of some shards have left."""
    out = folder / "out"
    names = [path.with_suffix("") for path in out.glob("*.built")]
    names.sort(key=lambda at: read_ranges(next(out.glob(f"{at.name}.*.json")))[0].start)
    return Pieces(
        [next(out.glob(f"{at.name}.*.json")) for at in names],
        *(
            [Path(f"{at}.{end}") for at in names]
            for end in ("built", "filtered", "lines", "rows", "digests")
        ),
    )


@pytest.mark.parametrize("write", [merge_output, index_output])
def test_14_05_a_damaged_row_of_a_shard_reaches_no_output(tmp_path: Path, write: Callable) -> None:
    manifest, out = tmp_path / "m.jsonl", tmp_path / "out"
    manifest.write_bytes(b'{"audio_sample_rate": 16000, "segments": []}\n' * 500)
    out.mkdir()
    run_steps(manifest, out, 2000, 1, WindowParams(), OverlapParams())
    pieces, target = pieces_of(tmp_path), tmp_path / "target"
    assert len(pieces.rows) > 5
    write(pieces, out / "quarantine.jsonl", target, 1.0)
    target.unlink()
    rows = Path(pieces.rows[3])
    whole = rows.read_bytes()
    lines = whole.splitlines(keepends=True)
    damages = (whole.replace(b"16000", b"16001", 1), whole[:-9], whole[len(lines[0]) :], b"")
    for damage in (*damages, whole + lines[0]):
        rows.write_bytes(damage)
        with pytest.raises(DamageError, match=f"{rows.name}' is not as its job wrote it"):
            write(pieces, out / "quarantine.jsonl", target, 1.0)
        assert not target.exists()


ROW = b'{"audio_sample_rate": 16000, "segments": [], "id": %d}\n'


def test_14_03_rows_of_two_manifests_are_never_mixed(tmp_path: Path) -> None:
    """A larger file may be the same one, grown, or another one: what was read of it decides."""
    manifest, out = tmp_path / "m.jsonl", tmp_path / "out"
    old = b"".join(ROW % number for number in range(500))
    manifest.write_bytes(old)
    out.mkdir()
    run_steps(manifest, out, 2000, 1, WindowParams(), OverlapParams())
    pieces, target = pieces_of(tmp_path), tmp_path / "target"

    def merge() -> bytes:
        merge_output(pieces, out / "quarantine.jsonl", target, 1.0)
        return target.read_bytes()

    expected = merge()
    with manifest.open("ab") as file:
        file.write(ROW % 1)
    assert merge() == expected
    os.utime(manifest, (1e9, 1e9))
    assert merge() == expected
    others = {
        "all other rows": ROW % 7 * 900,
        "a row before": ROW % 7 + old,
        "a row changed": old.replace(b"499", b"498") + ROW % 1,
        "of the same size": old.replace(b"499", b"498"),
        "shorter": old[:-30],
        "empty": b"",
    }
    for name, content in others.items():
        new = tmp_path / "new"
        new.write_bytes(content)
        new.rename(manifest)
        target.unlink(missing_ok=True)
        with pytest.raises(ManifestError, match="while the run was under way; start again"):
            merge()
        assert not target.exists(), name
    manifest.unlink()
    with pytest.raises(ManifestError, match="does not exist"):
        merge()


def test_14_03_what_was_read_of_a_replaced_manifest_counts_for_nothing(tmp_path: Path) -> None:
    """Not even when the planned one is back in its place: the next start reads it again."""
    manifest, work = tmp_path / "m.jsonl", tmp_path / "out" / "work"
    manifest.write_bytes(b"".join(ROW % number for number in range(1000, 1100)))
    shards = plan_shards(discover(str(manifest)), 2000)
    new = tmp_path / "new"
    new.write_bytes(ROW % 99 * 200)
    pieces: list[list[Path]] = []
    for number, shard in enumerate(shards):
        if number == 1:
            manifest.rename(tmp_path / "old")
            new.rename(manifest)
        at = work / "build" / shard.name
        ranges = work / "shards" / f"{shard.name}.{shard.version}.json"
        outputs = [at.with_suffix(f".{end}") for end in ("records", "bad", "keys", "lines")]
        write_ranges(shard.ranges, ranges)
        build_shard(
            shard.ranges,
            *outputs,
            at.with_suffix(".json"),
            WindowParams(),
            sample=at.with_suffix(".sample"),
            stop_at_invalid=False,
            execution=Execution("local"),
            code="c",
        )
        write_seal(work / "seals" / "build" / f"{shard.name}.1.json", outputs)
        pieces.append([ranges, at.with_suffix(".json"), at, outputs[3], at, at])
    (tmp_path / "old").rename(manifest)
    assert discover(str(manifest))[0].version == shards[0].ranges[0].version
    with pytest.raises(ManifestError, match="only what reads it is done anew"):
        merge_output(Pieces(*zip(*pieces, strict=True)), tmp_path, tmp_path / "target", 1.0)
    assert list((work / "seals" / "build").iterdir()) == []


def test_stopping_at_an_invalid_row_leaves_nothing(tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(b'{"audio_sample_rate": 16000, "segments": []}\n' * 50 + b"{}\n")
    (shard,) = plan_shards(discover(str(manifest)), 1 << 20)
    out = tmp_path / "out"
    with pytest.raises(InvalidRowError, match=r"m\.jsonl, line 51 "):
        build_shard(
            shard.ranges,
            out / "records",
            out / "quarantine",
            out / "recordings",
            out / "digests",
            out / "summary",
            WindowParams(),
            sample=out / "sample",
            stop_at_invalid=True,
            execution=Execution("local", threads=2),
            code="c",
        )
    assert list(out.iterdir()) == []


def test_what_a_job_keeps_of_its_chunks_is_bounded(tmp_path: Path) -> None:
    """Each chunk may have some 10**4 durations that wait to be added: they must not pile up."""
    manifest = tmp_path / "m.jsonl"
    manifest.write_bytes(b"{}\n" * 64)
    peaks = []

    def work(ranges: Sequence[ByteRange], parts: Sequence[Path], meter: Meter) -> Summary:
        summary = Summary()
        for number in range(20_000):
            summary.survey.add_seconds("kept_dur", number + 0.1)
        parts[0].write_bytes(b"")
        peaks.append(tracemalloc.get_traced_memory()[0])
        return summary

    tracemalloc.start()
    outputs = [tmp_path / "out"]
    total = run_in_chunks(work, [whole_file(str(manifest))], outputs, Execution("local", 16), "c")
    tracemalloc.stop()
    assert len(peaks) == 32
    assert peaks[-1] < 1.5 * peaks[0]
    assert total.survey.seconds("kept_dur") == 32 * (sum(range(20_000)) + 2_000)


def test_numbers_beyond_all_measure_stop_nothing(tmp_path: Path) -> None:
    """What such numbers do to sums and bins must not cost the rows around them."""
    segment = {"start": 0, "end": 9, "speaker": "a", "metrics": {"bandwidth": 8000}}
    odd = [
        {"duration": 10**400},
        {"duration": 1.7e308},
        {"duration": -1},
        {"duration": True},
        {"audio_sample_rate": 10**400},
        {"audio_sample_rate": 44100.5},
        {"segments": [segment | {"metrics": {"bandwidth": 10**400}}] * 2},
        {"segments": [segment | {"metrics": {"bandwidth": -1e308}}] * 3},
        {"segments": [segment | {"start": -9e289, "end": 9e289}] * 3},
        {"segments": [segment | {"start": 10**289, "end": 10**289 + 3}] * 3},
        {"swift_audio_filepath": None, "segments": [segment | {"words": {}}] * 30},
    ]
    rows = [{"audio_sample_rate": 16000, "segments": [segment] * 3} | more for more in odd * 2]
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for target in (0.001, 120.0, 1e300):
        out = tmp_path / str(target)
        out.mkdir()
        window = WindowParams(target_window_duration=target, tolerance=0.9, min_speakers=1)
        run_steps(manifest, out, 500, 2, window, OverlapParams())
        stats = json.loads((out / "stats.json").read_text())
        assert stats["entries"] + stats["quarantined"] == len(rows)
        assert stats["quarantined"] <= 2, "only rows whose words are malformed and must be cut"
