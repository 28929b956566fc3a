"""The engines, for real: Ray and Xenna are started, and looked for when they should be gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import psutil
import pytest
from helpers import ROOT, wait_until

from alm.engines import BACKENDS, Execution, open_engine
from alm.engines.client import DriverProcess
from alm.errors import AlmError, EngineError

ON_RAY = ["ray_data", "xenna"]
FOR_WORKERS = os.pathsep.join(map(str, Path(__file__).parents[:2]))


class Chunk(NamedTuple):
    """What the functions below are mapped over."""

    number: int
    folder: Path
    backend: str = ""


class Work(NamedTuple):
    """What `work` says about one chunk."""

    number: int
    pid: int
    started: float
    ended: float
    answers: list[str]


class RefusedError(AlmError):
    """An error of the kind that the functions of `alm` raise."""


def work(chunk: Chunk) -> Work:
    """Take half a second; leave a mark for each time that this ran. One looks for open ports."""
    started = time.time()
    time.sleep(0.5)
    looks = chunk.number == 0 and chunk.backend == "ray_data"
    answers = open_to_anybody() if looks else []
    with (chunk.folder / f"chunk-{chunk.number}").open("a") as marks:
        marks.write("ran\n")
    return Work(chunk.number, os.getpid(), started, time.time(), answers)


def refuse_second(chunk: Chunk) -> int:
    """Fail in chunk 1 while chunk 0, which notes its process, is going to take an hour."""
    pid = chunk.folder / "pid"
    if chunk.number == 0:
        pid.write_text(str(os.getpid()))
        time.sleep(3600)
    while not pid.exists():
        time.sleep(0.05)
    raise RefusedError("rows.jsonl, line 3: no segments")


def die_once(chunk: Chunk) -> int:
    """Be killed, as for memory, the first time that a chunk is tried."""
    mark = chunk.folder / f"chunk-{chunk.number}"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return chunk.number


def number_of(chunk: Chunk) -> int:
    return chunk.number


def map_chunks(backend, function, chunks, *, threads, on_done=lambda *_: None):
    """Through an engine of its own."""
    with open_engine(Execution(backend, threads), Path.cwd()) as engine:
        return engine.map_chunks(function, chunks, on_done)


def chunks_in(folder: Path, count: int) -> list[Chunk]:
    return [Chunk(number, folder) for number in range(count)]


def living_descendants() -> set[psutil.Process]:
    processes = psutil.Process().children(recursive=True)
    return {process for process in processes if is_alive(process.pid)}


def is_alive(pid: int) -> bool:
    """Whether the process can still do something, other than wait for its parent to look."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def engine_processes(folder: Path) -> list[str]:
    """The command lines of processes whose Ray lives under ``folder``."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command:
            found.append(command)
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A temporary folder to be started in, and checks that nothing stays behind.

    It is short, as a usual /tmp is: below pytest's own folders Ray's socket paths do not fit.
    Workers find this module, and what it imports, by PYTHONPATH.
    """
    tmp_path_factory.getbasetemp()  # made now, or else pytest makes it in the folder below
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(dir="/tmp") as folder:
        patch.setenv("PYTHONPATH", FOR_WORKERS)
        patch.setattr(tempfile, "tempdir", folder)
        processes = living_descendants()
        yield Path(folder)
        assert living_descendants() <= processes
        assert engine_processes(Path(folder)) == []
        assert os.listdir(folder) == []


class Run(NamedTuple):
    """One run of `work` by an engine."""

    backend: str
    threads: int
    results: list[Work]
    reported: list[tuple[int, Work]]
    marks: dict[str, str]
    left: list[str]
    environment_restored: bool


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(backend, marks=[] if backend == "local" else [pytest.mark.engine])
        for backend in BACKENDS
    ],
)
def run(
    request: pytest.FixtureRequest, clean: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    backend, threads = request.param, 2
    folder = tmp_path_factory.mktemp("marks")
    reported: list[tuple[int, Work]] = []
    environment = dict(os.environ)
    results = map_chunks(
        backend,
        work,
        [chunk._replace(backend=backend) for chunk in chunks_in(folder, 8)],
        threads=threads,
        on_done=lambda index, result: reported.append((index, result)),
    )
    restored = dict(os.environ) == environment
    marks = {path.name: path.read_text() for path in folder.iterdir()}
    workers = {result.pid for result in results} - {os.getpid()}
    left = [*engine_processes(clean), *map(str, filter(is_alive, workers))]
    return Run(backend, threads, results, reported, marks, left, restored)


def test_results_are_in_order_and_each_is_reported_once(run: Run) -> None:
    assert [result.number for result in run.results] == list(range(len(run.results)))
    assert sorted(run.reported) == list(enumerate(run.results))


def test_each_chunk_is_handled_exactly_once(run: Run) -> None:
    assert run.marks == {f"chunk-{result.number}": "ran\n" for result in run.results}


def test_chunks_run_where_the_engine_says(run: Run) -> None:
    pids = {result.pid for result in run.results}
    if run.backend == "local":
        assert pids == {os.getpid()}
    else:
        assert os.getpid() not in pids
        assert len(pids) >= run.threads


def test_no_more_chunks_than_threads_at_a_time(run: Run) -> None:
    starts = [result.started for result in run.results]
    running = [sum(r.started <= start < r.ended for r in run.results) for start in starts]
    assert max(running) <= run.threads


def test_no_process_is_left_and_no_variable(run: Run) -> None:
    assert run.left == []
    assert run.environment_restored


def test_14_19_no_port_answers_without_a_token(run: Run) -> None:
    answers = run.results[0].answers
    assert (len(answers) > 3) == (run.backend == "ray_data")
    assert set(answers) <= {""}


@pytest.mark.engine
@pytest.mark.parametrize("backend", ON_RAY)
def test_an_error_of_the_function_arrives_as_itself_and_ends_the_others(
    backend: str, clean: Path, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as caught:
        map_chunks(backend, refuse_second, chunks_in(tmp_path, 2), threads=2)
    assert type(caught.value) is RefusedError
    assert str(caught.value) == "rows.jsonl, line 3: no segments"
    assert "refuse_second" in caught.value.__notes__[0]
    assert engine_processes(clean) == []
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_an_error_of_the_function_passes_local(tmp_path: Path) -> None:
    (tmp_path / "pid").touch()
    with pytest.raises(RefusedError, match="line 3: no segments"):
        map_chunks("local", refuse_second, chunks_in(tmp_path, 2)[1:], threads=2)


@pytest.mark.engine
def test_ray_data_gives_the_chunk_of_a_dead_worker_to_another(clean: Path, tmp_path: Path) -> None:
    assert map_chunks("ray_data", die_once, chunks_in(tmp_path, 2), threads=2) == [0, 1]


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_xenna_says_in_one_line_that_a_worker_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a long TMPDIR, besides, under which no socket would fit."""
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with pytest.raises(EngineError, match=r"\ARay failed \(ActorDiedError.*backend=local.*\Z"):
        map_chunks("xenna", die_once, chunks_in(tmp_path, 2), threads=1)


@pytest.mark.engine
def test_a_killed_keeper_leaves_nothing_behind(clean: Path) -> None:
    driver = DriverProcess(Execution("ray_data", threads=2))
    keeper = psutil.Process(driver.process.pid)

    def agents() -> list[psutil.Process]:
        """Two, which nobody tells that they are no longer needed."""
        return [p for p in keeper.children(recursive=True) if "Agent" in "".join(p.cmdline())]

    wait_until(lambda: len(agents()) == 2)
    found = agents()
    keeper.kill()
    time.sleep(1)
    assert all(is_alive(process.pid) for process in found)
    driver.stop()
    wait_until(lambda: not any(is_alive(process.pid) for process in found), seconds=30)
    assert os.listdir(clean) == []


class Ray(NamedTuple):
    """What a worker sees of the Ray that it belongs to."""

    address: str
    cpus: float
    memory: float
    store: float


def describe(_: int) -> Ray:
    import ray

    has = ray.cluster_resources()
    address = ray.get_runtime_context().gcs_address
    return Ray(address, has["CPU"], has["memory"], has["object_store_memory"])


def ray_of(execution: Execution, folder: Path) -> Ray:
    with open_engine(execution, folder) as engine:
        return engine.map_chunks(describe, [0], lambda *_: None)[0]


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_ray_gets_what_the_job_was_given_and_several_at_once_do_not_collide(tmp_path: Path) -> None:
    given = [Execution("ray_data", threads, mem_mb) for threads, mem_mb in [(1, 500), (3, 900)]]
    with ThreadPoolExecutor(len(given)) as pool:
        found = list(pool.map(lambda execution: ray_of(execution, tmp_path), given))
    assert len({ray.address for ray in found}) == len(given)
    for execution, ray in zip(given, found, strict=True):
        assert ray.cpus == execution.threads
        assert execution.mem_mb is not None
        assert ray.memory + ray.store == execution.mem_mb * 10**6


def open_to_anybody() -> list[str]:
    """The ports of the Ray around this worker that answer without a token."""
    raylet = psutil.Process(os.getppid())
    found = []
    for process in [raylet, *raylet.children(), *raylet.parent().children()]:
        try:
            connections = process.net_connections("inet")
        except psutil.NoSuchProcess:  # a worker that was not needed
            continue
        for connection in connections:
            if connection.status == psutil.CONN_LISTEN:
                host = connection.laddr.ip.replace("0.0.0.0", "127.0.0.1").replace("::", "[::1]")
                url = f"http://{host}:{connection.laddr.port}/metrics"
                try:
                    urlopen(url, timeout=5).close()
                except (OSError, HTTPException):  # no HTTP, or 401
                    found.append("")
                else:
                    found.append(f"{process.name()} {url}")
    return found


def python(code: str) -> str:
    """What ``code`` prints in a new interpreter that can import `alm`."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("backend", "missing"),
    [("ray_data", "ray"), ("xenna", "ray"), ("xenna", "cosmos_xenna"), ("xenna", "psutil")],
)
def test_a_missing_package_is_named_in_one_line(
    backend: str, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError("No module named " + repr(name))
sys.meta_path.insert(0, Missing())
"""
    (tmp_path / "sitecustomize.py").write_text(hook)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EngineError) as caught:
        map_chunks(backend, abs, [1], threads=1)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert f"No module named '{missing}" in message
    assert "backend=local" in message


def test_engines_are_imported_only_when_chosen() -> None:
    loaded = python(
        "import sys; from pathlib import Path; from alm.engines import Execution, open_engine\n"
        "with open_engine(Execution('local'), Path('.')) as engine:\n"
        "    engine.map_chunks(abs, [-1], print)\n"
        "import alm.engines.client\n"
        "print(*{'ray', 'cosmos_xenna', 'psutil', 'pandas'} & set(sys.modules))"
    )
    assert loaded == "0 1"


def test_an_unknown_backend_is_refused_with_those_there_are() -> None:
    with pytest.raises(EngineError, match=r"'dask'.*xenna, ray_data, local"):
        map_chunks("dask", number_of, [], threads=1)


def test_threads_have_to_be_positive() -> None:
    with pytest.raises(ValueError, match="threads=0"):
        map_chunks("local", number_of, [], threads=0)
