"""Dirty input through the whole workflow: `docs/input.md` promises these outcomes."""

import gzip
import json
import os
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, RunWorkflow
from helpers import SAMPLE

ROW = (SAMPLE / "interviews.jsonl").read_bytes().splitlines()[0]
LEAST = b'"audio_sample_rate": 16000, "segments": []'
HUGE = b"123456789012345678901234567890"

# The content of a manifest, how many of its rows come out, and where the others fail, and why.
CASES: dict[str, tuple[bytes, int, list[tuple[int, str]]]] = {
    "truncated last line": (ROW + b"\n" + ROW[:1000], 1, [(2, "invalid_json")]),
    "no last line break": (ROW + b"\n" + ROW, 2, []),
    "blank lines": (b"\n \n" + ROW + b"\n\t\n\n" + ROW + b"\n\n{}", 2, [(8, "missing_field")]),
    "CRLF": (ROW + b"\r\n\r\n" + ROW + b"\r\n{}\r\n", 2, [(4, "missing_field")]),
    "byte order mark": (b"\xef\xbb\xbf" + ROW + b"\n{}", 1, [(2, "missing_field")]),
    "mark in the middle": (ROW + b"\n\xef\xbb\xbf" + ROW, 1, [(2, "invalid_json")]),
    "invalid UTF-8": (ROW + b'\n{"a": "\xff", %s}\n' % LEAST, 1, [(2, "invalid_utf8")]),
    "UTF-16": (ROW.decode().encode("utf-16"), 0, [(1, "invalid_utf8")]),
    "deep nesting": (
        b'{"a": %s%s, %s}\n{"a": %s1%s, %s}'
        % (b"[" * 300, b"]" * 300, LEAST, b"[" * 200, b"]" * 200, LEAST),
        1,
        [(1, "too_deep")],
    ),
    "numbers as text": (
        b'{"audio_sample_rate": "16000", "segments": []}\n'
        b'{"audio_sample_rate": 16000, "segments": [{"start": "0", "end": "1"}]}',
        0,
        [(1, "wrong_type"), (2, "wrong_type")],
    ),
    "not finite": (
        b'{"a": NaN, %s}\n{"a": -Infinity, %s}\n{"a": 1e999, %s}' % (LEAST, LEAST, LEAST),
        0,
        [(1, "not_finite"), (2, "not_finite"), (3, "not_finite")],
    ),
    "an array on one line": (b"[" + ROW + b", " + ROW + b"]", 0, [(1, "not_an_object")]),
    "an array over lines": (
        b"[\n" + ROW + b",\n" + ROW + b"\n]\n",
        1,
        [(1, "invalid_json"), (2, "invalid_json"), (4, "invalid_json")],
    ),
    "several objects on a line": (ROW + b" " + ROW, 0, [(1, "invalid_json")]),
    "nothing at all": (b"", 0, []),
    "nothing but white space": (b" \r\n\n", 0, []),
    "zeros": (b"\0" * 100, 0, [(1, "invalid_json")]),
    "not compressed as its name says it is not": (
        gzip.compress(b"{}", mtime=0),
        0,
        [(1, "invalid_utf8")],
    ),
}
KEPT = {
    "duplicate keys": (b'{"a": 1, "a": 2, %s}' % LEAST, b'"a":2'),
    "integer beyond 64 bits": (b'{"a": %s, %s}' % (HUGE, LEAST), b'"a":' + HUGE),
    "lone surrogate": (b'{"a": "\\ud800", %s}' % LEAST, b'"a":"\\ud800"'),
    "float to the last bit": (b'{"a": 0.1000000000000000055, %s}' % LEAST, b'"a":0.1'),
    "escaped": (b'{"a": "\\u00e9\\u0000", %s}' % LEAST, '"a":"é\\u0000"'.encode()),
}
NAMES = [
    "two words.jsonl",
    'it\'s "quoted".jsonl',
    "line\nbreak.jsonl",
    "gespräch 对话 👍.jsonl",
    "{braces} <angles> {{}}.jsonl",
    "[ab]*?.jsonl",
    "-option.jsonl",
    "--config.jsonl",
    "a\tb\\c%s.jsonl",
    "$(touch injected);`touch injected`;$HOME.jsonl",
    "'; touch injected; '.jsonl",
    "| touch injected.jsonl",
]
UNNAMEABLE = ["line\nbreak.jsonl", "{braces} <angles> {{}}.jsonl"]
"""Among these, what Snakemake has no name for."""

pytestmark = pytest.mark.workflow


def failures(run: Run) -> dict[str, list[tuple[int, str]]]:
    found = defaultdict(list)
    for record in run.lines("quarantine.jsonl"):
        assert record["detail"]
        found[record["manifest_filepath"]].append((record["line_number"], record["reason"]))
    return found


def by_manifest(run: Run) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in run.lines("alm_output.jsonl"):
        found[row["manifest_filepath"]].append(row)
    return found


def test_every_row_is_answered_for(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    folder = tmp_path / "mani fests"
    folder.mkdir()
    for name, (content, _, _) in CASES.items():
        (folder / f"{name}.jsonl").write_bytes(content)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(content))
    for name, (line, _) in KEPT.items():
        (folder / f"{name}.json").write_bytes(line)
    config = {"manifest_path": str(folder), "shard_size": 150_000, "max_invalid_fraction": 1.0}
    run = run_workflow(targets=["merge_output", "stats"], **config)

    refused, rows = failures(run), by_manifest(run)
    contents = {}
    for name, (content, entries, wanted) in CASES.items():
        for ending in ("jsonl", "jsonl.gz"):
            path = f"{folder}/{name}.{ending}"
            assert (name, len(rows[path]), refused[path]) == (name, entries, wanted)
            contents[path] = content
    for record in run.lines("quarantine.jsonl"):
        content, start = contents[record["manifest_filepath"]], record["byte_offset"]
        text = content[start : start + record["byte_length"]]
        assert record["line"] == text.decode(errors="replace")
        assert record["line_number"] == content[:start].count(b"\n") + 1
    output = {
        os.path.basename(json.loads(line)["manifest_filepath"]): line
        for line in (run.output / "alm_output.jsonl").read_bytes().splitlines()
    }
    for name, (_, kept) in KEPT.items():
        assert kept in output[f"{name}.json"]
    stats = run.stats
    assert stats["entries"] == 2 * sum(entries for _, entries, _ in CASES.values()) + len(KEPT)
    assert stats["quarantined"] == 2 * sum(len(wanted) for _, _, wanted in CASES.values())
    assert stats["manifests"] == 2 * len(CASES) + len(KEPT)


def test_names_of_any_kind(run_workflow: RunWorkflow, tmp_path: Path) -> None:
    """In every place of a run, and a shell sees none of them."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(b'{"n": %d, %s}\n{}\n' % (number, LEAST))
    config = {"manifest_path": str(folder), "shard_size": 100, "max_invalid_fraction": 0.5}
    config["output_dir"] = "out put 'x' ö"
    run = run_workflow(**config)
    rows, refused = by_manifest(run), failures(run)
    for number, name in enumerate(NAMES):
        path = f"{folder}/{name}"
        assert [row["n"] for row in rows[path]] == [number]
        assert refused[path] == [(2, "missing_field")]
    assert run.stats["entries"] == len(NAMES)
    assert not list(tmp_path.rglob("injected*"))
    assert run_workflow("--dry-run", **config).jobs == {}
    for name in UNNAMEABLE:
        os.utime(folder / name)
    shards = run_workflow("--dry-run", **config).jobs["build"]
    assert 1 <= shards <= len(UNNAMEABLE) < run.jobs["build"]


def test_links_folders_and_earlier_output(
    run_workflow: RunWorkflow, tmp_path: Path, sample_run: Run
) -> None:
    """Links to files are read, wherever they lead; links to folders, and output, are not."""
    folder, outside = tmp_path / "in", tmp_path / "outside"
    (folder / "folder.jsonl").mkdir(parents=True)
    outside.mkdir()
    for path in (folder / "a.jsonl", folder / "folder.jsonl/b.jsonl", outside / "c.jsonl"):
        path.write_bytes(b"{%s}\n" % LEAST)
    (folder / "loop").symlink_to(".")
    (folder / "up").symlink_to("../outside")
    (folder / "c.jsonl").symlink_to("../outside/c.jsonl")
    (folder / "again.jsonl").symlink_to("a.jsonl")
    earlier = shutil.copytree(sample_run.output, folder / "x" / "first")
    assert (earlier / "work" / "shards").is_dir()
    output = str(folder / "x" / "second")
    run = run_workflow(targets=["merge_output"], manifest_path=str(folder), output_dir=output)
    names = [os.path.relpath(path, folder) for path in by_manifest(run)]
    assert names == ["a.jsonl", "c.jsonl", "folder.jsonl/b.jsonl"]


def test_a_damaged_manifest_is_named_and_the_others_wait_for_it(
    run_workflow: RunWorkflow, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b"{%s}" % LEAST)
    whole = gzip.compress(b"{%s}" % LEAST)
    (folder / "b.jsonl.gz").write_bytes(whole[:-1])
    config = {"manifest_path": str(folder), "shard_size": 40}
    run = run_workflow("--keep-going", targets=["merge_output", "stats"], check=False, **config)
    assert run.returncode != 0
    assert f"manifest '{folder}/b.jsonl.gz' is damaged or incomplete" in run.terminal
    assert not (run.output / "alm_output.jsonl").exists()
    (folder / "b.jsonl.gz").write_bytes(whole)
    run = run_workflow(targets=["merge_output", "stats"], **config)
    assert run.stats["entries"] == 2
    assert run.jobs["build"] == 1
