"""Each case of SELECTION.md through the workflow: one run of Snakemake a set of parameters.

    PYTHONPATH=tests python tests/campaigns/selection_cases.py [../shared/selection/cases.jsonl.gz]

Takes a quarter of an hour on a core; `make test` has the same cases by the API and by the jobs of a
shard, and all parameters at once through the workflow.
"""

import gzip
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers import ROOT, Case, expected_here, same_json, shared_folder
from starter import Starter


def main(path: Path) -> int:
    groups: dict[str, list[Case]] = defaultdict(list)
    with gzip.open(path, "rt") as lines:
        for case in map(json.loads, lines):
            settings = case["builder"] | case["overlap"] | {"loss_details": case["loss_details"]}
            groups[json.dumps(settings, sort_keys=True)].append(case)
    starter = Starter(os.environ)
    wrong = done = 0
    with TemporaryDirectory() as folder:
        for number, (settings, cases) in enumerate(groups.items()):
            place = Path(folder, str(number))
            place.mkdir()
            differences = compare(starter, place, json.loads(settings), cases)
            for what in differences:
                print(what, flush=True)
            wrong += len(differences)
            done += len(cases)
            print(f"\r{done} cases in {number + 1} runs, {wrong} wrong", end="", file=sys.stderr)
    print(f"{done} cases in {len(groups)} runs of the workflow, {wrong} wrong")
    return wrong


def compare(starter: Starter, place: Path, settings: dict, cases: list[Case]) -> list[str]:
    """What differs in the rows of some cases with the same parameters."""
    manifest, output = place / "cases.jsonl", place / "out"
    manifest.write_text("".join(json.dumps(case["entry"]) + "\n" for case in cases))
    config = {"target_duration": None, "overlap_percentage": 0, "no_speaker": "stop", **settings}
    config |= {"manifest_path": str(manifest), "output_dir": str(output), "backend": "local"}
    given = place / "config.json"
    given.write_text(json.dumps(config))
    command = ["merge_output", "-s", str(ROOT / "Snakefile"), "--cores", "1"]
    answer = starter.run([*command, "--configfile", str(given)], place, os.environ)
    if answer is None or answer[0]:
        return [f"{case['id']}: the run failed: {answer}" for case in cases]
    rows = [json.loads(line) for line in (output / "alm_output.jsonl").open()]
    if len(rows) != len(cases):
        return [f"{case['id']}: {len(rows)} rows of {len(cases)}" for case in cases]
    found = []
    for case, row in zip(cases, rows, strict=True):
        difference = same_json(row, expected_here(case) | {"manifest_filepath": str(manifest)})
        if difference:
            found.append(f"{case['id']}: {difference}")
    return found


if __name__ == "__main__":
    given = [Path(each) for each in sys.argv[1:]]
    sys.exit(bool(main(*given or [shared_folder() / "selection" / "cases.jsonl.gz"])))
