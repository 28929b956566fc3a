"""What a chunk, and then a shard, reports: small, additive, JSON on disk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from alm import codec, files
from alm.stats import Stats


class LineCount(NamedTuple):
    """How many lines, blank ones too, start in the range of ``path`` that begins at ``start``."""

    path: str
    start: int
    lines: int


@dataclass
class Summary:
    """The stats of each manifest, in order, a survey of all rows, and how many lines were read."""

    stats: dict[str, Stats] = field(default_factory=lambda: defaultdict(Stats))
    survey: Stats = field(default_factory=Stats)
    line_counts: list[LineCount] = field(default_factory=list)

    def __iadd__(self, other: Summary) -> Summary:
        for manifest, stats in other.stats.items():
            self.stats[manifest] += stats
        self.survey += other.survey
        self.line_counts += other.line_counts
        return self

    def write(self, path: str | Path) -> None:
        """Write the summary as JSON."""
        data = {
            "stats": {manifest: stats.to_json() for manifest, stats in self.stats.items()},
            "survey": self.survey.to_json(),
            "line_counts": self.line_counts,
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
        return summary


def add_summaries(summaries: Iterable[Summary]) -> Summary:
    """The sum, manifests in the order of their first appearance."""
    result = Summary()
    for summary in summaries:
        result += summary
    return result
