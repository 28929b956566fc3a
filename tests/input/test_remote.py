"""Manifests behind URLs, on a real S3-protocol server that fails when it is told to."""

import gzip
import json
import os
import re
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Run, RunWorkflow
from helpers import SAMPLE
from s3_server import (
    BUCKET,
    Storage,
    cut_short,
    dropped,
    forbidden,
    moto_server,
    storage,
    unavailable,
)

from alm import curate_manifest
from alm.errors import ManifestError
from alm.input import (
    ByteRange,
    discover,
    find_manifests,
    line_number,
    read_lines,
    remote,
    whole_file,
)
from alm.jobs.record import read_record
from alm.verify import verify

__all__ = ["moto_server", "storage"]  # fixtures

GOOD = b'{"audio_sample_rate": 16000, "segments": []}\n'
ROWS = b"".join(b'{"n": %d}\n' % n for n in range(100_000))


def names(manifest_path: str | list[str]) -> list[str]:
    return [each.path for each in discover(manifest_path)]


def put_sample(storage: Storage) -> str:
    for path in sorted(SAMPLE.rglob("*.jsonl")):
        storage.put(f"sample/{path.relative_to(SAMPLE)}", path.read_bytes())
    return f"s3://{BUCKET}/sample"


def is_read(request) -> bool:
    """Whether it is for a part of an object, rather than its size or a listing."""
    return request.command == "GET" and request.headers.get("Range") is not None


# Discovery


def test_objects_prefixes_and_globs(storage):
    for key in ("in/b.jsonl", "in/a.json", "in/x/c.jsonl.gz", "in/readme.txt", "inner.jsonl", "o"):
        storage.put(key, b"{}\n")
    bucket = f"s3://{BUCKET}"
    under_in = [f"{bucket}/in/{name}" for name in ("a.json", "b.jsonl", "x/c.jsonl.gz")]
    assert names(f"{bucket}/in") == names(f"{bucket}/in/") == names(f"{bucket}/in/**") == under_in
    assert names(bucket) == [*under_in, f"{bucket}/inner.jsonl"]
    assert names(f"{bucket}/in/*.jsonl") == under_in[1:2]
    assert names(f"{bucket}/o") == [f"{bucket}/o"]
    assert names([under_in[1], f"{bucket}/in"]) == [under_in[1], under_in[0], under_in[2]]


def test_14_10_hidden_objects_are_left_out(storage):
    for key in (".in/a.jsonl", ".in/._a.jsonl", ".in/.x/b.jsonl"):
        storage.put(key, b"{}\n")
    bucket = f"s3://{BUCKET}"
    assert names(f"{bucket}/.in") == names(f"{bucket}/.in/**") == [f"{bucket}/.in/a.jsonl"]
    assert find_manifests(f"{bucket}/.in").hidden == 2
    assert names(f"{bucket}/.in/.x") == [f"{bucket}/.in/.x/b.jsonl"]


def test_sizes_and_versions_are_those_of_the_listing(storage):
    url = storage.put("m.jsonl", GOOD)
    assert discover(url) == discover(f"s3://{BUCKET}")
    (before,) = discover(url)
    assert before.size == len(GOOD)
    storage.put("m.jsonl", GOOD.replace(b"16000", b"22050"))
    (after,) = discover(url)
    assert (after.path, after.size) == (before.path, before.size)
    assert after.version != before.version


def test_keys_of_any_kind(storage):
    key = 'a/k[1] *"q" ü?&#+%20 {b}<e>\'.jsonl'
    url = storage.put(key, GOOD)
    assert names(f"s3://{BUCKET}/a") == names(url) == [url]
    assert [line.text for line in read_lines(whole_file(url))] == [GOOD]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://recordings/gone.jsonl", "does not exist"),
        ("s3://nobody/gone.jsonl", "does not exist"),
        ("s3://recordings/*.jsonl", "the glob .* holds no manifest"),
        ("ftp://host/a.jsonl", "ftp:// cannot be read; use"),
        ("file:///a.jsonl", "file:// cannot be read; use a path"),
        ("gs://bucket/a.jsonl", "needs gcsfs .*: pip install fsspec gcsfs"),
    ],
)
def test_what_cannot_be_found_is_named(storage, url, message):
    if url.startswith("gs"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "gcsfs", None)
            with pytest.raises(ManifestError, match=message):
                discover(url)
        return
    with pytest.raises(ManifestError, match=message) as error:
        discover(url)
    assert url in str(error.value)


# Reading


@pytest.mark.parametrize("size", [0, 1, len(ROWS)])
def test_any_range_is_read_like_that_of_a_file(storage, tmp_path, monkeypatch, size):
    monkeypatch.setattr(remote, "BLOCK_BYTES", 1 << 16)
    url, path = storage.put("m.jsonl", ROWS[:size]), tmp_path / "m.jsonl"
    path.write_bytes(ROWS[:size])
    version = whole_file(url).version
    borders = [size * k // 7 for k in range(8)]
    for start, stop in pairwise(borders):
        expected = list(read_lines(ByteRange(str(path), start, stop)))
        assert list(read_lines(ByteRange(url, start, stop, version))) == expected
    assert line_number(url, size // 2) == line_number(str(path), size // 2)


def test_only_what_is_needed_is_fetched(storage, monkeypatch):
    monkeypatch.setattr(remote, "BLOCK_BYTES", 1 << 16)
    url = storage.put("m.jsonl", ROWS)
    storage.proxy.seen.clear()
    list(read_lines(ByteRange(url, 500_000, 700_000)))
    ranges = [re.findall(r"\d+", found) for _, _, found in storage.proxy.seen if found]
    first, last = int(ranges[0][0]), int(ranges[-1][1])
    assert first == 499_999
    assert 700_000 <= last < 700_000 + 2 * (1 << 16)
    assert len(ranges) == 4


def test_compressed_objects(storage):
    url = storage.put("m.jsonl.gz", gzip.compress(ROWS))
    assert sum(1 for _ in read_lines(whole_file(url))) == 100_000
    url = storage.put("cut.jsonl.gz", gzip.compress(ROWS)[:-9])
    with pytest.raises(ManifestError, match=r"cut\.jsonl\.gz' is damaged or incomplete"):
        list(read_lines(whole_file(url)))


def test_an_object_that_was_changed_is_noticed(storage):
    url = storage.put("m.jsonl", ROWS)
    span = whole_file(url)
    storage.put("m.jsonl", ROWS.replace(b"n", b"m"))
    with pytest.raises(ManifestError, match="was changed while the run was under way"):
        list(read_lines(span))


def test_an_object_that_changes_while_it_is_read_is_noticed(storage, monkeypatch):
    monkeypatch.setattr(remote, "BLOCK_BYTES", 1 << 16)
    url = storage.put("m.jsonl", ROWS)
    lines = read_lines(whole_file(url))
    next(lines)
    storage.put("m.jsonl", ROWS.replace(b"n", b"m"))
    with pytest.raises(ManifestError, match="was changed while the run was under way"):
        list(lines)


# Failures


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("fault", [unavailable, dropped, cut_short])
@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_passing_failures_are_survived(storage, monkeypatch, scheme, fault, count):
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.05)
    url = storage.put("m.jsonl", ROWS)
    if scheme == "http":
        url = f"{storage.proxy.url}/{BUCKET}/m.jsonl"
    storage.proxy.failing = is_read
    storage.proxy.faults = [fault] * count
    assert b"".join(line.raw for line in read_lines(whole_file(url))) == ROWS
    assert storage.proxy.faults == []


@pytest.mark.parametrize("fault", [unavailable, dropped])
@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_passing_failures_of_planning_are_survived(storage, monkeypatch, scheme, fault):
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.05)
    url = storage.put("m.jsonl", ROWS)
    if scheme == "http":
        url = f"{storage.proxy.url}/{BUCKET}/m.jsonl"
    storage.proxy.faults = [fault] * 2
    assert [each.size for each in discover(url)] == [len(ROWS)]
    assert storage.proxy.faults == []


@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_a_lasting_failure_ends_with_one_line_and_a_remedy(storage, monkeypatch, scheme):
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.05)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    url = storage.put("m.jsonl", ROWS)
    if scheme == "http":
        url = f"{storage.proxy.url}/{BUCKET}/m.jsonl"
    storage.proxy.always = unavailable
    with pytest.raises(ManifestError) as error:
        discover(url)
    assert repr(url) in str(error.value)
    assert "check the network and the endpoint, then start again" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_a_refusal_while_reading_is_explained_and_quotes_nothing(storage, scheme):
    url = storage.put("m.jsonl", ROWS)
    if scheme == "http":
        url = f"{storage.proxy.url}/{BUCKET}/m.jsonl"
    storage.proxy.failing = is_read
    storage.proxy.always = forbidden
    with pytest.raises(ManifestError, match="access is refused") as error:
        list(read_lines(whole_file(url)))
    assert repr(url) in str(error.value)
    assert "AKIASHOWN" not in str(error.value)


def test_a_server_that_is_not_there(storage, monkeypatch):
    storage.proxy.close()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ManifestError, match=r"EndpointConnectionError.* check the network"):
        discover(f"s3://{BUCKET}/m.jsonl")


# Credentials


def test_a_wrong_key_is_refused_and_not_shown(storage, monkeypatch):
    url = storage.put("m.jsonl", GOOD)
    with storage.with_keys() as (key, secret):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        assert [each.size for each in discover(url)] == [len(GOOD)]
        for bad_key, bad_secret in [(key, "wr0ngSecret"), ("AKIAWR0NGKEY", secret)]:
            clear_filesystems()
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", bad_key)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bad_secret)
            for where in (url, f"s3://{BUCKET}", f"s3://{BUCKET}/*.jsonl"):
                with pytest.raises(ManifestError, match="access is refused") as error:
                    discover(where)
                assert where in str(error.value)
                assert "check the credentials" in str(error.value)
                for text in (key, secret, bad_key, bad_secret):
                    assert text not in str(error.value)


def test_no_key_at_all(storage, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ManifestError, match=r"access is refused \(NoCredentialsError\)"):
        discover(f"s3://{BUCKET}/m.jsonl")


def test_a_profile_in_a_file(storage, monkeypatch, tmp_path):
    url = storage.put("m.jsonl", GOOD)
    with storage.with_keys() as (key, secret):
        file = tmp_path / "credentials"
        file.write_text(f"[team]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        monkeypatch.setenv("AWS_PROFILE", "team")
        assert [each.size for each in discover(url)] == [len(GOOD)]


@pytest.mark.parametrize(
    "url",
    [
        "s3://me:hunter2@bucket/m.jsonl",
        "https://hunter2@host/m.jsonl",
        "https://host/m.jsonl?X-Amz-Signature=hunter2",
        "https://host/m.jsonl?a=b&access_token=hunter2",
        "https://host/m.jsonl?sig=hunter2&se=2026",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_shown(url):
    for find in (discover, whole_file):
        with pytest.raises(ManifestError, match="the URL contains credentials") as error:
            find(url)
        assert "hunter2" not in str(error.value)
        assert "m.jsonl" in str(error.value)


NAMES_OF_SECRETS = [
    *("auth", "Authorization", "oauth_x", "pwd", "pass", "PASSWORD", "passphrase", "user_pass"),
    *("jwt", "sas", "my-sas", "code", "token", "access_token", "apikey", "X-Amz-Credential"),
]


@pytest.mark.parametrize("name", NAMES_OF_SECRETS)
def test_14_19_a_secret_is_refused_wherever_it_stands(name):
    quoted = "".join(f"%{ord(letter):02x}" for letter in name)
    for rest in (
        f"?{name}=",
        f"?a=b&{name}=",
        f"#{name}=",
        f"?a=b#/x?{name}=",
        f";{name}=",
        f"?a=b;{name}=",
        f"?{quoted}=",
    ):
        for scheme in ("https://host", "s3://bucket", "gs://bucket", "ftp://host"):
            with pytest.raises(ManifestError, match="the URL contains credentials") as error:
                discover(f"{scheme}/m.jsonl{rest}hunter2")
            assert "hunter2" not in str(error.value)
            assert f"{scheme}/m.jsonl" in str(error.value)


@pytest.mark.parametrize("name", ["author", "passage", "country_code", "encoder", "a", "version"])
def test_14_19_other_parameters_are_no_secrets(name):
    with pytest.raises(ManifestError, match="ftp:// cannot be read"):
        discover(f"ftp://host/m.jsonl?{name}=1#{name}")


def clear_filesystems() -> None:
    import fsspec

    fsspec.get_filesystem_class("s3").clear_instance_cache()


# One file, and whole runs


def test_nothing_remote_is_imported_for_files():
    code = "import sys, alm.jobs.build; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not {"fsspec", "s3fs", "aiohttp", "backports"} & set(done.stdout.split())


@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_curated_like_a_file(storage, tmp_path, scheme):
    for number, path in enumerate(sorted(SAMPLE.rglob("*.jsonl"))):
        url = storage.put(f"{number}.jsonl", path.read_bytes() + b"broken\n")
        if scheme == "http":
            url = f"{storage.proxy.url}/{BUCKET}/{number}.jsonl"
        local = tmp_path / "m.jsonl"
        local.write_bytes(path.read_bytes() + b"broken\n")
        results = []
        for source in (url, str(local)):
            curate_manifest(source, tmp_path / "out", quarantine=tmp_path / "bad")
            found = (tmp_path / "out").read_bytes() + (tmp_path / "bad").read_bytes()
            assert source.encode() in found
            results.append(found.replace(source.encode(), b"SOURCE"))
        assert results[0] == results[1]


def results(output: Path, source: str) -> list[bytes]:
    found = [
        (output / name).read_bytes().replace(source.encode(), b"SOURCE")
        for name in ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv")
    ]
    stats = json.loads((output / "stats.json").read_bytes())
    del stats["parameters"]
    return [*found, json.dumps(stats).encode()]


@pytest.mark.workflow
@pytest.mark.parametrize("backend", ["local", pytest.param("ray_data", marks=pytest.mark.engine)])
def test_the_workflow_gives_the_bytes_of_a_local_run(
    storage: Storage, run_workflow: RunWorkflow, sample_run: Run, backend: str
) -> None:
    prefix = put_sample(storage)
    expected = results(sample_run.output, str(SAMPLE))
    storage.proxy.failing = is_read
    storage.proxy.faults = [unavailable, dropped, cut_short]
    run = run_workflow(
        manifest_path=prefix,
        output_dir="remote",
        shard_size=100_000 if backend == "local" else "auto",
        backend=backend,
    )
    assert results(run.output, prefix) == expected
    assert storage.proxy.faults == []
    ours, theirs = (read_record(each.output)[0] for each in (run, sample_run))
    for remote_one, local_one in zip(ours["manifests"], theirs["manifests"], strict=True):
        assert remote_one["path"] == local_one["path"].replace(str(SAMPLE), prefix)
        assert remote_one["version"] == whole_file(remote_one["path"]).version
        for name in ("bytes", "lines", "rows", "quarantined", "lines_xxh128"):
            assert remote_one[name] == local_one[name]
    assert list(verify(run.output)) == []
    again = {"manifest_path": prefix, "output_dir": "remote", "shard_size": 100_000}
    if backend != "local":
        return
    assert run_workflow("--dry-run", **again).jobs == {}

    # The same size, other content.
    changed = min(SAMPLE.rglob("*.jsonl"))
    content = changed.read_bytes().replace(b'"speaker"', b'"sp3aker"', 1)
    storage.put(f"sample/{changed.relative_to(SAMPLE)}", content)
    jobs = run_workflow("--dry-run", **again).jobs
    assert 0 < jobs["build"] < run.jobs["build"]
    key = f"sample/{changed.relative_to(SAMPLE)}"
    ((level, text),) = verify(run.output)
    assert level == "error"
    assert text.startswith(f"'s3://{BUCKET}/{key}': was changed since the run, and still has")
    storage.delete(key)
    ((level, text),) = verify(run.output)
    assert level == "warning"
    assert "does not exist" in text


@pytest.mark.workflow
def test_no_secret_is_written_anywhere(storage, run_workflow, monkeypatch) -> None:
    url = storage.put("m.jsonl", GOOD)
    with storage.with_keys() as (key, secret):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        run = run_workflow(manifest_path=url)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wr0ngSecret")
        failed = run_workflow(manifest_path=url, output_dir="other", check=False)
    assert failed.returncode != 0
    assert "access is refused" in failed.terminal
    assert "Traceback" not in failed.terminal
    assert not failed.output.exists()
    everything = run.terminal + failed.terminal
    for path in run.output.parent.rglob("*"):
        if path.is_file():
            everything += path.read_bytes().decode(errors="replace")
    for text in (key, secret, "wr0ngSecret"):
        assert text not in everything


@pytest.mark.workflow
def test_an_object_that_changes_during_the_run_stops_it(storage, run_workflow) -> None:
    url = storage.put("m.jsonl", GOOD * 100)
    changes = threading.Lock()

    def change(request) -> None:
        if is_read(request) and changes.acquire(blocking=False):
            storage.put("m.jsonl", GOOD.replace(b"16000", b"22050") * 100)

    storage.proxy.before = change
    targets = ["merge_output", "stats"]
    run = run_workflow(targets=targets, manifest_path=url, check=False)
    assert run.returncode != 0
    assert f"manifest '{url}' was changed while the run was under way" in run.terminal
    assert not (run.output / "alm_output.jsonl").exists()
    assert run_workflow(targets=targets, manifest_path=url).stats["entries"] == 100
    assert os.path.exists(run.output / "alm_output.jsonl")


@pytest.mark.workflow
def test_rows_that_are_added_during_the_run_wait_for_the_next_one(
    storage, run_workflow, tmp_path
) -> None:
    """The object is read before the file, so that is the moment to write."""
    url, path = storage.put("m.jsonl", GOOD * 5), tmp_path / "n.jsonl"
    path.write_bytes(GOOD * 3)
    once = threading.Lock()

    def add(request) -> None:
        if is_read(request) and once.acquire(blocking=False):
            with path.open("ab") as file:
                file.write(GOOD * 2)

    storage.proxy.before = add
    config = {"targets": ["stats"], "manifest_path": [url, str(path)]}
    assert run_workflow(**config).stats["entries"] == 5 + 3
    assert path.read_bytes() == GOOD * 5
    assert run_workflow(**config).stats["entries"] == 5 + 5
