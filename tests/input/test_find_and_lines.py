"""Find manifests, cut them, read their lines."""

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alm.errors import ManifestError
from alm.input import (
    ByteRange,
    Line,
    cut_evenly,
    discover,
    find_manifests,
    line_number,
    read_lines,
    whole_file,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory, so that paths can be relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: str, content: bytes = b"{}\n") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)


def found(manifest_path: str | list[str]) -> list[str]:
    return [manifest.path for manifest in discover(manifest_path)]


# Discovery


def test_a_file_of_any_name(here):
    put("rows.txt", b"12345")
    assert [manifest[:2] for manifest in discover("rows.txt")] == [("rows.txt", 5)]


def test_a_directory_is_searched_recursively_for_manifests_only(here):
    for name in ("b.jsonl", "a.json", "c.txt", "d.jsonl.tmp", "e.JSONL", "json", "x/y/z.jsonl"):
        put(f"in/{name}")
    put("in/folder.jsonl/inner.json")
    os.mkdir("in/empty")
    wanted = ["in/a.json", "in/b.jsonl", "in/folder.jsonl/inner.json", "in/x/y/z.jsonl"]
    assert found("in") == wanted


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("in/*.jsonl", ["in/a.jsonl", "in/b.jsonl"]),
        ("in/**/*.jsonl", ["in/a.jsonl", "in/b.jsonl", "in/x/c.jsonl"]),
        ("in/**", ["in/a.jsonl", "in/b.jsonl", "in/x/c.jsonl"]),
        ("in/[b-z].jsonl", ["in/b.jsonl"]),
        ("i?/x/*", ["in/x/c.jsonl"]),
    ],
)
def test_a_glob(here, pattern, wanted):
    for name in ("a.jsonl", "b.jsonl", "x/c.jsonl", "x/d.txt"):
        put(f"in/{name}")
    assert found(pattern) == wanted


def test_a_list_keeps_its_order_and_counts_a_file_once(here):
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        put(f"in/{name}")
    os.symlink("a.jsonl", "in/z.jsonl")
    assert found(["in/c.jsonl", "in", "./in/a.jsonl"]) == ["in/c.jsonl", "in/a.jsonl", "in/b.jsonl"]
    assert found(["./in/../in/b.jsonl", "in/*"])[0] == "./in/../in/b.jsonl"


def test_paths_stay_as_configured(here):
    put("in/a.jsonl")
    os.symlink("in", "link")
    assert found(["./in//a.jsonl"]) == ["./in//a.jsonl"]
    assert found("link") == ["link/a.jsonl"]
    assert found(str(here / "in")) == [f"{here}/in/a.jsonl"]
    assert found("in/") == ["in/a.jsonl"]


def test_14_10_hidden_files_below_a_searched_directory_are_left_out(here):
    for name in ("a.jsonl", "x/b.jsonl"):
        put(f".data/in/{name}")
    hidden = (".ipynb_checkpoints/a-checkpoint.jsonl", "._a.jsonl", "x/.git/b.json", ".txt")
    for name in hidden:
        put(f".data/in/{name}")
    wanted = [".data/in/a.jsonl", ".data/in/x/b.jsonl"]
    for pattern in (".data/in", ".data/in/", "./.data/in", ".data/in/**", f"{here}/.data/in"):
        manifests, left_out = find_manifests(pattern)
        assert [os.path.relpath(each.path) for each in manifests] == wanted
        assert left_out == 3
    assert find_manifests(".data/in/*.jsonl").hidden == 1
    os.chdir(".data/in")
    assert find_manifests(".") == ([("./" + n, *rest) for n, *rest in discover("**")], 3)


def test_14_10_what_is_hidden_can_be_named(here):
    put("in/.a/b.jsonl")
    put("in/.c.jsonl")
    put("in/.d/.e.jsonl")
    assert found("in/.c.jsonl") == ["in/.c.jsonl"]
    assert found("in/.a") == found("in/.a/*") == found("in/.[a-b]/*") == ["in/.a/b.jsonl"]
    assert found("in/**/.c*") == ["in/.c.jsonl"]
    with pytest.raises(ManifestError, match=r"but 3 hidden ones, whose name or folder begins with"):
        discover("in")


def test_14_10_a_hidden_folder_that_may_not_be_read_ends_nothing(here, monkeypatch):
    """As root may read all: a folder that is gone when it is looked into."""
    put("in/a.jsonl")
    os.makedirs("in/.Trash")
    scan = os.scandir

    def gone(path):
        if str(path).endswith(".Trash"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", gone)
    assert found("in") == ["in/a.jsonl"]


NAMES = [
    "two words.jsonl",
    'it\'s "quoted".jsonl',
    "line\nbreak.jsonl",
    "gespräch 对话 👍.jsonl",
    "[ab]*?.jsonl",
    "{braces}.jsonl",
    "-option.jsonl",
    "a\tb\\c.jsonl",
    "$HOME;`ls`.jsonl",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_of_any_kind(here, name):
    path = f"in/{name}"
    put(path, b"{}\n{}")
    for manifest_path in (path, "in", "in/*", [path, path]):
        assert [manifest[:2] for manifest in discover(manifest_path)] == [(path, 5)]
    assert [line.text for line in read_lines(whole_file(path))] == [b"{}\n", b"{}"]


def test_14_12_a_name_that_is_no_utf_8_is_refused_by_its_escaped_form(here):
    name = os.fsdecode(b"in/not \xff utf-8.jsonl")
    put(name)
    for search in (lambda: discover(name), lambda: discover("in"), lambda: whole_file(name)):
        with pytest.raises(ManifestError) as refused:
            search()
        assert str(refused.value) == (
            r"the name of manifest 'in/not \xff utf-8.jsonl' is not UTF-8, and could not be "
            "written into the output: rename it, or leave it out"
        )


def test_a_directory_whose_name_is_a_glob(here):
    put("in[1]/a.jsonl")
    put("in1/b.jsonl")
    assert found("in[1]") == ["in[1]/a.jsonl"]


@pytest.mark.parametrize(
    "marks", [["x/out/work/shards/1.json"], ["x/out/alm_output.jsonl", "x/out/stats.json"]]
)
def test_the_output_of_any_run_is_no_input(here, marks):
    for name in ("a.jsonl", "x/b.jsonl", "x/out/c.jsonl", "x/out/work/overlap/d.jsonl"):
        put(f"in/{name}")
    for name in marks:
        put(f"in/{name}")
    for pattern in ("in", "in/", "in/**", f"{here}/in", "i*/**/*.jsonl"):
        assert [os.path.relpath(path) for path in found(pattern)] == ["in/a.jsonl", "in/x/b.jsonl"]
    for pattern in ("in/x/out", "in/x/out/*.jsonl", "*/x/out/**"):
        with pytest.raises(ManifestError, match="outside of output directories"):
            found(pattern)
    assert found("in/x/out/c.jsonl") == ["in/x/out/c.jsonl"]
    assert found("in/x/out/work/overlap") == ["in/x/out/work/overlap/d.jsonl"]


def test_one_of_the_names_of_our_output_is_no_reason_to_leave_a_folder_out(here):
    put("in/alm_output.jsonl")
    put("in/work/a.jsonl")
    assert found("in") == ["in/alm_output.jsonl", "in/work/a.jsonl"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("links", [["."], [".", ".."]])
@pytest.mark.parametrize("pattern", ["in", "in/**"])
def test_symlink_loops_end(here, pattern, links):
    put("in/a.jsonl")
    for target in links:
        os.symlink(target, f"in/loop{len(target)}")
    assert found(pattern) == ["in/a.jsonl"]


@pytest.mark.parametrize("pattern", ["in", "in/*.jsonl"])
@pytest.mark.parametrize("target", ["gone.jsonl", "a.jsonl"])
def test_a_link_to_nothing_is_named(here, target, pattern):
    os.mkdir("in")
    os.symlink(target, "in/a.jsonl")
    with pytest.raises(ManifestError, match=r"cannot read manifest 'in/a\.jsonl'"):
        discover(pattern)


def test_what_is_no_file_is_no_manifest(here):
    put("in/a.jsonl")
    os.mkfifo("in/pipe.jsonl")
    assert found("in") == ["in/a.jsonl"]


@pytest.mark.parametrize("path", ["nowhere", "in/nowhere.jsonl", "nul\0.jsonl", "a.jsonl/x"])
def test_a_missing_path_says_so(here, path):
    put("a.jsonl")
    with pytest.raises(ManifestError) as error:
        discover(path)
    assert f"{path!r} does not exist" in str(error.value)
    assert repr(str(here)) in str(error.value)
    with pytest.raises(ManifestError, match="does not exist"):
        discover(["a.jsonl", path])


@pytest.mark.parametrize(
    ("path", "what"),
    [("in", "directory"), ("in/", "directory"), ("in/*.json", "glob"), ("nowhere/**", "glob")],
)
def test_nothing_found_says_so(here, path, what):
    put("in/readme.txt")
    with pytest.raises(ManifestError) as error:
        discover(path)
    assert f"the {what} {path!r} holds no manifest" in str(error.value)
    assert ".jsonl or .json" in str(error.value)


def test_an_empty_list_says_so():
    with pytest.raises(ManifestError, match="empty list"):
        discover([])


def test_whole_file(here):
    put("a.jsonl", b"123")
    assert whole_file("a.jsonl")[:3] == ("a.jsonl", 0, 3)
    for path in ("nowhere", "."):
        with pytest.raises(ManifestError, match="does not exist or is not a file"):
            whole_file(path)


# Reading

CONTENTS = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"\r", b"a", b"bc", b" ", b"\xef\xbb\xbf", b"\xff", b'{"a"}'])
    | st.binary(max_size=4),
    max_size=40,
).map(b"".join)


def lines_of(content: bytes) -> list[tuple[int, bytes]]:
    """Offset and content of each line, plainly."""
    lines, offset = [], 0
    for text in content.split(b"\n"):
        text = text + b"\n" if offset + len(text) < len(content) else text
        if text:
            lines.append((offset, text))
        offset += len(text)
    return lines


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return tmp_path_factory.mktemp("lines") / "m.jsonl"


@settings(max_examples=300)
@given(CONTENTS, st.data())
def test_any_partition_yields_every_line_once(manifest, content, data):
    manifest.write_bytes(content)
    size = len(content)
    cuts = data.draw(st.lists(st.integers(0, size), max_size=8).map(sorted))
    read: list[tuple[int, bytes]] = []
    before = 0
    for start, stop in pairwise([0, *cuts, size]):
        lines = list(read_lines(ByteRange(str(manifest), start, stop)))
        assert [line.number for line in lines] == list(range(1, len(lines) + 1))
        for line in lines:
            assert line_number(str(manifest), line.offset) == before + line.number
            mark = b"\xef\xbb\xbf" if line.offset == 0 else b""
            assert line.text == line.raw.removeprefix(mark)
        read += [(line.offset, line.raw) for line in lines]
        before += len(lines)
    assert read == lines_of(content)


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", []),
        (b"\n", [b"\n"]),
        (b"a\r\nb\r\n", [b"a\r\n", b"b\r\n"]),
        (b"a\rb\n", [b"a\rb\n"]),
        (b"a\n\n\nb", [b"a\n", b"\n", b"\n", b"b"]),
        (b"\xef\xbb\xbf", [b""]),
        (b"\xef\xbb\xbf\n{}", [b"\n", b"{}"]),
        (b"{}\n\xef\xbb\xbf{}", [b"{}\n", b"\xef\xbb\xbf{}"]),
        ("a\u2028b\u0085c\x0b\x1cd\n".encode(), ["a\u2028b\u0085c\x0b\x1cd\n".encode()]),
    ],
)
def test_lines_end_at_line_feeds_only(manifest, content, texts):
    manifest.write_bytes(content)
    assert [line.text for line in read_lines(whole_file(str(manifest)))] == texts


def test_lines_longer_than_the_buffer(manifest):
    long = b"x" * (3 << 20)
    manifest.write_bytes(b"a\n" + long + b"\nb\n")
    last = 3 + len(long)
    middle = ByteRange(str(manifest), 1, 1 << 20)
    assert list(read_lines(middle)) == [Line(2, 1, long + b"\n")]
    for start in (3, 1 << 20, 2 << 20, last):
        assert list(read_lines(ByteRange(str(manifest), start, last + 1))) == [
            Line(last, 1, b"b\n")
        ]
    assert line_number(str(manifest), last) == 3


@pytest.mark.parametrize(
    ("text", "blank"),
    [(b"", True), (b"\r\n", True), (b" \t\r\n", True), (b"{}", False), (b"\xc2\xa0\n", False)],
)
def test_blank_lines(text, blank):
    assert Line(0, 1, text).is_blank == blank


def test_a_file_that_is_gone_or_has_shrunk(here):
    put("a.jsonl", b"{}\n{}\n")
    with pytest.raises(ManifestError, match=r"cannot read manifest 'gone\.jsonl'"):
        list(read_lines(ByteRange("gone.jsonl", 0, 6)))
    for start in (0, 3, 100):
        with pytest.raises(ManifestError, match=r"'a\.jsonl' ends at byte .* became shorter"):
            list(read_lines(ByteRange("a.jsonl", start, 200)))


# Cutting

range_lists = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.integers(0, 1000)), max_size=12
).map(lambda spans: [ByteRange(path, start, start + size) for path, start, size in spans])


def joined(spans: list[ByteRange]) -> list[ByteRange]:
    """Ranges that follow upon each other as one, and without the empty ones."""
    result: list[ByteRange] = []
    for span in spans:
        if span.start == span.stop:
            continue
        if result and result[-1].path == span.path and result[-1].stop == span.start:
            result[-1] = result[-1]._replace(stop=span.stop)
        else:
            result.append(span)
    return result


@settings(max_examples=300)
@given(range_lists, st.integers(1, 40))
def test_cut_evenly_partitions(spans, count):
    groups = cut_evenly(spans, count)
    assert len(groups) <= count
    assert all(groups)
    assert joined([span for group in groups for span in group]) == joined(spans)
    assert {span for span in spans if span.start == span.stop} <= {
        span for group in groups for span in group
    }, "the manifest of an empty range is not forgotten"
    sizes = [sum(span.stop - span.start for span in group) for group in groups]
    total = sum(sizes)
    assert all(size <= total / count + 1 for size in sizes)
    if total >= count:
        assert len([size for size in sizes if size]) == count


def test_cut_evenly_by_hand():
    spans = [ByteRange("a", 0, 10), ByteRange("b", 5, 6), ByteRange("c", 0, 9)]
    assert cut_evenly(spans, 2) == [(ByteRange("a", 0, 10),), (spans[1], spans[2])]
    assert cut_evenly(spans, 1) == [tuple(spans)]
    assert cut_evenly([ByteRange("a", 0, 0)], 4) == [(ByteRange("a", 0, 0),)]
    assert cut_evenly([], 4) == []
