"""What a chunk, and then a shard, reports: small, additive, JSON on disk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from alm import files
from alm.rows import codec
from alm.statistics.counters import Stats


class LineCount(NamedTuple):
    """How many lines, blank ones too, start in the range of ``path`` that begins at ``start``."""

    path: str
    start: int
    lines: int


class Maker(NamedTuple):
    """What did the work: the backend, the hash of the code, and the versions of the packages."""

    backend: str
    code: str
    versions: dict[str, str]


@dataclass
class Summary:
    """What is known of some rows.

    The stats of each manifest, in order, a survey of all rows, how many lines were read, of which
    manifests that were not as planned any more, how many bytes of final output were written, and
    what did it.
    """

    stats: dict[str, Stats] = field(default_factory=lambda: defaultdict(Stats))
    survey: Stats = field(default_factory=Stats)
    line_counts: list[LineCount] = field(default_factory=list)
    grown: list[str] = field(default_factory=list)
    output_bytes: int = 0
    makers: list[Maker] = field(default_factory=list)

    def __iadd__(self, other: Summary) -> Summary:
        for manifest, stats in other.stats.items():
            self.stats[manifest] += stats
        self.survey += other.survey
        self.line_counts += other.line_counts
        self.grown += other.grown
        self.output_bytes += other.output_bytes
        for maker in other.makers:
            self.add_maker(maker)
        return self

    def settle(self) -> None:
        """Keep totals only: see :meth:`alm.statistics.counters.Stats.settle`."""
        for stats in (*self.stats.values(), self.survey):
            stats.settle()

    def add_maker(self, maker: Maker) -> None:
        """Add a maker unless it is there already."""
        if maker not in self.makers:
            self.makers.append(maker)

    def write(self, path: str | Path) -> None:
        """Write the summary as JSON."""
        data = {
            "stats": {manifest: stats.to_json() for manifest, stats in self.stats.items()},
            "survey": self.survey.to_json(),
            "line_counts": self.line_counts,
            "grown": self.grown,
            "output_bytes": self.output_bytes,
            "makers": self.makers,
        }
        with files.written_whole(path) as file:
            file.write(json.dumps(data, separators=(",", ":")).encode())

    @classmethod
    def read(cls, path: str | Path) -> Summary:
        """Read what :meth:`write` wrote."""
        data = codec.loads(Path(path).read_bytes())
        summary = cls()
        for manifest, stats in data["stats"].items():
            summary.stats[manifest] += Stats.from_json(stats)
        summary.survey += Stats.from_json(data["survey"])
        summary.line_counts = [LineCount(*count) for count in data["line_counts"]]
        summary.grown = data["grown"]
        summary.output_bytes = data["output_bytes"]
        summary.makers = [Maker(*maker) for maker in data["makers"]]
        return summary


def add_summaries(summaries: Iterable[Summary]) -> Summary:
    """The sum, manifests in the order of their first appearance."""
    result = Summary()
    for summary in summaries:
        result += summary
    return result
