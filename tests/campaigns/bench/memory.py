"""The memory of every process of a run, by the size of its input."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.clock import workflow
from bench.figures import Figure, Part
from bench.inputs import write_mixed

BACKENDS = ("local", "ray_data", "xenna")
LARGE, SMALL = 2_000_000_000, 200_000_000
"""Bytes of manifest."""


def memory(folder: Path, tiny: bool) -> Part:
    """The most memory of one process, on rows of 1 kB to 1 MB."""
    part = Part("Memory: peak resident memory (RSS) of the largest process, rows of 1 kB to 1 MB")
    sizes = (100_000, 400_000) if tiny else (SMALL // 10, SMALL, LARGE)
    manifests = {size: write_mixed(folder / f"{size}.jsonl", size) for size in sizes}
    for backend in BACKENDS[:1] if tiny else BACKENDS:
        peaks: dict[int, dict[str, float]] = {}
        for size, manifest in manifests.items():
            at = folder / f"{backend}{size}"
            peaks[size] = workflow(at, backend=backend, manifest_path=manifest, watch=True).memory
            shutil.rmtree(at)
        most = {size: max(found.values()) for size, found in peaks.items()}
        small, large = sizes[-2:]
        part.figures += [
            Figure(f"{backend}: {_size(large)}", most[large], "MB", "less", 400),
            Figure(
                f"{backend}: {_size(large)} over {_size(small)}",
                most[large] / most[small],
                "times",
                "less",
                1.2,
            ),
            *(
                Figure(f"{backend}: {_size(large)}, {kind}", peak, "MB")
                for kind, peak in sorted(peaks[large].items(), key=lambda item: -item[1])[:5]
            ),
        ]
        part.series[backend] = [[size / 1e6, most[size]] for size in sizes]
    return part


def _size(size: int) -> str:
    return f"{size / 1e9:g} GB" if size >= 10**9 else f"{size / 1e6:g} MB"
