"""Options and fixtures that several test modules share."""

import fcntl
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from helpers import ROOT, SAMPLE, may_be_skipped, wait_until
from hypothesis import HealthCheck, settings
from starter import Starter, what_matters

# Example counts are set where tests differ in cost; a busy machine is no reason to fail. New
# examples are for people to find: CI tries the same ones each time.
settings.register_profile(
    "alm",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
)
settings.load_profile("alm")

BOTH_FORMS = (
    "tests/rows/",
    "tests/windows/",
    "tests/records/",
    "tests/statistics/",
    "tests/jobs/test_jobs.py",
    "tests/test_curate.py",
)
"""The tests of what is compiled where it can be: they run once more with it interpreted."""

OF_TESTS = "tests/windows/test_plain.py"
"""Not these: they are about what the tests compare with."""

ONE_AT_A_TIME = ("engine", "alone")
"""Marks of tests that start an engine, or look at what is left on the whole machine."""

BARE_ENGINES = "tests/engines/"
"""Theirs look only at processes of their own: they may run beside those that run the workflow."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("alm")
    group.addoption(
        "--interpreted",
        action="store_true",
        help="only the tests of what else is compiled, with it interpreted",
    )
    group.addoption("--no-skips", action="store_true", help="a test that is skipped has failed")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("interpreted"):
        os.environ["ALM_COMPILED"] = "python"  # before anything imports alm
        if config.args_source is not pytest.Config.ArgsSource.ARGS:  # importing others takes time
            config.args[:] = [str(config.rootpath / path) for path in BOTH_FORMS]
    AT_FIRST.update(own_environment())


def pytest_report_header() -> str:
    from alm.provenance.versions import versions

    return f"kernel: {versions()['kernel']}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put tests that cannot run side by side into one group, before xdist asks who is in which."""
    if not item.config.pluginmanager.hasplugin("xdist"):
        return
    if item.get_closest_marker("slurm"):
        item.add_marker(pytest.mark.xdist_group("one cluster"))
    elif item.get_closest_marker("browser"):
        item.add_marker(pytest.mark.xdist_group("one browser"))
    elif any(item.get_closest_marker(name) for name in ONE_AT_A_TIME):
        bare = item.nodeid.startswith(BARE_ENGINES)
        item.add_marker(pytest.mark.xdist_group("bare engines" if bare else "one at a time"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on where tests would run as they should not, and nobody would notice.

    xdist says by the names of tests which groups it sees. What an import changes in the
    environment makes each run start from nothing.
    """
    if changed := what_matters(own_environment()).items() ^ what_matters(AT_FIRST).items():
        raise pytest.UsageError(f"importing tests changes the environment: {sorted(changed)}")
    if session.config.getoption("loadgroup", False):
        for item in session.items:
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
                raise pytest.UsageError(f"xdist runs {item.nodeid} beside others of its group")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("interpreted"):
        both = [
            item
            for item in items
            if item.nodeid.startswith(BOTH_FORMS) and not item.nodeid.startswith(OF_TESTS)
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in both])
        items[:] = both


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("no_skips"):
        _, _, reason = report.longrepr
        if not may_be_skipped(reason):
            report.outcome, report.longrepr = "failed", reason
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What `-k` and paths choose may hold none of the tests that run in both forms."""
    if session.config.getoption("interpreted") and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


@dataclass
class Run:
    """A finished run of the workflow: what it said, and what its log says."""

    output: Path
    returncode: int
    terminal: str
    log: str = ""

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.output / name).read_bytes().splitlines()]

    @property
    def stats(self) -> dict[str, Any]:
        return json.loads((self.output / "stats.json").read_bytes())

    @property
    def jobs(self) -> dict[str, int]:
        """How many jobs of each rule were, or in a dry run would be, executed."""
        told = self.log or self.terminal
        table = told.partition("Job stats:")[2].partition("total")[0]
        rows = [line.split() for line in table.splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


RunWorkflow = Callable[..., Run]


def own_environment() -> dict[str, str]:
    """Without what leads to the package, and what importing Ray sets."""
    left_out = ("PYTHONPATH", "RAY_CLIENT_MODE")
    return {name: value for name, value in os.environ.items() if name not in left_out}


AT_FIRST: dict[str, str] = {}
"""The environment that tests may change for a while."""


@cache
def starter() -> Starter:
    """The one of this process."""
    return Starter(AT_FIRST)


MODULE = ("-m", "snakemake")


def run_snakemake(
    folder: Path,
    arguments: Sequence[str],
    output: Path,
    *,
    check: bool = True,
    prefix: Sequence[str] = (),
    path: Path | None = None,
) -> Run:
    """Run snakemake in a folder, where nothing but its own source leads it to the package.

    Its process starts from nothing if there is a `prefix`, or another environment than that of the
    session, and is forked otherwise: see starter.py. `path` comes first in PATH.
    """
    environment = own_environment()
    if path:
        environment["PATH"] = f"{path}:{environment['PATH']}"
    logs = folder / ".snakemake" / "log"
    before = set(logs.glob("*.log"))
    if not prefix and (forked := starter().run(arguments, folder, environment)):
        code, said = forked
    else:
        code, said = _run_anew(folder, [*prefix, sys.executable, *MODULE, *arguments], environment)
    assert not check or code == 0, said
    log = "".join(path.read_text(errors="replace") for path in {*logs.glob("*.log")} - before)
    return Run(output, code, said, log)


def _run_anew(
    folder: Path, command: Sequence[str], environment: Mapping[str, str]
) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def workflow_in(folder: Path) -> RunWorkflow:
    """What runs the workflow from a working directory, on `backend=local` unless told.

    Up to some rules only, its `targets`, where a test looks at no output of the others.
    """
    number = itertools.count()

    def run(
        *arguments: str,
        targets: Sequence[str] = (),
        cores: int = 2,
        configfiles: tuple[Path | str, ...] = (),
        check: bool = True,
        root: Path = ROOT,
        prefix: Sequence[str] = (),
        **config: Any,
    ) -> Run:
        config = {"backend": "local", "output_dir": "out"} | config
        folder.mkdir(exist_ok=True)
        configfile = f"test{next(number)}.yaml"
        (folder / configfile).write_text(yaml.safe_dump(config, allow_unicode=True))
        command = ["--snakefile", str(root / "Snakefile"), "--cores", str(cores), *targets]
        command += ["--configfile", str(root / "config/pipeline.yaml")]
        command += [*map(str, configfiles), configfile, *arguments]
        output = folder / config["output_dir"]
        return run_snakemake(folder, command, output, check=check, prefix=prefix)

    return run


@pytest.fixture
def run_workflow(tmp_path: Path) -> RunWorkflow:
    """Run the workflow from a working directory of the test's own, `tmp_path / "work"`."""
    return workflow_in(tmp_path / "work")


@contextmanager
def shared_run(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Run]
) -> Iterator[Run]:
    """A run that is made once, in a folder of its own, for all workers of a session to look at.

    Raises:
        AssertionError: at the end, if a test has changed one of its files.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, said, log = base / name, base / f"{name}.terminal", base / f"{name}.log"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            folder.mkdir()
            run = make(folder)
            log.write_text(run.log)
            said.write_text(run.terminal)
    before = times_of_files(folder)
    yield Run(folder / "out", 0, said.read_text(), log.read_text())
    assert times_of_files(folder) == before, f"a test has changed the shared run in {folder}"


def times_of_files(folder: Path) -> dict[Path, int]:
    """When each file below a folder was changed, in ns."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The shipped sample as `config/pipeline.yaml` says, on two cores: to look at, not to change.

    Who goes on from there takes `sample_copy`.
    """

    def make(folder: Path) -> Run:
        return workflow_in(folder)(manifest_path=str(SAMPLE))

    with shared_run(tmp_path_factory, "sample", make) as run:
        yield run


@pytest.fixture(scope="session")
def sharded_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same in three shards, on one core."""

    def make(folder: Path) -> Run:
        return workflow_in(folder)(manifest_path=str(SAMPLE), shard_size=120_000, cores=1)

    with shared_run(tmp_path_factory, "sharded", make) as run:
        yield run


def copy_of(run: Run, folder: Path) -> Run:
    """The run in a copy of its working directory, with the times of all files."""
    shutil.copytree(run.output.parent, folder, copy_function=shutil.copy2)
    return replace(run, output=folder / run.output.name)


@pytest.fixture
def sample_copy(sample_run: Run, tmp_path: Path) -> Run:
    """The same run, copied to where `run_workflow` goes on with it, as with a run of its own."""
    return copy_of(sample_run, tmp_path / "work")


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """A real Slurm of two nodes, n1 and n2: the prefix of commands that are to run on it.

    The temporary folder of its jobs is theirs alone: TMPDIR is /run/tmp.
    """
    tools = ("slurmctld", "slurmd", "munged", "ip", "unshare", "nsenter")
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    if missing := [tool for tool in tools if not shutil.which(tool, path=path)]:
        pytest.skip(f"needs {', '.join(missing)} (Debian: munge, slurm-wlm, iproute2)")
    if os.geteuid() != 0:
        pytest.skip("needs root, to run a Slurm in namespaces of its own")
    ready = tmp_path_factory.mktemp("slurm") / "ready"
    script = ROOT / "tests" / "slurm" / "cluster.sh"
    cluster = subprocess.Popen(
        [script, ready],
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: ready.exists() or cluster.poll() is not None)
        assert cluster.poll() is None, cluster.stdout.read()
        (inside,) = psutil.Process(cluster.pid).children()
        enter = [
            "nsenter",
            f"--target={inside.pid}",
            "--mount",
            "--net",
            "--uts",
            "--pid",
            "--wd=.",
        ]
        yield [*enter, "env", "TMPDIR=/run/tmp"]
    finally:
        cluster.kill()
        cluster.communicate()
