"""Check an output directory against its provenance.json: ``alm verify results/sample``.

``python -m alm.verify results/sample`` does the same where the command is not installed.

It reads all outputs and all manifests, in bounded memory, and says on a line each what differs:

- ``error``: an output is not what the run wrote, or a manifest no longer what the run read;
- ``warning``: a manifest cannot be reached, or has grown behind what the run read of it;
- ``note``: the source of alm is another one by now.

The exit code is 1 where there is an error, 2 if there is no ``provenance.json``. That file has a
checksum of its own; who wants to can write that, too, as all outputs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from alm.errors import AlmError, DamageError, ManifestError
from alm.input import ByteRange, is_compressed, read_lines, stat
from alm.input.digests import DIGEST_BYTES, digest_lines, new_digest
from alm.jobs.merge_output import INDEX, MERGED
from alm.jobs.meter import Progress
from alm.jobs.provenance import describe_file
from alm.jobs.record import (
    EXPORTS,
    EXPORTS_FORMAT,
    EXPORTS_SCHEMA,
    PROVENANCE,
    read_record,
)
from alm.jobs.sample import is_drawn
from alm.jobs.seals import check_seal
from alm.names import as_text
from alm.processes import ensure_streams
from alm.provenance.code import package_sha256
from alm.text import count, counted

Part = dict[str, Any]


class Finding(NamedTuple):
    """Something that is not as recorded; ``level`` is ``error``, ``warning`` or ``note``."""

    level: str
    text: str


def verify(folder: str | Path, terminal: TextIO = sys.stderr) -> Iterator[Finding]:
    """What in an output directory, and of its manifests, is not as ``provenance.json`` says.

    Paths of manifests that were configured as relative ones are looked for from the working
    directory.

    Args:
        folder: the ``output_dir`` of a run.
        terminal: where progress is shown, if it is one.

    Raises:
        AlmError: there is no record, or it cannot be read.
    """
    claims, as_written = read_record(folder)
    if not as_written:
        yield Finding("error", f"{Path(folder, PROVENANCE)}: was edited after the run wrote it")
    manifests, sources = claims["manifests"], claims.get("sources", [])
    files = _files_of_rows(Path(folder), claims)
    read = sum(part["bytes"] for parts in files.values() for part in parts)
    total = read + sum(each["bytes"] for each in [*manifests, *sources])
    progress = Progress(total, "checked", terminal)
    for check in (
        _check_counts(claims),
        _check_result(Path(folder), claims),
        *(_check_rows(Path(folder), name, parts, progress) for name, parts in files.items()),
        _check_files(Path(folder), claims),
        _check_report(Path(folder), claims),
        _check_exports(Path(folder)),
        *(
            _check_manifest(manifest, _fraction(claims), progress)
            for manifest in [*manifests, *sources]
        ),
        _check_source(claims),
    ):
        for finding in check:
            progress.clear()
            yield finding
    progress.clear()


def _check_counts(claims: dict[str, Any]) -> Iterator[Finding]:
    """Whether ``provenance.json`` agrees with itself: what came out is what the manifests gave."""
    written, built = (
        claims["output"]["rows"],
        sum(each["rows"] for each in claims["manifests"]),
    )
    if written != built:
        yield Finding(
            "error",
            f"provenance.json counts {counted(written, 'row')} of output, and {count(built)} that "
            "came out of the manifests",
        )
    refused = sum(each["quarantined"] for each in claims["manifests"])
    listed = sum(each["lines"] for each in claims["files"] if each["path"] == "quarantine.jsonl")
    if listed != refused:
        yield Finding(
            "error",
            f"provenance.json counts {counted(listed, 'row')} in quarantine.jsonl, and "
            f"{count(refused)} that were refused",
        )


def _check_result(folder: Path, claims: dict[str, Any]) -> Iterator[Finding]:
    """Whether there is one result: of two, one might be old."""
    for name in {MERGED, INDEX} - {claims["output"]["path"]}:
        if (folder / name).exists():
            yield Finding(
                "error",
                f"{folder / name}: is of another run, this one wrote {claims['output']['path']}; "
                "delete it",
            )


def _files_of_rows(folder: Path, claims: dict[str, Any]) -> dict[str, list[Part]]:
    """The files that hold the rows, and their parts: those of the shards may be gone if merged."""
    parts: list[Part] = claims["parts"]
    of_shards = {part["path"]: [part] for part in parts}
    if claims["output"]["path"] != MERGED:
        return of_shards
    kept = {name: own for name, own in of_shards.items() if (folder / name).parent.exists()}
    return {MERGED: parts, **kept}


def _check_rows(
    folder: Path, name: str, parts: Sequence[Part], progress: Progress
) -> Iterator[Finding]:
    """A file of rows, part by part."""
    path = folder / name
    try:
        file = path.open("rb")
    except OSError as error:
        yield Finding("error", f"{path}: cannot be read: {error.strerror}")
        return
    with file:
        size, expected = os.fstat(file.fileno()).st_size, sum(part["bytes"] for part in parts)
        if size != expected:
            yield Finding("error", f"{path}: has {size} bytes, provenance.json says {expected}")
        start = first_row = 0
        for part in parts:
            file.seek(start)
            digests = bytearray()
            for digest, length in digest_lines(file, part["bytes"]):
                digests += digest
                progress.add(length)
            if new_digest(digests).hexdigest() != part["lines_xxh128"]:
                yield Finding("error", f"{path}: {_place(folder, part, digests, start, first_row)}")
                if size != expected:
                    return  # what follows has moved
            start += part["bytes"]
            first_row += part["rows"]


def _place(folder: Path, part: Part, digests: bytearray, start: int, first_row: int) -> str:
    """Where a part first differs: the line, if the digests of the run's lines are still there."""
    place = f"bytes {start} to {start + part['bytes']}, which shard {Path(part['path']).stem} wrote"
    try:
        expected = (folder / part["digests"]).read_bytes()
    except OSError:
        expected = b""
    if new_digest(expected).hexdigest() != part["lines_xxh128"]:
        rows = f"lines {first_row + 1} to {first_row + part['rows']}"
        return f"{rows} are not all as they were written ({place})"
    lines = (slice(at, at + DIGEST_BYTES) for at in range(0, len(expected), DIGEST_BYTES))
    same = sum(1 for _ in takewhile(lambda line: digests[line] == expected[line], lines))
    return f"line {first_row + same + 1} is not as it was written ({place})"


def _check_files(folder: Path, claims: dict[str, Any]) -> Iterator[Finding]:
    """The outputs that one job wrote, each as a whole."""
    for expected in claims["files"]:
        path = folder / expected["path"]
        try:
            found = describe_file(path, folder)
        except OSError as error:
            yield Finding("error", f"{path}: cannot be read: {error.strerror}")
            continue
        if found["bytes"] != expected["bytes"]:
            sizes = f"has {found['bytes']} bytes, provenance.json says {expected['bytes']}"
            yield Finding("error", f"{path}: {sizes}")
        elif found != expected:
            yield Finding("error", f"{path}: its {found['bytes']} bytes are not those written")


def _check_report(folder: Path, claims: dict[str, Any]) -> Iterator[Finding]:
    """The pages of the report, by the seal of the job that made them."""
    seal = folder / claims["report"]
    if not seal.parent.exists():
        yield Finding("note", f"{seal.parent}: is gone, and with it what the report is checked by")
        return
    try:
        check_seal(seal)
    except DamageError as error:
        yield Finding("error", str(error))
    except OSError as error:
        yield Finding(
            "error",
            f"{folder}: the report is not whole or not of this run ({error.filename}: "
            f"{error.strerror}); start the run again",
        )


def _fraction(claims: dict[str, Any]) -> float | None:
    """The share of recordings that the run was made with, if it was a preview."""
    parameters = claims.get("parameters")
    fraction = parameters.get("sample_fraction") if isinstance(parameters, dict) else None
    return fraction if isinstance(fraction, int | float) else None


def _check_exports(folder: Path) -> Iterator[Finding]:
    """What was exported, if anything was: that it is all there, as written, and of this run."""
    exports = (folder / EXPORTS).parent
    if not exports.is_dir():
        return
    if not (folder / EXPORTS).exists():
        yield Finding(
            "error", f"{exports}: was not finished; start `snakemake exports` again, or delete it"
        )
        return
    claims, as_written = read_record(folder, EXPORTS, EXPORTS_FORMAT, EXPORTS_SCHEMA)
    if not as_written:
        yield Finding("error", f"{folder / EXPORTS}: was edited after the run wrote it")
    if describe_file(folder / PROVENANCE, exports) != claims["run"]:
        yield Finding(
            "error", f"{exports}: is of another run; start `snakemake exports` again, or delete it"
        )
    yield from _check_files(exports, claims)
    known = {Path(each["path"]).parts[0] for each in claims["files"]} | {Path(EXPORTS).name}
    known |= set(claims["parameters"]["exports"])
    for path in sorted(exports.iterdir()):
        if path.name not in known and not path.name.startswith("."):
            yield Finding("error", f"{path}: is of another run; delete it")


def _check_manifest(
    manifest: dict[str, Any], fraction: float | None, progress: Progress
) -> Iterator[Finding]:
    """A manifest, or what one was prepared from: still there, with the lines that the run read.

    Of a manifest all rows must be answered for.
    """
    path, size = manifest["path"], manifest["bytes"]
    try:
        now = stat(path)
    except ManifestError as error:
        yield Finding("warning", f"{error}: not checked")
        return
    changed = Finding(
        "error",
        f"{path!r}: was changed since the run: it has {now.size} bytes, the run read {size} of it"
        if now.size != size
        else f"{path!r}: was changed since the run, and still has {size} bytes",
    )
    if now.size < size and not is_compressed(path):
        yield changed
        return
    digest, rows, before = new_digest(), 0, 0
    try:
        for line in read_lines(ByteRange(path, 0, size)):
            digest.update(line.digest)
            rows += not line.is_blank and is_drawn(line, fraction)
            if not is_compressed(path):
                progress.add(line.offset - before)
            before = line.offset
    except ManifestError as error:
        same = (now.size, now.version) == (size, manifest["version"])
        yield Finding("warning", f"{error}: not checked") if same else changed
        return
    if digest.hexdigest() != manifest["lines_xxh128"]:
        yield changed
    elif "rows" in manifest and rows != manifest["rows"] + manifest["quarantined"]:
        yield Finding(
            "error",
            f"{path!r}: has {counted(rows, 'row')}, of which provenance.json says "
            f"{manifest['rows']} came out and {manifest['quarantined']} were quarantined",
        )
    elif now.size != size and not is_compressed(path):
        yield Finding(
            "warning",
            f"{path!r}: has grown to {now.size} bytes; the {size} that the run read are as they "
            "were, and the next run reads the others",
        )


def _check_source(claims: dict[str, Any]) -> Iterator[Finding]:
    then, now = claims["alm"], package_sha256()
    if then["source_sha256"] != now:
        yield Finding(
            "note",
            f"the source of alm has changed since the run: SHA-256 {then['source_sha256']} "
            f"(alm {then['version']}, commit {then['commit']}), now {now}",
        )


def check(folder: str) -> int:
    """Print what differs, a line each, and the outcome.

    Returns:
        The exit code: 1 if there is an error, else 0.

    Raises:
        AlmError: there is no record, or it cannot be read.
    """
    levels = Counter[str]()
    for finding in verify(folder):
        levels[finding.level] += 1
        print(f"{finding.level}: {_printable(finding.text)}", flush=True)
    claims, _ = read_record(folder)
    rows = counted(claims["output"]["rows"], "row")
    manifests = counted(len(claims["manifests"]), "manifest")
    outcome = (
        f"not as recorded: {counted(levels['error'], 'error')}"
        if levels["error"]
        else "the outputs are as the run wrote them"
    )
    warned = f", {counted(levels['warning'], 'warning')}" if levels["warning"] else ""
    print(f"{_printable(as_text(folder))}: {rows} of {manifests}: {outcome}{warned}", flush=True)
    return 1 if levels["error"] else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the directory that the command line names; returns the exit code."""
    ensure_streams()
    parser = argparse.ArgumentParser(
        prog="python -m alm.verify",
        description="Check an output directory against its provenance.json.",
    )
    parser.add_argument("folder", help="the output_dir of a run")
    folder = parser.parse_args(arguments).folder
    try:
        return check(folder)
    except AlmError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _printable(text: str) -> str:
    encoding = sys.stdout.encoding
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


if __name__ == "__main__":
    sys.exit(main())
