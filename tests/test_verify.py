"""The record of a run is true, and what no longer agrees with it is found and named."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from conftest import Run, RunWorkflow, copy_of, shared_run, workflow_in
from helpers import ROOT, SAMPLE, of_lines

from alm import __version__, cli
from alm.errors import AlmError
from alm.jobs.record import OWN_DIGEST, SCHEMA, with_own_digest
from alm.provenance.code import code_hashes
from alm.verify import main, verify

pytestmark = pytest.mark.workflow

ROWS = b"".join(path.read_bytes() for path in sorted(SAMPLE.rglob("*.jsonl"))).splitlines(True)
SETTINGS = {"manifest_path": "in", "shard_size": 130_000, "max_invalid_fraction": 1.0}
FILES = ["quarantine.jsonl", "stats.json", "stats.tsv", "stats.parquet", "recordings.tsv"]


MANIFESTS = {
    "in/a.jsonl": b"\n" + ROWS[0] + b"{broken\r\n \r\n" + b"".join(ROWS[1:]).rstrip(),
    "in/b.jsonl.gz": ROWS[3] + b"[]\n" + ROWS[4],
    "in/c.jsonl.zst": ROWS[5] + ROWS[6] + b"\n",
    "in/d 'é'.jsonl": ROWS[7] * 2,
    "in/e.jsonl": b"",
}
"""The lines of manifests of every kind, with rows to refuse, by path."""


def put_manifests(folder: Path) -> None:
    (folder / "in").mkdir()
    for name, content in MANIFESTS.items():
        pack = {".gz": gzip.compress, ".zst": zstd.compress}.get(Path(name).suffix, bytes)
        (folder / name).write_bytes(pack(content))


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run over these manifests, to look at, not to change."""

    def make(folder: Path) -> Run:
        put_manifests(folder)
        return workflow_in(folder)(**SETTINGS)

    with shared_run(tmp_path_factory, "recorded", make) as run:
        yield run


def record_of(run: Run) -> dict[str, Any]:
    return json.loads((run.output / "provenance.json").read_bytes())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shell(command: str) -> str:
    return subprocess.check_output(command, shell=True, cwd=ROOT, text=True).strip()


def findings(output: Path) -> list[tuple[str, str]]:
    return [tuple(finding) for finding in verify(output)]


def test_the_record_is_true(recorded: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run, folder = recorded, recorded.output.parent
    record = record_of(run)
    rows = (run.output / "alm_output.jsonl").read_bytes()
    refused = run.lines("quarantine.jsonl")

    assert record["alm"]["version"] == __version__
    source = "find {} -type f | grep -v pycache | LC_ALL=C sort | xargs sha256sum | sha256sum"
    python = r"alm -regex '.*\.\(py\|pxd\|pyx\|j2\|css\|js\)'"
    assert record["alm"]["source_sha256"] == shell(source.format(python))[:64]
    workflow = "Snakefile workflow/Snakefile workflow/rules workflow/scripts workflow/schemas"
    assert record["alm"]["workflow_sha256"] == shell(source.format(workflow))[:64]
    assert record["alm"]["commit"].removesuffix("-dirty") == shell("git rev-parse HEAD")
    assert record["parameters"] == run.stats["parameters"] | {"target_duration": 120.0}
    assert record["versions"] == run.stats["versions"]
    code = code_hashes(["alm.jobs.build", "alm.jobs.overlap"])
    for made in record["made_by"]:
        assert made["backend"] == "local"
        assert made["code"] == code[f"alm.jobs.{made['step']}"]
        assert made["shards"] == run.jobs["build"] >= 3
        assert made["versions"].items() <= record["versions"].items()
    assert [made["step"] for made in record["made_by"]] == ["build", "overlap"]

    assert record["output"] == {
        "path": "alm_output.jsonl",
        "bytes": len(rows),
        "rows": rows.count(b"\n"),
        "lines_xxh128": of_lines(rows),
    }
    parts = [(run.output / part["path"]).read_bytes() for part in record["parts"]]
    assert b"".join(parts) == rows
    for part, content in zip(record["parts"], parts, strict=True):
        assert (part["bytes"], part["rows"]) == (len(content), content.count(b"\n"))
        assert part["lines_xxh128"] == of_lines(content)
    assert [each["path"] for each in record["files"]] == FILES
    for each in record["files"]:
        path = run.output / each["path"]
        assert (each["bytes"], each["sha256"]) == (path.stat().st_size, sha256(path))
    assert record["files"][0]["lines"] == len(refused) == 2

    assert [each["path"] for each in record["manifests"]] == list(MANIFESTS)
    for each in record["manifests"]:
        path, content = each["path"], MANIFESTS[each["path"]]
        status = (folder / path).stat()
        assert each["bytes"] == status.st_size
        assert each["version"] == f"{status.st_size}-{status.st_mtime_ns}"
        assert each["lines"] == len(content.splitlines())
        assert each["lines_xxh128"] == of_lines(content)
        assert each["quarantined"] == sum(row["manifest_filepath"] == path for row in refused)
        non_blank = sum(bool(line.strip()) for line in content.splitlines())
        assert each["rows"] + each["quarantined"] == non_blank
    monkeypatch.chdir(folder)
    assert findings(run.output) == []


def test_the_same_again_is_the_same_record(
    recorded: Run, run_workflow: RunWorkflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other cuts and cores give the same checksums."""
    copy_of(recorded, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    shutil.rmtree("out")
    run = run_workflow(targets=["provenance"], **SETTINGS)
    text = (run.output / "provenance.json").read_bytes()
    assert text == (recorded.output / "provenance.json").read_bytes()
    record = json.loads(text)
    others = SETTINGS | {"shard_size": "auto", "output_dir": "other"}
    other = run_workflow(targets=["provenance"], **others, cores=1)
    assert record_of(other)["output"] == record["output"]
    assert record_of(other)["manifests"] == record["manifests"]

    # So does an index in place of the merged file, without anything computed again.
    indexed = run_workflow(**SETTINGS, merge=False)
    assert "overlap" not in indexed.jobs
    again = record_of(indexed)
    assert again["output"] == record["output"] | {"path": "alm_output.index.jsonl"}
    assert again["parts"] == record["parts"]
    assert [each["path"] for each in again["files"]] == ["alm_output.index.jsonl", *FILES]
    assert findings(indexed.output) == []
    part = indexed.output / again["parts"][1]["path"]
    flip(part.name, -5)(part.parent)
    ((level, text),) = findings(indexed.output)
    assert level == "error"
    assert text.startswith(f"{part}: line {again['parts'][1]['rows']} is not as it was written")


def test_a_manifest_more_leaves_what_is_known_of_the_others(
    recorded: Run, run_workflow: RunWorkflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = record_of(recorded)
    copy_of(recorded, tmp_path / "work")
    (tmp_path / "work" / "in" / "a2.jsonl").write_bytes(ROWS[0] * 10)
    run = run_workflow(**SETTINGS)
    assert 0 < run.jobs["build"] < before["made_by"][0]["shards"]
    after = record_of(run)
    (new,) = [each for each in after["manifests"] if each not in before["manifests"]]
    assert new["lines_xxh128"] == of_lines(ROWS[0] * 10)
    assert len(after["manifests"]) == len(before["manifests"]) + 1
    assert after["output"]["lines_xxh128"] == of_lines(
        (run.output / "alm_output.jsonl").read_bytes()
    )
    monkeypatch.chdir(tmp_path / "work")
    assert findings(run.output) == []


def flip(name: str, at: int) -> Callable[[Path], None]:
    """Damage a byte, counted from the end if negative."""

    def damage(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[at] ^= 1
        (folder / name).write_bytes(content)

    return damage


def replace(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return damage


def edited_by_one_who_knows(*change: bytes) -> Callable[[Path], None]:
    """Change the record, and its own checksum with it."""

    def edit(text: bytes) -> bytes:
        return with_own_digest(text.rpartition(OWN_DIGEST)[0].replace(*change, 1))

    return replace("out/provenance.json", edit)


def both(*damages: Callable[[Path], None]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for each in damages:
            each(folder)

    return damage


def without_line(number: int) -> Callable[[bytes], bytes]:
    def cut(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join(lines[: number - 1] + lines[number:])

    return cut


OUTPUT, REFUSED, MANIFEST = "out/alm_output.jsonl", "out/quarantine.jsonl", "in/a.jsonl"


def without_work(folder: Path) -> None:
    """Delete what lies between the jobs."""
    shutil.rmtree(folder / "out" / "work")


DAMAGES: dict[str, tuple[Callable[[Path], None], int, list[str]]] = {
    "nothing": (lambda folder: None, 0, []),
    "a byte of the first row": (flip(OUTPUT, 7), 1, [f"error: {OUTPUT}: line 1 is not as it"]),
    "a byte of the last row": (flip(OUTPUT, -3), 1, [f"error: {OUTPUT}: line 16 is not as it"]),
    "two bytes in two shards": (
        both(flip(OUTPUT, 7), flip(OUTPUT, -3)),
        1,
        [f"error: {OUTPUT}: line 1 is not", f"error: {OUTPUT}: line 16 is not"],
    ),
    "a byte, and nothing left between the jobs": (
        both(flip(OUTPUT, 7), without_work),
        1,
        [f"error: {OUTPUT}: lines 1 to ", "note: out/work/seals: is gone, and with it"],
    ),
    "two rows made one": (
        replace(OUTPUT, lambda text: text.replace(b"\n", b" ", 1)),
        1,
        [f"error: {OUTPUT}: line 1 is not"],
    ),
    "a row is missing": (
        replace(OUTPUT, without_line(3)),
        1,
        [f"error: {OUTPUT}: has ", f"error: {OUTPUT}: line 3 is not"],
    ),
    "a row more": (replace(OUTPUT, lambda text: text + b"{}\n"), 1, [f"error: {OUTPUT}: has "]),
    "cut short": (
        replace(OUTPUT, lambda text: text[:-1000]),
        1,
        [f"error: {OUTPUT}: has ", f"error: {OUTPUT}: line 16 is not"],
    ),
    "no output": (
        lambda folder: (folder / OUTPUT).unlink(),
        1,
        [f"error: {OUTPUT}: cannot be read: No such file"],
    ),
    "a quarantined row is missing": (
        replace(REFUSED, without_line(1)),
        1,
        [f"error: {REFUSED}: has "],
    ),
    "a byte of the quarantine": (flip(REFUSED, 30), 1, [f"error: {REFUSED}: its "]),
    "a byte of the statistics": (flip("out/stats.parquet", 99), 1, ["error: out/stats.parquet: "]),
    "no table": (lambda folder: (folder / "out/stats.tsv").unlink(), 1, ["error: out/stats.tsv: "]),
    "a byte of a manifest": (
        flip(MANIFEST, 999),
        1,
        [f"error: '{MANIFEST}': was changed since the run, and still has "],
    ),
    "a shorter manifest": (
        replace(MANIFEST, lambda text: text[:-1]),
        1,
        [f"error: '{MANIFEST}': was changed since the run: it has "],
    ),
    "a damaged compressed manifest": (
        replace("in/b.jsonl.gz", lambda text: text[:-9]),
        1,
        ["error: 'in/b.jsonl.gz': was changed since the run: it has "],
    ),
    "a longer manifest": (
        replace("in/d 'é'.jsonl", lambda text: text + b"{}\n"),
        0,
        ["warning: \"in/d 'é'.jsonl\": has grown to "],
    ),
    "a manifest whose last line goes on": (
        replace(MANIFEST, lambda text: text + b" \n"),
        1,
        [f"error: '{MANIFEST}': was changed since the run: it has "],
    ),
    "a manifest compressed anew": (
        replace("in/b.jsonl.gz", lambda text: gzip.compress(gzip.decompress(text), 1)),
        0,
        [],
    ),
    "a manifest touched": (lambda folder: os.utime(folder / MANIFEST), 0, []),
    "a missing manifest": (
        lambda folder: (folder / MANIFEST).unlink(),
        0,
        [f"warning: manifest '{MANIFEST}' does not exist"],
    ),
    "another source": (
        edited_by_one_who_knows(b'"source_sha256": "', b'"source_sha256": "0'),
        0,
        ["note: the source of alm has changed"],
    ),
    "a record that counts more rows": (
        edited_by_one_who_knows(b'"rows": 16', b'"rows": 17'),
        1,
        ["error: provenance.json counts 17 rows of output, and 16 that"],
    ),
    "14_05: a figure of the record that nothing else is compared with": (
        replace("out/provenance.json", lambda text: text.replace(b": 0.1,", b": 0.2,", 1)),
        1,
        ["error: out/provenance.json: was edited after the run wrote it"],
    ),
    "14_05: a record without its checksum": (
        replace("out/provenance.json", lambda text: text.rpartition(OWN_DIGEST)[0] + b"}"),
        1,
        ["error: out/provenance.json: was edited after the run wrote it"],
    ),
    "14_05: a byte of the report": (
        flip("out/report/windows.html", 5000),
        1,
        ["error: 'out/report/windows.html' is not as its job wrote it"],
    ),
    "14_05: a page is missing": (
        lambda folder: (folder / "out/report/windows.html").unlink(),
        1,
        ["error: out: the report is not whole or not of this run (out/report/windows.html: No "],
    ),
    "14_05: the report of another run": (
        lambda folder: next((folder / "out/work/seals").glob("pages.*")).rename(
            folder / "out/work/seals/pages.1.json"
        ),
        1,
        ["error: out: the report is not whole or not of this run (out/work/seals/pages."],
    ),
    "14_05: a byte of the second shard": (
        lambda folder: flip(record_of(Run(folder / "out", 0, ""))["parts"][1]["path"], 9)(
            folder / "out"
        ),
        1,
        ["error: out/shards/"],
    ),
    "14_05: a shard is missing": (
        lambda folder: next((folder / "out" / "shards").iterdir()).unlink(),
        1,
        ["error: out/shards/"],
    ),
    "the shards are deleted, since they are merged": (
        lambda folder: shutil.rmtree(folder / "out" / "shards"),
        0,
        [],
    ),
    "14_05: an index of an earlier run": (
        lambda folder: (folder / "out" / "alm_output.index.jsonl").write_bytes(b"{}\n"),
        1,
        ["error: out/alm_output.index.jsonl: is of another run, this one wrote alm_output.jsonl"],
    ),
}


def test_every_damage_is_found_and_named(
    recorded: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    for name, (damage, code, expected) in DAMAGES.items():
        folder = tmp_path / "copies" / name
        copy_of(recorded, folder)
        damage(folder)
        monkeypatch.chdir(folder)
        assert main(["out"]) == code, name
        *found, last = capsys.readouterr().out.splitlines()
        pairs = zip(found, expected, strict=True)
        assert all(line.startswith(start) for line, start in pairs), (name, found)
        assert last.startswith("out: 1"), name
        shutil.rmtree(folder)


def test_make_verify_and_the_command_check_the_directory_that_they_are_given(
    sample_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = shutil.copytree(sample_run.output, tmp_path / "out put")

    def make() -> subprocess.CompletedProcess:
        # As `make verify`, without what sets up an environment.
        recipe = shell("sed -n '/^verify:/,/^$/p' Makefile").splitlines()[1].strip()
        command = recipe.replace("$(IN_VENV)", "").replace("$(OUTPUT)", str(folder))
        return subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT)

    done = make()
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout == f"{folder}: 10 rows of 3 manifests: the outputs are as the run wrote them\n"
    )
    assert cli.main(["verify", str(folder)]) == 0
    assert capsys.readouterr() == (done.stdout, "")
    flip("alm_output.jsonl", 5)(folder)
    done = make()
    assert done.returncode == 1
    assert "line 1 is not as it was written" in done.stdout
    assert cli.main(["verify", str(folder)]) == 1
    assert capsys.readouterr() == (done.stdout, "")


def pieces_of(schema: dict[str, Any], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to each value that a reader of the record needs."""
    for name, each in schema.get("properties", {}).items():
        yield (*place, name)
        yield from pieces_of(each.get("items", each), (*place, name))


@pytest.mark.parametrize("place", list(pieces_of(SCHEMA)), ids=".".join)
def test_14_05_no_edit_of_the_record_ends_in_a_traceback(
    recorded: Run, tmp_path: Path, place: tuple[str, ...]
) -> None:
    """Whatever is missing or of another kind, even where its checksum was renewed."""
    whole = record_of(recorded)
    known = ("path", "version", "bytes", "lines_xxh128")
    whole["sources"] = [{name: whole["manifests"][0][name] for name in known}]
    odd: list[Any] = [None, "", "\0", "../..", -1, 1 << 70, 0.5, True, [], {}, [None], [[]], [{}]]
    for value in (KeyError, *odd):
        record = json.loads(json.dumps(whole))
        *way, last = place
        at = record
        for name in way:
            at = at[name][0] if isinstance(at[name], list) else at[name]
        if value is KeyError:
            del at[last]
        else:
            at[last] = value
        text = json.dumps(record).rpartition('"record_xxh128"')[0].rstrip(", ").encode()
        for written in (json.dumps(record).encode(), with_own_digest(text)):
            (tmp_path / "provenance.json").write_bytes(written)
            try:
                found = list(verify(tmp_path))
            except AlmError as error:
                found = [str(error)]
            assert found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist: name the output_dir of a run that has finished"),
        (b"{", "is not what a run writes"),
        (b"[]", "is not what a run writes"),
        (b"{}", "is not what a run writes"),
        (b'{"format": 99}', "has format 99, and this version reads 2"),
    ],
)
def test_without_a_record_there_is_nothing_to_check(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "provenance.json").write_bytes(content)
    with pytest.raises(AlmError, match=message):
        list(verify(tmp_path))
    command = [sys.executable, "-m", "alm.verify", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
