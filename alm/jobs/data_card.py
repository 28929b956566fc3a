"""All exports -> what they are as a whole: ``DATACARD.md``, ``croissant.json``, a record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alm import files
from alm.exports.card import ALL, About, Tally, croissant, data_card
from alm.exports.splits import read_assignment
from alm.jobs.clips import REFUSED
from alm.jobs.export import read_examples, unique
from alm.jobs.provenance import describe_file
from alm.jobs.record import EXPORTS_FORMAT, record_text
from alm.jobs.seals import files_below
from alm.rows import codec
from alm.statistics.summary import Summary, add_summaries


def write_data_card(
    examples: Sequence[str | Path],
    summaries: Sequence[str | Path],
    stats: str | Path,
    provenance: str | Path,
    assignment: str | Path | None,
    beside: Sequence[str | Path],
    card: str | Path,
    croissant_json: str | Path,
    record: str | Path,
    parameters: Mapping[str, Any],
) -> None:
    """Write the three files into the folder of the exports.

    Args:
        examples: of all shards.
        summaries: what :func:`alm.jobs.clips.cut_clips` counted in each shard.
        stats, provenance: ``stats.json`` and ``provenance.json`` of the run.
        assignment: the split of each recording; None without splits.
        beside: files beside the folders of the formats that belong to the exports.
        card, croissant_json, record: the files to write.
        parameters: the keys of the configuration that only exports depend on.
    """
    folder = Path(card).parent
    run = codec.loads(Path(provenance).read_bytes())
    names = list(parameters["exports"])
    paths = [path for name in names for path in files_below(folder / name)]
    described = [describe_file(path, folder) for path in [*paths, *beside]]
    survey = add_summaries(map(Summary.read, summaries)).survey
    about = About(
        tallies=_tallies(examples, assignment, parameters),
        refused=survey.family(REFUSED),
        exports=names,
        parameters={**run["parameters"], **parameters},
        stats=codec.loads(Path(stats).read_bytes()),
        provenance=run,
        files=described,
    )
    with files.written_whole(card) as file:
        file.write(data_card(about).encode())
    with files.written_whole(croissant_json) as file:
        file.write(json.dumps(croissant(about), indent=1).encode() + b"\n")
    content = {
        "format": EXPORTS_FORMAT,
        "run": describe_file(provenance, folder),
        "alm": run["alm"],
        "parameters": dict(parameters),
        "files": [*described, *(describe_file(path, folder) for path in (card, croissant_json))],
    }
    with files.written_whole(record) as file:
        file.write(record_text(content))


def _tallies(
    examples: Sequence[str | Path],
    assignment: str | Path | None,
    parameters: Mapping[str, Any],
) -> dict[str, Tally]:
    split_of = read_assignment(assignment) if assignment else {}
    names = list(parameters["splits"] or [ALL])
    found: dict[str, Tally] = {name: Tally() for name in names}
    for example in unique(read_examples(examples)):
        split = split_of.get(example["recording"], ALL)
        found[split].add(example, parameters["global_speakers"])
    return found
