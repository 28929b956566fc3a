"""What each selection keeps and covers of real diarizations: the tables of docs/selection.md.

    PYTHONPATH=tests/campaigns python -m selection ../shared/real/*.jsonl.gz

A row a set of candidates and percentage; hours that are kept, and covered, each second once.
"""

import gzip
import sys
from itertools import product
from pathlib import Path

from alm import OverlapParams, WindowParams
from alm.rows.row import parse_row
from alm.statistics.measures import lasting
from alm.windows.build import find_windows
from alm.windows.filter import SELECTIONS, Choices


def figures(path: Path, params: WindowParams, percentages: list[int]) -> list[list[float]]:
    """For each percentage the candidates, then windows, seconds and covered of each selection."""
    sums = [[0.0] * 10 for _ in percentages]
    read = gzip.open if path.suffix == ".gz" else open
    with read(path, "rb") as lines:
        for line in lines:
            windows = find_windows(parse_row(line), params).windows
            for total, percentage in zip(sums, percentages, strict=True):
                overlap = OverlapParams(percentage).resolved(params)
                choices = Choices(windows.starts, windows.ends, overlap)
                total[0] += len(windows.starts)
                for k, selection in enumerate(SELECTIONS):
                    chosen, _ = choices.by(selection)
                    total[3 * k + 1] += len(chosen)
                    total[3 * k + 2] += sum(windows.ends[n] - windows.starts[n] for n in chosen)
                    total[3 * k + 3] += lasting(windows.starts, windows.ends, chosen)[1]
    return sums


def main(paths: list[str]) -> None:
    percentages = [0, 30, 50, 80]
    print("| corpus | segments | ends | candidates | % | greedy | total | coverage |")
    print("|---|---|---|--:|--:|---|---|---|")
    for path, sort, ends in product(paths, (False, True), ("longest", "any")):
        params = WindowParams(sort_segments=sort, window_ends=ends)
        found = figures(Path(path), params, percentages)
        for percentage, (candidates, *rest) in zip(percentages, found, strict=True):
            cells = [
                f"{rest[k]:.0f} / {rest[k + 1] / 3600:.2f} / {rest[k + 2] / 3600:.2f}"
                for k in (0, 3, 6)
            ]
            order = "sorted" if sort else "as in the file"
            name = Path(path).name.partition(".")[0]
            print(f"| {name} | {order} | {ends} | {candidates:.0f} | {percentage} |", end=" ")
            print(" | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
