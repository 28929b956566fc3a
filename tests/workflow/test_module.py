"""The workflow used from elsewhere: imported by another one, or run from another directory."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Run, run_snakemake
from helpers import ROOT, importer

pytestmark = pytest.mark.workflow

SAMPLE = ROOT / "workflow" / "sample" / "manifests"
OUTPUTS = ("alm_output.jsonl", "quarantine.jsonl", "stats.tsv")

# Stands for conda, which tests cannot count on: its environment is a virtual one with the packages
# of this one, but without `alm`, and notes when its Python starts.
CONDA = """\
#!{python}
import site, sys, venv
from pathlib import Path

match sys.argv[1:]:
    case ["info", *_]:
        print('{{"conda_prefix": "{prefix}", "platform": "linux-64"}}')
    case ["config", *_]:
        print('{{"get": {{"channel_priority": "strict"}}}}')
    case ["--version"]:
        print("conda 25.1.1")
    case [*_, "--prefix", folder]:
        venv.create(folder, symlinks=True)
        (packages,) = Path(folder).glob("lib/python*/site-packages")
        (packages / "shared.pth").write_text(chr(10).join(site.getsitepackages()))
        noting = "import sys; open('{prefix}/started', 'a').write(sys.prefix + chr(10))"
        (packages / "noting.pth").write_text(noting)  # Debian has a sitecustomize.py of its own
"""

ACTIVATE = 'export PATH="$1/bin:$PATH" CONDA_PREFIX="$1"'

HOOKS = """

onstart:
    alm.onstart()


onsuccess:
    alm.onsuccess()
"""


def run_in(
    folder: Path,
    snakefile: str,
    *arguments: str,
    prefix: Sequence[str] = (),
    path: Path | None = None,
    check: bool = True,
) -> Run:
    """Run a Snakefile of its own in an empty directory, to the output directory `out` there."""
    folder.mkdir()
    (folder / "Snakefile").write_text(snakefile)
    command = ["--cores", "2", *arguments]
    return run_snakemake(folder, command, folder / "out", check=check, prefix=prefix, path=path)


def outputs(run: Run) -> dict[str, bytes]:
    return {name: (run.output / name).read_bytes() for name in OUTPUTS}


def test_three_keys_are_enough(sample_run: Run, tmp_path: Path) -> None:
    """No hook runs, and none is missed. Afterwards nothing is to be done, and there is a report."""
    snakefile = importer(manifest_path=str(SAMPLE), output_dir="out", backend="local")
    run = run_in(tmp_path / "importer", snakefile)
    assert outputs(run) == outputs(sample_run)
    assert run.stats["parameters"]["overlap_percentage"] == 50
    assert "jobs ran on" not in run.terminal
    folder = tmp_path / "importer"
    for arguments, said in (
        (["--dry-run"], "Nothing to be done"),
        (["--report"], "Report created"),
    ):
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert said in done.stdout + done.stderr
    report = (folder / "report.html").read_text()
    assert "What was kept, what was lost" in report
    assert "curated from" not in report  # its description would lack all numbers


@pytest.mark.engine
def test_under_another_name_with_hooks(sample_run: Run, tmp_path: Path) -> None:
    """With them it is as if run by itself: one engine for all jobs, a summary at the end."""
    config = {"manifest_path": str(SAMPLE), "output_dir": "out", "shard_size": 130_000}
    snakefile = importer(" as alm_*", HOOKS, backend="ray_data", **config)
    run = run_in(tmp_path / "importer", snakefile)
    assert outputs(run) == outputs(sample_run)
    assert run.jobs["alm_build"] == run.jobs["alm_overlap"] > 1
    assert "jobs run here, on " in run.terminal
    assert "10 rows of 3 manifests" in run.terminal
    assert (run.output / "logs/engine.log").exists()
    assert (run.output / "work/plan.json").exists()


@pytest.mark.engine
def test_as_snakedeploy_sets_it_up(sample_run: Run, tmp_path: Path) -> None:
    """With the few keys of config/config.yaml; without hooks each job starts its own engine."""
    snakefile = f'configfile: "{ROOT / "config/config.yaml"}"\n\n\n'
    snakefile += importer().replace("config: {}", "config: config")
    run = run_in(tmp_path / "importer", snakefile, "--config", "output_dir=out")
    assert run.stats["parameters"]["backend"] == "xenna"
    assert outputs(run) == outputs(sample_run)
    assert not (run.output / "logs/engine.log").exists()


def test_a_wrong_key_is_named(tmp_path: Path) -> None:
    snakefile = importer(output_dir="out", backend="local", min_spaekers=3)
    run = run_in(tmp_path / "importer", snakefile, check=False)
    assert run.returncode != 0
    assert "min_spaekers is not a parameter: did you mean min_speakers?" in run.terminal


def test_a_snakefile_without_its_repository_says_so(tmp_path: Path) -> None:
    """As where it is named by its address on a site: Snakemake fetches no more than it names."""
    copy = tmp_path / "workflow" / "Snakefile"
    copy.parent.mkdir()
    copy.write_bytes((ROOT / "workflow/Snakefile").read_bytes())
    snakefile = importer().replace(str(ROOT / "workflow/Snakefile"), str(copy))
    run = run_in(tmp_path / "importer", snakefile, check=False)
    assert run.returncode != 0
    assert f"{copy} cannot run without the rest of its repository: clone that" in run.terminal


@pytest.mark.parametrize("name", ["Snakefile", "workflow/Snakefile"])
def test_the_sample_is_found_from_any_directory(tmp_path: Path, name: str) -> None:
    arguments = ["--snakefile", str(ROOT / name), "--dry-run", "--config", "output_dir=out"]
    run = run_in(tmp_path / "elsewhere", "", *arguments, "backend=local")
    assert run.jobs["build"] == 1
    assert not run.output.exists()


def test_in_an_environment_without_alm(sample_run: Run, tmp_path: Path) -> None:
    """As that of envs/alm.yaml: jobs find the package in the workflow's source."""
    conda = tmp_path / "conda" / "bin"
    conda.mkdir(parents=True)
    (conda / "conda").write_text(CONDA.format(python=sys.executable, prefix=conda.parent))
    (conda / "conda").chmod(0o755)
    (conda / "activate").write_text(ACTIVATE)
    snakefile = importer(manifest_path=str(SAMPLE), output_dir="out", backend="local")
    run = run_in(tmp_path / "importer", snakefile, "--sdm", "conda", path=conda)
    assert outputs(run) == outputs(sample_run)
    started = (conda.parent / "started").read_text().splitlines()
    (environment,) = set(started)
    assert Path(environment).is_relative_to(tmp_path / "importer" / ".snakemake" / "conda")
    assert len(started) >= sum(run.jobs.values()) - 1
    python = Path(environment) / "bin" / "python"
    assert subprocess.run([python, "-c", "import alm"], capture_output=True, cwd="/").returncode
