"""Fixtures that several test modules share."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
import yaml
from helpers import ROOT
from hypothesis import HealthCheck, settings

from alm import compiled

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


@pytest.fixture(scope="session")
def kernel() -> ModuleType:
    """The compiled kernel."""
    return _compiled("kernel")


@pytest.fixture(scope="session")
def measures() -> ModuleType:
    """The compiled measures."""
    return _compiled("measures")


def _compiled(name: str) -> ModuleType:
    module: ModuleType | None = getattr(compiled, name)
    if module is None:
        reason = f"alm/_{name}.pyx is not compiled here: see what `make -B setup` says"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    return module


@dataclass
class Run:
    """A finished run of the workflow."""

    output: Path
    returncode: int
    terminal: str

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.output / name).read_bytes().splitlines()]

    @property
    def stats(self) -> dict[str, Any]:
        return json.loads((self.output / "stats.json").read_bytes())

    @property
    def jobs(self) -> dict[str, int]:
        """How many jobs of each rule were, or in a dry run would be, executed."""
        table = self.terminal.partition("Job stats:")[2].partition("total")[0]
        rows = [line.split() for line in table.splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


RunWorkflow = Callable[..., Run]


@pytest.fixture
def run_workflow(tmp_path: Path) -> RunWorkflow:
    """Run the workflow from an empty working directory, on `backend=local` unless told."""
    number = itertools.count()

    def run(
        *arguments: str,
        cores: int = 2,
        configfiles: tuple[Path | str, ...] = (),
        check: bool = True,
        root: Path = ROOT,
        prefix: Sequence[str] = (),
        **config: Any,
    ) -> Run:
        config = {"backend": "local", "output_dir": "out"} | config
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        configfile = f"test{next(number)}.yaml"
        (folder / configfile).write_text(yaml.safe_dump(config, allow_unicode=True))
        command = [
            *prefix,
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(root / "Snakefile"),
        ]
        command += ["--cores", str(cores), "--configfile", str(root / "config/pipeline.yaml")]
        command += [*map(str, configfiles), configfile, *arguments]
        done = subprocess.run(
            command,
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        return Run(folder / config["output_dir"], done.returncode, done.stdout)

    return run


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
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert cluster.poll() is None, cluster.stdout.read()
            assert time.monotonic() < deadline, "Slurm does not start"
            time.sleep(0.05)
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
