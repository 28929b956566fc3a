"""Files that are whole or absent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from alm.files import join, obstacle, written_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_its_block_ends(tmp_path):
    target = tmp_path / "sub" / "folder" / "out.jsonl"
    with written_whole(target) as file:
        file.write(b"text")
        assert not target.exists()
    assert target.read_bytes() == b"text"
    assert names(target.parent) == ["out.jsonl"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("old", [None, b"old"])
def test_an_error_leaves_nothing_and_keeps_the_old_file(tmp_path, error, old):
    target = tmp_path / "out.jsonl"
    if old is not None:
        target.write_bytes(old)

    def write_some() -> None:
        with written_whole(target) as file:
            file.write(b"x" * (3 << 20))
            raise error

    with pytest.raises(error):
        write_some()
    assert names(tmp_path) == (["out.jsonl"] if old else [])
    assert old is None or target.read_bytes() == old


def test_the_old_file_is_replaced_at_once(tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"a longer old text")
    with open(target, "rb") as reader, written_whole(str(target)) as file:
        file.write(b"new")
        assert target.read_bytes() == b"a longer old text"
        assert reader.read() == b"a longer old text"
    assert target.read_bytes() == b"new"


def test_a_target_that_cannot_be_replaced_leaves_nothing(tmp_path):
    target = tmp_path / "folder"
    (target / "inner").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"), written_whole(target) as file:
        file.write(b"text")
    assert names(tmp_path) == ["folder"]


def test_two_writers_do_not_meet(tmp_path):
    target = tmp_path / "out"
    with written_whole(target) as one:
        with written_whole(target) as other:
            one.write(b"one")
            other.write(b"other")
        assert target.read_bytes() == b"other"
    assert target.read_bytes() == b"one"
    assert names(tmp_path) == ["out"]


KILLED = """
import os, signal, sys
from alm.files import written_whole
with written_whole(sys.argv[1]) as file:
    file.write(b"x" * (3 << 20))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path):
    target = tmp_path / "out"
    for name in ("out", "other"):
        killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path / name], check=False)
        assert killed.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 2
    with written_whole(target) as file:
        file.write(b"text")
    assert len(names(tmp_path)) == 2
    with written_whole(tmp_path / "other"):
        pass
    assert names(tmp_path) == ["other", "out"]
    assert target.read_bytes() == b"text"


def test_a_new_file_has_the_usual_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        with written_whole(tmp_path / "out"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640


NAMES = ["x" * 255, "ü" * 127, "対" * 85, "👍" * 63, ".hidden", "a b\n'"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[0]))
def test_any_name_that_the_file_system_takes(tmp_path, name):
    (tmp_path / name).write_bytes(b"old")
    with written_whole(tmp_path / name) as file:
        file.write(b"new")
    assert (tmp_path / name).read_bytes() == b"new"


def test_a_temporary_file_is_no_manifest(tmp_path):
    with written_whole(tmp_path / "out.jsonl"):
        (temporary,) = names(tmp_path)
    assert not temporary.endswith((".jsonl", ".json"))


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=50), max_size=6))
def test_join_concatenates_in_order(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("join")
    parts = [folder / f"part{number}" for number in range(len(contents))]
    for part, content in zip(parts, contents, strict=True):
        part.write_bytes(content)
    join(parts, folder / "out" / "joined")
    assert (folder / "out" / "joined").read_bytes() == b"".join(contents)
    assert [part.read_bytes() for part in parts] == contents


def test_join_of_large_parts(tmp_path):
    contents = [os.urandom(5 << 20), b"", os.urandom((1 << 20) + 1)]
    parts = [tmp_path / str(number) for number in range(3)]
    for part, content in zip(parts, contents, strict=True):
        part.write_bytes(content)
    join(map(str, parts), str(tmp_path / "joined"))
    assert (tmp_path / "joined").read_bytes() == b"".join(contents)


def test_join_across_file_systems(tmp_path):
    """Where the kernel cannot copy by itself, as from /proc."""
    version = Path("/proc/version")
    if not version.is_file():
        pytest.skip("no /proc here")
    (tmp_path / "a").write_bytes(b"before ")
    join([tmp_path / "a", version, tmp_path / "a"], tmp_path / "joined")
    wanted = b"before " + version.read_bytes() + b"before "
    assert (tmp_path / "joined").read_bytes() == wanted


def test_join_of_a_missing_part_leaves_nothing(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(FileNotFoundError, match="gone"):
        join([tmp_path / "a", tmp_path / "gone"], tmp_path / "joined")
    assert names(tmp_path) == ["a"]


def test_14_13_what_keeps_files_from_being_written_is_said_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "shut" / "in").mkdir(parents=True)
    (tmp_path / "shut").chmod(0o500)
    for folder in (".", "new", "new/folder", tmp_path / "shut" / "in"):
        assert obstacle(folder) is None
    said = "'file' is a file, not a directory: name another place"
    assert obstacle("file") == obstacle("file/a") == obstacle("file/a/b") == said
    said = "'link' is a link to 'nowhere', which does not exist: make that folder, or remove"
    assert obstacle("link").startswith(said)
    assert obstacle("link/a").startswith(said)
    assert f"{str(tmp_path / 'file')!r} is a file" in obstacle(tmp_path / "file" / "a")
    me = os.geteuid()
    tmp_path.chmod(0o755)
    if me == 0:
        os.seteuid(65534)
    try:
        said = obstacle("shut/new")
    finally:
        os.seteuid(me)
    assert said is not None
    assert said.startswith("your account may not write into 'shut'") or me == 0
    os.mkdir("gone")
    monkeypatch.chdir("gone")
    os.rmdir(tmp_path / "gone")
    assert obstacle("a") == "the working directory is gone: change to one that exists"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a file system")
def test_14_13_a_read_only_file_system(tmp_path):
    show = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from alm.files import obstacle; "
    show += "print(obstacle(sys.argv[1] + '/a'))"
    mount = 'mount -t tmpfs -o ro none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-m", "sh", "-c", mount, "sh", tmp_path, sys.executable, show]
    said = subprocess.check_output(command, text=True)
    assert said == f"{str(tmp_path)!r} is on a file system that is read-only: name another place\n"
