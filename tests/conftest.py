"""Fixtures that several test modules share."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import ROOT
from hypothesis import HealthCheck, settings

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

    def run(
        *arguments: str,
        cores: int = 2,
        configfiles: tuple[Path | str, ...] = (),
        check: bool = True,
        root: Path = ROOT,
        **config: Any,
    ) -> Run:
        config = {"backend": "local", "output_dir": "out"} | config
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        (folder / "test.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
        command += ["--cores", str(cores), "--configfile", str(root / "config/pipeline.yaml")]
        command += [*map(str, configfiles), "test.yaml", *arguments]
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
