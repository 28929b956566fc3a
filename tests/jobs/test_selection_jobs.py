"""Selection through the jobs of a shard: the same rows, and what is counted of each choice."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from helpers import Case, has_shared_folder, same_json, selection_cases, shared_folder

from alm import OverlapParams, WindowParams
from alm.input import whole_file
from alm.jobs.build import build_chunk
from alm.jobs.overlap import overlap_chunk
from alm.jobs.stats import _selection
from alm.statistics.counters import total
from alm.statistics.summary import Summary, add_summaries


def run(
    manifest: Path, folder: Path, window: WindowParams, overlap: OverlapParams
) -> tuple[list[dict[str, Any]], Summary]:
    """The rows and counters of both jobs, over the disk."""
    parts = [folder / name for name in "abcdefghi"]
    built = build_chunk([whole_file(str(manifest))], parts[:5], params=window, stop_at_invalid=True)
    done = overlap_chunk(
        [whole_file(str(parts[0]))], parts[5:], params=overlap, stop_at_invalid=True
    )
    rows = [json.loads(line) for line in parts[5].read_bytes().splitlines()]
    return rows, add_summaries([built, done])


def test_every_case_through_the_jobs(tmp_path):
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in selection_cases("selection", "all" if has_shared_folder() else "shipped"):
        settings = [case["builder"], case["overlap"], case["loss_details"]]
        groups[json.dumps(settings, sort_keys=True)].append(case)
    manifest = tmp_path / "in.jsonl"
    different = {}
    for settings, group in groups.items():
        builder, overlap, loss_details = json.loads(settings)
        manifest.write_text("".join(json.dumps(case["entry"]) + "\n" for case in group))
        window = WindowParams(**builder, loss_details=loss_details)
        rows, summary = run(manifest, tmp_path, window, OverlapParams(**overlap))
        for case, row in zip(group, rows, strict=True):
            wanted = {**case["expected"], "manifest_filepath": str(manifest)}
            if difference := same_json({name: row[name] for name in wanted}, wanted):
                different[case["id"]] = difference
        stats = _selection(total(summary.stats.values()), summary.survey, OverlapParams(**overlap))
        taken = sum(stats["filtered_by"].values())
        assert stats["candidates"] == taken + stats["not_selected"] + stats["selected"]
        made = stats["choices"][overlap["selection"]]
        assert made["windows"] == stats["selected"]
        kept = sum(row["filtered_dur"] for row in rows)
        assert made["filtered_dur"] == pytest.approx(kept, abs=1e-6)
    assert different == {}


@pytest.mark.parametrize(
    ("ends", "percentage", "wanted"),
    [
        ("longest", 0, [(11, 1321.7, 1321.7), (20, 2595.8, 2595.8), (20, 2595.8, 2595.8)]),
        ("longest", 50, [(25, 3035.5, 2888.7), (25, 3271.7, 3061.7), (25, 3159.8, 3123.5)]),
        ("any", 0, [(17, 2037.8, 2037.8), (25, 3118.7, 3118.7), (25, 3118.7, 3118.7)]),
        ("any", 50, [(25, 2988.8, 2871.2), (25, 3271.7, 3061.7), (25, 3147.8, 3123.5)]),
    ],
)
@pytest.mark.parametrize("selection", ["greedy", "total", "coverage"])
def test_what_each_selection_keeps_of_the_sample(tmp_path, ends, percentage, wanted, selection):
    """The figures of SELECTION.md are in the statistics, whichever selection was made."""
    manifest = shared_folder() / "sample" / "sample_input.jsonl"
    overlap = OverlapParams(percentage, selection=selection)
    _, summary = run(manifest, tmp_path, WindowParams(window_ends=ends), overlap)
    stats = _selection(total(summary.stats.values()), summary.survey, overlap)
    found = [
        (each["windows"], round(each["filtered_dur"], 1), round(each["kept_dur"], 1))
        for each in stats["choices"].values()
    ]
    assert found == wanted
    assert stats["candidates"] == {"longest": 181, "any": 734}[ends]
