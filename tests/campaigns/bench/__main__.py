"""Measure, compare with the last time, and show: `make bench`, or some parts of it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers import ROOT

from bench import audio, clips, document, figures, kernel, memory, picture, runs, sweep
from bench.figures import Part

PARTS: dict[str, Callable[[Path, bool], Part]] = {
    "kernel": kernel.kernel,
    "jobs": kernel.jobs,
    "startup": runs.startup,
    "end_to_end": runs.end_to_end,
    "engines": runs.engines,
    "scaling": runs.scaling,
    "linear": kernel.linear,
    "sweep": sweep.sweep,
    "memory": memory.memory,
    "audio": audio.audio,
    "clips": clips.clips,
}
DOCS = ROOT / "docs"
LAST = DOCS / "performance.json"
PICTURE = "images/performance.png"


def main(arguments: list[str] | None = None) -> None:
    """Measure the parts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=...", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--renew", action="store_true", help="put the figures into docs/")
    parser.add_argument("--tiny", action="store_true", help="try the benchmark itself out")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")

    print(f"{figures.MACHINE}\n", flush=True)
    last = figures.read(LAST)
    results: figures.Results = {}
    failed = []
    for name in [name for name in PARTS if name in options.parts or not options.parts]:
        began = time.monotonic()
        try:
            with TemporaryDirectory(prefix="alm-bench-") as folder:
                results[name] = PARTS[name](Path(folder), options.tiny)
        except RuntimeError as error:
            failed.append(name)
            print(f"{name} could not be measured: {error}\n", flush=True)
            continue
        print(document.terminal({name: results[name]}, last))
        print(f"  measured in {time.monotonic() - began:.0f} s\n", flush=True)

    figures.write(options.output / "performance.json", results)
    picture.draw(results, options.output / "performance.png")
    if options.renew:
        renewed = {name: (last | results)[name] for name in PARTS if name in last | results}
        figures.write(LAST, renewed)
        picture.draw(renewed, DOCS / PICTURE)
        document.insert(DOCS / "performance.md", renewed, PICTURE)
    print(f"written to {DOCS if options.renew else options.output}")
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
