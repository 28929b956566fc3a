"""The jobs of an export, one after the other in this process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alm.config import load_config
from alm.engines import Execution
from alm.exports.formats import EXAMPLES, PLAIN, TWO_CHANNELS, needs
from alm.input import cut_evenly, whole_file
from alm.jobs.build import build_shard
from alm.jobs.clips import cut_clips
from alm.jobs.examples import examples_of_shard
from alm.jobs.export import export
from alm.jobs.splits import split_recordings

LOCAL = Execution("local")


def run(
    manifests: Sequence[Path],
    folder: Path,
    shards: int = 1,
    execution: Execution = LOCAL,
    **config: Any,
) -> Path:
    """Export as a configuration says, with so many shards; the folder of all exports.

    Without `exports` nothing is written but the examples.
    """
    checked = load_config(config)
    names = checked.values["exports"]
    parts: dict[str, dict[str, list[Path]]] = {
        EXAMPLES: {"examples": []},
        PLAIN: {"clips": [], "index": []},
        TWO_CHANNELS: {"clips": [], "index": []},
    }
    ranges = [whole_file(str(path)) for path in manifests]
    kinds = {needs(name, checked.export.parquet_audio) for name in names}
    for number, group in enumerate(cut_evenly(ranges, shards)):
        work = folder / "work" / str(number)
        work.mkdir(parents=True)
        built = work / "built"
        build_shard(
            group,
            *(work / name for name in ("records", "refused", "recordings")),
            digests=built,
            summary=work / "build.json",
            sample=work / "sample",
            params=checked.window,
            stop_at_invalid=False,
            execution=execution,
            code="",
        )
        parts[EXAMPLES]["examples"].append(work / "examples")
        examples_of_shard(
            group,
            built=built,
            target=work / "examples",
            digests=work / "digests",
            window=checked.window,
            overlap=checked.overlap,
            audio_root=checked.values["audio_root"],
            execution=execution,
            code="",
        )
        for kind in kinds - {EXAMPLES}:
            outputs = [work / f"{kind}.{name}" for name in ("clips", "index", "refused", "json")]
            cut_clips(
                work / "examples",
                *outputs,
                kind=kind,
                params=checked.clips,
                max_overlap=checked.values["moshi_max_overlap"] if kind == TWO_CHANNELS else None,
                execution=execution,
                code="",
            )
            parts[kind]["clips"].append(outputs[0])
            parts[kind]["index"].append(outputs[1])
    splits = checked.values["splits"]
    if splits:
        split_recordings(
            parts[EXAMPLES]["examples"],
            folder / "splits.tsv",
            folder / "known.tsv",
            splits,
            checked.values["split_by"],
            checked.values["split_seed"],
        )
    for name in names:
        export(
            name,
            parts[needs(name, checked.export.parquet_audio)],
            folder / name,
            checked.export,
            list(splits or ()),
            folder / "splits.tsv" if splits else None,
        )
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All files of all exports, by their path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] != "work"
    }
