"""An existing Ray cluster, for real: two nodes on this host, joined by `ray_address`."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import Run, RunWorkflow
from helpers import SAMPLE, wait_until

from alm.engines import Execution, open_engine
from alm.errors import EngineError

pytestmark = pytest.mark.engine

ON_RAY = ["ray_data", "xenna"]
AT_ONCE = 150
"""Seconds for what takes five on a quiet machine; some of Ray's own limits are a minute each."""

FOR_WORKERS = os.pathsep.join(map(str, Path(__file__).parents[:2]))
RAY = str(Path(sys.executable).with_name("ray"))
RAYS_OWN = {"DashboardAgent", "RuntimeEnvAgent", "_AutoscalingCoordinatorActor", "_StatsActor"}
"""What Ray, and Ray Data once for all who use it, keep running on a cluster."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A head and its nodes, each with one CPU."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.token = secrets.token_hex(32)
        self.environment = {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ADDRESS": "",
        }
        self.folder = folder
        self.nodes: list[subprocess.Popen[bytes]] = []

    def start_head(self) -> None:
        self._start(
            [RAY, "start", "--head", f"--port={self.address.partition(':')[2]}"],
            f"--ray-client-server-port={free_port()}",
            "--include-dashboard=false",
            f"--temp-dir={self.folder / 'ray'}",
        )

    def start_node(self, *before: str) -> None:
        self._start([*before, RAY, "start", f"--address={self.address}"])

    def stop(self) -> None:
        started = [psutil.Process(node.pid) for node in self.nodes]
        for process in [p for s in started for p in s.children(recursive=True)] + started:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for node in self.nodes:
            node.wait()

    def workers(self) -> set[str]:
        """The titles of the Ray processes below the nodes, those of Ray itself aside."""
        titles = set()
        for node in self.nodes:
            for process in psutil.Process(node.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess, IndexError):
                    titles.add(process.cmdline()[0])
        found = {title.partition("::")[2].strip() for title in titles if title.startswith("ray::")}
        return found - RAYS_OWN

    def _start(self, command: list[str], *options: str) -> None:
        command += [*options, "--block", "--num-cpus=1", "--object-store-memory=100000000"]
        command += ["--min-worker-port=0", "--max-worker-port=0"]
        log = self.folder / f"node-{len(self.nodes)}.log"
        with log.open("wb") as out:
            node = subprocess.Popen(command, env=self.environment, stdout=out, stderr=out)
        self.nodes.append(node)
        wait_until(lambda: "Ray runtime started" in log.read_text() or node.poll() is not None)
        assert node.poll() is None, log.read_text()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        cluster = Cluster(Path(folder))
        try:
            cluster.start_head()
            cluster.start_node()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def known(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster, with its token in the environment."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", cluster.token)
    return cluster


def complaint(backend: str, address: str, folder: Path) -> str:
    with (
        pytest.raises(EngineError) as caught,
        open_engine(Execution(backend, ray_address=address), folder),
    ):
        pass
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.workflow
@pytest.mark.parametrize("backend", ON_RAY)
def test_the_cluster_works_and_gives_the_same_bytes(
    known: Cluster, run_workflow: RunWorkflow, sample_run: Run, backend: str
) -> None:
    run = run_workflow(manifest_path=str(SAMPLE), backend=backend, ray_address=known.address)
    for name in ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv"):
        assert (run.output / name).read_bytes() == (sample_run.output / name).read_bytes()
    for step in ("build", "overlap"):
        (log,) = (run.output / "logs" / step).glob("*.log")
        places = set(re.findall(r"done by .*, Ray node (\w+)", log.read_text()))
        assert places
        assert places <= {node[:8] for node in nodes_of(known)}
    assert not (run.output / "logs" / "engine.log").exists()

    with suppress(AssertionError):  # what is left says more than that something is
        wait_until(lambda: known.workers() == set())
    assert known.workers() == set()
    assert all(node.poll() is None for node in known.nodes)


@pytest.mark.parametrize("backend", ON_RAY)
def test_chunks_spread_over_the_nodes(
    known: Cluster, tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine takes its threads from the cluster, and leaves nothing where it looks for files."""
    monkeypatch.setenv("PYTHONPATH", FOR_WORKERS)
    execution = Execution(backend, threads=1, ray_address=known.address)
    with open_engine(execution, tmp_path) as engine:
        assert engine.threads == 2
        found = engine.map_chunks(meet, [tmp_path, tmp_path], lambda *_: None)
    assert set(found) == nodes_of(known)
    assert {path.name for path in tmp_path.iterdir()} == set(found)


def meet(folder: Path) -> str:
    """Wait until a chunk is worked on on another node, too."""
    place = node_of(0)
    (folder / place).touch()
    deadline = time.monotonic() + 300
    while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    return place


def test_the_environment_alone_captures_no_run(
    known: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", known.address)
    monkeypatch.setenv("PYTHONPATH", FOR_WORKERS)
    with open_engine(Execution("ray_data", threads=1), tmp_path) as engine:
        assert engine.threads == 1
        (place,) = engine.map_chunks(node_of, [0], lambda *_: None)
    assert place not in nodes_of(known)


def node_of(_: int) -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())


def nodes_of(cluster: Cluster) -> set[str]:
    code = f"""
from ray._raylet import GcsClient
nodes = GcsClient(address={cluster.address!r}).get_all_node_info(timeout=100)
print(*(id.hex() for id in nodes))
"""
    return set(run_python(cluster, code).split())


def run_python(cluster: Cluster, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_an_address_where_nobody_answers_is_named_at_once(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    assert f"ray_address={address} cannot be joined" in complaint("xenna", address, tmp_path)
    assert time.monotonic() - began < AT_ONCE


@pytest.mark.parametrize("backend", ON_RAY)
def test_a_wrong_token_is_named_at_once(
    known: Cluster, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    began = time.monotonic()
    message = complaint(backend, known.address, tmp_path)
    assert "token is missing or incorrect" in message
    assert "RAY_AUTH_TOKEN" in message
    assert time.monotonic() - began < AT_ONCE


def test_another_version_on_the_cluster_is_named(known: Cluster, tmp_path: Path) -> None:
    def change(**versions: str) -> dict[str, str]:
        code = f"""
import json
from ray._raylet import GcsClient
client, key, space = GcsClient(address={known.address!r}), b"CLUSTER_METADATA", b"cluster"
before = json.loads(client.internal_kv_get(key, namespace=space, timeout=100))
after = json.dumps({{**before, **{versions!r}}}).encode()
client.internal_kv_put(key, after, True, namespace=space, timeout=100)
print(json.dumps(before))
"""
        return dict(json.loads(run_python(known, code)))

    before = change(python_version="3.10.99")
    try:
        message = complaint("ray_data", known.address, tmp_path)
    finally:
        change(python_version=before["python_version"])
    assert "Version mismatch" in message
    assert "3.10.99" in message


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_node_that_does_not_see_the_files_is_named(known: Cluster, tmp_path: Path) -> None:
    """The last test here, since the node stays known for a while."""
    hide = f"mount -t tmpfs none '{tmp_path}' && exec \"$@\""
    known.start_node("unshare", "--mount", "sh", "-c", hide, "sh")
    message = complaint("xenna", known.address, tmp_path)
    assert f"node {socket.gethostname()} (" in message
    assert f"does not see {tmp_path} as this machine does" in message
    assert "a file system that all nodes share" in message
    assert list(tmp_path.iterdir()) == []
