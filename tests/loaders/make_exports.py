"""Export a small corpus with audio in all formats, for the loaders: `make_exports.py FOLDER`."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import corpus
import exporting

from alm.exports.formats import FORMATS

CONFIG = {"target_window_duration": 60, "export_file_size": 1_500_000}


def main(folder: Path) -> None:
    """Write everything anew: `exports` by the workflow, then `with_audio`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    manifest = corpus.write(folder.resolve())
    config = CONFIG | {"manifest_path": manifest.name, "output_dir": ".", "backend": "local"}
    command = [sys.executable, "-m", "snakemake", "exports", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--cores", "2", "--quiet", "all", "--config", f"exports={','.join(FORMATS)}"]
    command += [f"{name}={value}" for name, value in config.items()]
    subprocess.run(command, cwd=folder, check=True)
    exporting.run(
        [manifest], folder / "with_audio", exports=["parquet"], parquet_audio=True, **CONFIG
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
