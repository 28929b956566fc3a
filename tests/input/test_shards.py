"""The plan of a run: every byte once, and little of it new when little changes."""

import os
import re
from collections import defaultdict
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alm.engines import BACKENDS
from alm.errors import DamageError, ManifestError, ParameterError
from alm.input import ByteRange, Manifest
from alm.input.shards import (
    MAX_SHARDS,
    Shard,
    plan_digest,
    plan_shards,
    planned_shards,
    read_ranges,
    resolve_shard_size,
    write_plan,
)
from alm.jobs.shard import write_ranges

THOUSAND = [Manifest(f"in/{number:04}.jsonl", 30_000 + number % 700) for number in range(1000)]


def named(sizes: list[int]) -> list[Manifest]:
    return [Manifest(f"in/{number}.jsonl", size) for number, size in enumerate(sizes)]


def assert_covered(manifests: list[Manifest], shards: list[Shard]) -> None:
    """Every byte of every manifest is in one shard, all in order, and no manifest is forgotten."""
    spans = [span for shard in shards for span in shard.ranges]
    assert all(shard.ranges for shard in shards)
    assert list(dict.fromkeys(span.path for span in spans)) == [each.path for each in manifests]
    reached: dict[str, int] = defaultdict(int)
    for span in spans:
        assert span.start == reached[span.path]
        assert span.start < span.stop or span.start == span.stop == 0
        reached[span.path] = span.stop
    assert reached == {each.path: each.size for each in manifests}
    positions = {each.path: number for number, each in enumerate(manifests)}
    assert [positions[span.path] for span in spans] == sorted(
        positions[span.path] for span in spans
    )


@settings(max_examples=200)
@given(
    st.lists(st.integers(0, 40) | st.integers(0, 5000), max_size=80),
    st.integers(1, 10_000),
)
def test_every_byte_is_in_one_shard(sizes, shard_size):
    manifests = named(sizes)
    shards = plan_shards(manifests, shard_size)
    assert_covered(manifests, shards)
    assert len({shard.name for shard in shards}) == len(shards)
    for shard in shards:
        held = sum(span.stop - span.start for span in shard.ranges)
        assert held < 5 * shard_size


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 10**15) | st.integers(0, 10**7) | st.just(0), min_size=1, max_size=300)
)
@example([10**15])
@example([10**15] * 300)
@example([64 << 20] * 1024)
@example([(64 << 20) - 1] * 4096)
@example([64 << 20, 1] * 1024)
@example([(16 << 20) + 1] * 5000)
def test_auto_never_makes_more_than_4096_shards(sizes):
    manifests = named(sizes)
    for backend in BACKENDS:
        shards = plan_shards(manifests, resolve_shard_size("auto", manifests, backend))
        assert len(shards) <= MAX_SHARDS == 4096
        assert_covered(manifests, shards)


@pytest.mark.parametrize("backend", BACKENDS)
def test_auto_is_stable_while_the_input_grows(backend):
    """Another size of shard means that everything is computed anew."""
    sizes = {resolve_shard_size("auto", [Manifest("a", 10**9 * k)], backend) for k in range(30)}
    assert len(sizes) == 1
    assert resolve_shard_size("auto", [], backend) in sizes


def test_a_given_size_is_taken_as_it_is():
    assert resolve_shard_size(12345, THOUSAND, "local") == 12345


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_thousand_small_manifests_are_a_few_shards(backend):
    shards = plan_shards(THOUSAND, resolve_shard_size("auto", THOUSAND, backend))
    assert len(shards) <= 4
    assert_covered(THOUSAND, shards)


def test_a_large_manifest_is_cut_evenly():
    shards = plan_shards([Manifest("a", 1000)], 300)
    assert [shard.ranges for shard in shards] == [
        (ByteRange("a", 0, 333),),
        (ByteRange("a", 333, 666),),
        (ByteRange("a", 666, 1000),),
    ]


@pytest.mark.parametrize("shard_size", [100_000, 1_000_000, 3_000_000])
@pytest.mark.parametrize("position", [0, 1, 137, 500, 998, 1000])
def test_one_manifest_more_or_less_changes_few_shards(shard_size, position):
    before = plan_shards(THOUSAND, shard_size)
    assert len(before) > 5
    added = [*THOUSAND[:position], Manifest("in/new.jsonl", 30_000), *THOUSAND[position:]]
    after = plan_shards(added, shard_size)
    assert_covered(added, after)
    assert len({shard.name for shard in after} - {shard.name for shard in before}) <= 4
    assert len({shard.name for shard in before} - {shard.name for shard in after}) <= 4


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40), st.integers(100, 2000), st.data())
def test_a_shard_is_named_by_what_it_holds(sizes, shard_size, data):
    manifests = named(sizes)
    other = manifests[data.draw(st.integers(0, len(manifests) - 1)) :]
    by_name: dict[str, tuple[ByteRange, ...]] = {}
    for shard in plan_shards(manifests, shard_size) + plan_shards(other, shard_size):
        assert re.fullmatch("[0-9a-f]{16}", shard.name)
        assert by_name.setdefault(shard.name, shard.ranges) == shard.ranges
    names_by_content = {ranges: name for name, ranges in by_name.items()}
    assert len(names_by_content) == len(by_name)


def test_no_manifest_no_shard():
    assert plan_shards([], 1000) == []


def test_an_empty_manifest_is_in_the_plan():
    (shard,) = plan_shards([Manifest("a", 0)], 1)
    assert shard.ranges == (ByteRange("a", 0, 0),)


@pytest.mark.parametrize("path", ["a b.jsonl", "ü\n.jsonl", os.fsdecode(b"\xff.jsonl")], ids=ascii)
def test_ranges_survive_the_disk(tmp_path, path):
    manifests = [Manifest(path, 10), Manifest("other", 3), Manifest("third", 0)]
    for shard in plan_shards(manifests, 8):
        file = tmp_path / "work" / "shards" / f"{shard.name}.{shard.version}.json"
        write_ranges(shard.ranges, file)
        assert read_ranges(file) == shard.ranges
        file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
        with pytest.raises(DamageError, match=f"{file.name}' is not as its job wrote it"):
            read_ranges(file)


def never() -> list[Shard]:
    raise AssertionError("the plan was made anew")


def test_a_plan_is_read_as_written(tmp_path):
    plan = plan_shards(THOUSAND, 1_000_000)
    write_plan(plan, tmp_path / "plan.json")
    for digest in (None, plan_digest(plan)):
        assert planned_shards(tmp_path / "plan.json", digest, never) == plan
    with pytest.raises(ParameterError, match="all nodes of the cluster share"):
        planned_shards(tmp_path / "elsewhere.json", None, never)


@pytest.mark.parametrize("stale", [False, True], ids=["no plan", "that of an earlier run"])
def test_without_the_plan_of_its_run_a_job_makes_the_same_or_fails(tmp_path, stale):
    """A manifest that only got another version is another plan, too."""
    plan, path = plan_shards(THOUSAND, 1_000_000), tmp_path / "plan.json"
    if stale:
        write_plan(plan[:-1], path)
    assert planned_shards(path, plan_digest(plan), lambda: plan) == plan
    touched = [THOUSAND[0]._replace(version="new"), *THOUSAND[1:]]
    for now in (THOUSAND[1:], touched):
        with pytest.raises(ManifestError, match="start again"):
            planned_shards(path, plan_digest(plan), partial(plan_shards, now, 1_000_000))
