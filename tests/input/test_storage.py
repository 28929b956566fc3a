"""Where manifests are stored: compressed ones, damaged ones, and those that change."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from backports import zstd
from helpers import OWN_PEAK
from hypothesis import given, settings
from hypothesis import strategies as st

from alm import curate_manifest
from alm.errors import ManifestError
from alm.input import (
    ByteRange,
    Line,
    cut_evenly,
    discover,
    is_compressed,
    line_number,
    read_lines,
    whole_file,
)
from alm.input.shards import plan_shards

GOOD = b'{"audio_sample_rate": 16000, "segments": []}\n'
COMPRESS = {".gz": gzip.compress, ".zst": zstd.compress}
ENDINGS = list(COMPRESS)


@pytest.fixture(params=ENDINGS)
def ending(request):
    return request.param


def lines_of(path: Path) -> list[Line]:
    return list(read_lines(whole_file(str(path))))


# Compressed


@settings(max_examples=100)
@given(
    st.lists(
        st.lists(st.sampled_from([b"{}", b"\n", b"\r\n", b"", b"ab"])).map(b"".join), min_size=1
    ),
    st.sampled_from(ENDINGS),
)
def test_compressed_text_is_read_like_plain_text(tmp_path_factory, parts, ending):
    """Whether it is one member or frame, or several one after the other."""
    plain = tmp_path_factory.getbasetemp() / "same.jsonl"
    packed = plain.with_name(plain.name + ending)
    plain.write_bytes(b"".join(parts))
    packed.write_bytes(b"".join(map(COMPRESS[ending], parts)))
    assert lines_of(packed) == lines_of(plain)
    for line in lines_of(plain):
        assert line_number(str(packed), line.offset) == line.number


def test_curated_like_plain_text(tmp_path, ending):
    rows = GOOD + b"broken\n\n" + GOOD * 3
    plain, packed = tmp_path / "m.jsonl", tmp_path / f"m.jsonl{ending}"
    plain.write_bytes(rows)
    packed.write_bytes(COMPRESS[ending](rows))
    results = []
    for source in (plain, packed):
        stats = curate_manifest(source, tmp_path / "out", quarantine=tmp_path / "bad")
        assert (stats["entries"], stats["quarantined"]) == (4, 1)
        found = (tmp_path / "out").read_bytes() + (tmp_path / "bad").read_bytes()
        results.append(found.replace(str(source).encode(), b"SOURCE"))
    assert results[0] == results[1]
    assert b'"line_number":2,"byte_offset":%d' % len(GOOD) in results[0]


def test_a_directory_is_searched_for_compressed_manifests_too(tmp_path):
    names = ["a.json.gz", "b.json.zst", "c.jsonl", "d.jsonl.gz", "e.jsonl.zst"]
    for name in [*names, "f.txt.gz", "g.gz", "h.zst", "i.jsonl.bz2", "j.jsonl.gz.tmp"]:
        (tmp_path / name).write_bytes(b"")
    assert [os.path.basename(each.path) for each in discover(str(tmp_path))] == names


def test_nothing_compressed_holds_no_line(tmp_path, ending):
    path = tmp_path / f"m.jsonl{ending}"
    path.write_bytes(COMPRESS[ending](b""))
    assert lines_of(path) == []


def test_compressed_manifests_are_not_cut(tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.jsonl.gz").write_bytes(os.urandom(1000 if number else 9000))
    manifests = discover(str(tmp_path))
    for size in (1, 500, 2000, 20_000):
        spans = [span for shard in plan_shards(manifests, size) for span in shard.ranges]
        assert spans == [ByteRange(path, 0, size, version) for path, size, version in manifests]
    for count in range(1, 20):
        groups = cut_evenly(spans, count)
        assert len(groups) <= count
        assert [span for group in groups for span in group] == spans
    assert [len(group) for group in cut_evenly(spans, 2)] == [1, 5]
    assert [len(group) for group in cut_evenly(spans[1:], 5)] == [1] * 5


mixed = st.lists(
    st.tuples(st.sampled_from(["a", "b.gz"]), st.integers(0, 50), st.integers(0, 1000)), max_size=12
).map(
    lambda spans: [
        ByteRange(path, 0, size) if is_compressed(path) else ByteRange(path, start, start + size)
        for path, start, size in spans
    ]
)


@given(mixed, st.integers(1, 40))
def test_any_cut_keeps_compressed_manifests_whole_and_all_bytes(spans, count):
    groups = cut_evenly(spans, count)
    assert len(groups) <= count
    assert all(groups)
    whole = [span for span in spans if is_compressed(span.path)]
    assert [s for group in groups for s in group if is_compressed(s.path)] == whole
    size = sum(span.stop - span.start for group in groups for span in group)
    assert size == sum(span.stop - span.start for span in spans)


# Damaged


def test_a_stream_that_ends_early_is_no_shorter_manifest(tmp_path, ending):
    path = tmp_path / f"m.jsonl{ending}"
    content = COMPRESS[ending](b"".join(b'{"n": %d}\n' % n for n in range(2000)))
    for length in [0, 1, 3, 10, len(content) // 2, len(content) - 5, len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ManifestError, match="damaged or incomplete") as error:
            lines_of(path)
        assert repr(str(path)) in str(error.value)


def test_a_second_member_that_ends_early_is_noticed(tmp_path, ending):
    path = tmp_path / f"m.jsonl{ending}"
    path.write_bytes(COMPRESS[ending](GOOD) + COMPRESS[ending](GOOD * 9)[:-3])
    with pytest.raises(ManifestError, match="damaged or incomplete"):
        lines_of(path)


def test_what_is_not_compressed_says_so(tmp_path, ending):
    path = tmp_path / f"m.jsonl{ending}"
    path.write_bytes(GOOD)
    with pytest.raises(ManifestError, match="damaged or incomplete"):
        lines_of(path)


def test_a_damaged_manifest_leaves_no_output(tmp_path, ending):
    path = tmp_path / f"m.jsonl{ending}"
    path.write_bytes(COMPRESS[ending](GOOD * 5000)[:-2])
    with pytest.raises(ManifestError):
        curate_manifest(path, tmp_path / "out", quarantine=tmp_path / "bad")
    assert list(tmp_path.iterdir()) == [path]


def test_a_window_larger_than_memory_should_be_is_refused(tmp_path):
    path = tmp_path / "m.jsonl.zst"
    options = {zstd.CompressionParameter.window_log: 30}
    compressor = zstd.ZstdCompressor(options=options)
    path.write_bytes(compressor.compress(GOOD) + compressor.flush())
    with pytest.raises(ManifestError, match="too much memory"):
        lines_of(path)


# Too long

MEASURED = (
    OWN_PEAK
    + """
import sys
from alm import curate_manifest
stats = curate_manifest(sys.argv[1], sys.argv[2], quarantine=sys.argv[3])
print(stats["entries"], stats["quarantined"], own_peak())
"""
)


@pytest.mark.parametrize("ending", ["", *ENDINGS])
def test_a_line_of_100_mb_is_quarantined_in_bounded_memory(tmp_path, ending):
    long = b'{"note": "' + b"x" * 100_000_000 + b'"}'
    source = tmp_path / f"m.jsonl{ending}"
    source.write_bytes(COMPRESS.get(ending, bytes)(GOOD + long + b"\r\n" + GOOD))
    bad = tmp_path / "bad"
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, source, tmp_path / "out", bad],
        capture_output=True,
        check=True,
    )
    entries, quarantined, kibibytes = map(int, done.stdout.split())
    assert (entries, quarantined) == (2, 1)
    record = json.loads(bad.read_bytes())
    assert record["reason"] == "line_too_long"
    assert (record["line_number"], record["byte_offset"]) == (2, len(GOOD))
    assert record["byte_length"] == len(long)
    assert record["line"].endswith(f"… [cut after 1048576 of {len(long)} bytes]")
    assert kibibytes < 350 * 1024


@pytest.mark.parametrize("size", range(5, 15))
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_limit_to_the_byte(tmp_path, size, end):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"x" * size + end + (b"y\n" if end else b""))
    lines = list(read_lines(ByteRange(str(path), 0, path.stat().st_size), longest=10))
    assert (lines[0].length, lines[0].offset, lines[0].number) == (size, 0, 1)
    assert bool(lines[0].beyond) == (size > 10)
    assert lines[0].raw.rstrip(b"\r\n") == b"x" * min(size, 10)
    assert lines[1:] == ([Line(size + len(end), 2, b"y\n")] if end else [])


def test_only_a_line_without_any_content_is_blank(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b" " * 30 + b"x\n" + b" " * 30 + b"\n")
    first, second = read_lines(ByteRange(str(path), 0, 63), longest=10)
    assert not first.is_blank
    assert second.is_blank
    assert (first.length, second.length, second.offset) == (31, 30, 32)


# Changed


def test_a_manifest_that_was_changed_is_noticed(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(GOOD * 2)
    span = whole_file(str(path))
    path.write_bytes(GOOD.replace(b"16000", b"22050") * 2)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    with pytest.raises(ManifestError, match="was changed while the run was under way"):
        list(read_lines(span))


def test_a_manifest_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(GOOD * 2)
    lines = read_lines(whole_file(str(path)))
    next(lines)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    with pytest.raises(ManifestError, match="was changed"):
        list(lines)


def test_rows_that_come_later_are_left_for_the_next_run(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(GOOD * 2)
    span = whole_file(str(path))
    lines = read_lines(span)
    next(lines)
    with path.open("ab") as file:
        file.write(GOOD * 3)
    assert len(list(lines)) == 1
    assert len(list(read_lines(span))) == 2
    assert len(lines_of(path)) == 5


def test_a_compressed_manifest_that_grows_is_another_one(tmp_path, ending):
    path = tmp_path / f"m.jsonl{ending}"
    path.write_bytes(COMPRESS[ending](GOOD))
    span = whole_file(str(path))
    with path.open("ab") as file:
        file.write(COMPRESS[ending](GOOD)[:-2])
    with pytest.raises(ManifestError, match="was changed"):
        list(read_lines(span))


def test_a_manifest_replaced_by_a_shorter_one_is_noticed(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(GOOD * 2)
    span = whole_file(str(path))
    path.write_bytes(GOOD)
    with pytest.raises(ManifestError, match="became shorter"):
        list(read_lines(span))


# Refused before any work


def test_a_manifest_that_may_not_be_read_stops_before_work():
    """Root may read everything, so this lets go of its rights for a moment."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        manifest = Path(folder) / "m.jsonl"
        manifest.write_bytes(GOOD)
        manifest.chmod(0)
        user = os.geteuid()
        try:
            if user == 0:
                os.setresuid(65534, 65534, 0)
            with pytest.raises(ManifestError, match=r"m\.jsonl'.*permission denied"):
                discover(folder)
        finally:
            os.setresuid(user, user, user)
