"""Export a small corpus with audio in all formats, for the loaders: `make_exports.py FOLDER`."""

import shutil
import sys
from pathlib import Path

from alm.exports.formats import FORMATS

sys.path.insert(0, str(Path(__file__).parents[1]))

import corpus
import exporting

CONFIG = {"target_window_duration": 60, "export_file_size": 1_500_000}


def main(folder: Path) -> None:
    """Write everything anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    manifest = corpus.write(folder.resolve())
    exporting.run([manifest], folder / "exports", exports=list(FORMATS), **CONFIG)
    exporting.run(
        [manifest], folder / "with_audio", exports=["parquet"], parquet_audio=True, **CONFIG
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
