"""Last step of a run: what is known of its shards -> how its output came to be.

It names no time and no machine, so a run that is repeated gives the same one. Its checksums
are of the bytes that the run read and wrote, as the jobs of the shards saw them; only the small
files, which one job writes alone, are read for it.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alm import files
from alm.input.digests import DIGEST_BYTES, PIECE, new_digest
from alm.jobs.manifests import manifests_read
from alm.jobs.merge_output import INDEX
from alm.jobs.record import FORMAT, record_text
from alm.provenance.code import commit, package_sha256, source_sha256
from alm.provenance.versions import versions
from alm.rows import codec
from alm.statistics.summary import Summary
from alm.version import __version__

WORKFLOW = (
    "Snakefile",
    "workflow/Snakefile",
    "workflow/rules/*",
    "workflow/scripts/*.py",
    "workflow/schemas/*",
)
"""The source of the workflow beside the package."""


def write_provenance(
    shards: Sequence[str | Path],
    built: Sequence[str | Path],
    overlapped: Sequence[str | Path],
    line_digests: Sequence[str | Path],
    row_digests: Sequence[str | Path],
    parts: Sequence[str | Path],
    output: str | Path,
    others: Sequence[str | Path],
    report: str | Path,
    target: str | Path,
    parameters: Mapping[str, Any],
    workflow: str | Path,
    groups: Sequence[str | Path] = (),
) -> None:
    """Write ``provenance.json``.

    Args:
        shards: the files that say what each shard holds, in input order.
        built, overlapped: the summaries of each shard's build and overlap.
        line_digests, row_digests: of each shard, the digests of the lines that its build read and
            of the rows that its overlap wrote.
        parts: the rows of each shard.
        output: ``alm_output.jsonl`` or its index.
        others: the other outputs.
        report: the seal of the report, which is made beside this.
        target: ``provenance.json``, in the folder of the outputs.
        parameters: the configuration of the run, ``target_duration`` resolved.
        workflow: the folder of the workflow's source.
        groups: the summaries of the groups that manifests were prepared from.
    """
    folder = Path(target).parent
    builds = [Summary.read(path) for path in built]
    overlaps = [Summary.read(path) for path in overlapped]
    rows, pieces = _rows(parts, overlaps, row_digests, folder)
    index = [output] if Path(output).name == INDEX else []
    content = {
        "format": FORMAT,
        "alm": {
            "version": __version__,
            "source_sha256": package_sha256(),
            "workflow_sha256": source_sha256(workflow, *WORKFLOW),
            "commit": commit(),
        },
        "versions": versions(),
        "made_by": _makers("build", builds) + _makers("overlap", overlaps),
        "parameters": dict(parameters),
        "output": {"path": Path(output).name, **rows},
        "parts": pieces,
        "files": [describe_file(path, folder) for path in [*index, *others]],
        "report": os.path.relpath(report, folder),
        "manifests": manifests_read(shards, builds, line_digests, overlaps),
    }
    if groups:
        content["sources"] = [
            source for path in groups for source in codec.loads(Path(path).read_bytes())["sources"]
        ]
    with files.written_whole(target) as file:
        file.write(record_text(content))


def describe_file(path: str | Path, folder: Path) -> dict[str, Any]:
    """A file as ``provenance.json`` has it: its path in ``folder``, size and checksum."""
    digest, size, lines = hashlib.sha256(), 0, 0
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
            lines += piece.count(b"\n")
    name = os.path.relpath(path, folder)
    return {"path": name, "bytes": size, "lines": lines, "sha256": digest.hexdigest()}


def _rows(
    parts: Sequence[str | Path],
    summaries: Sequence[Summary],
    digests: Sequence[str | Path],
    folder: Path,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What ``provenance.json`` says of all rows, and of those of each shard."""
    every, pieces, rows = new_digest(), [], 0
    for part, summary, path in zip(parts, summaries, digests, strict=True):
        own, count = new_digest(), 0
        with open(path, "rb", buffering=0) as file:
            while piece := file.read(PIECE):
                own.update(piece)
                every.update(piece)
                count += len(piece)
        rows += count // DIGEST_BYTES
        pieces.append(
            {
                "path": os.path.relpath(part, folder),
                "bytes": summary.output_bytes,
                "rows": count // DIGEST_BYTES,
                "lines_xxh128": own.hexdigest(),
                "digests": os.path.relpath(path, folder),
            }
        )
    size = sum(summary.output_bytes for summary in summaries)
    return {"bytes": size, "rows": rows, "lines_xxh128": every.hexdigest()}, pieces


def _makers(step: str, summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """The code and versions that did a step, each with the number of its shards."""
    shards = Counter(
        codec.dumps(maker._asdict()) for summary in summaries for maker in summary.makers
    )
    return [{"step": step} | codec.loads(maker) | {"shards": n} for maker, n in shards.items()]
