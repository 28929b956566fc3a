"""Mutate manifests at random, and see that nothing but the documented errors comes of it.

    make fuzz FUZZ_ARGS='--inputs 100000 --seed 1'

Each input is a manifest of a few rows, damaged as bytes and as JSON, plain or compressed. For each
the output and the quarantine together must answer for every line that is not blank, and what is
written must be JSON; no input may take long; for some of them the statistics and the report are
made, too, which nothing in a row may stop. Input `n` of a seed is always the same one:
`--first n --inputs 1`.
"""

import argparse
import copy
import gzip
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backports import zstd

from alm import OverlapParams, WindowParams, curate_manifest
from alm.errors import InvalidRowError, ManifestError
from alm.input import whole_file
from alm.input.shards import Shard
from alm.jobs.build import build_chunk
from alm.jobs.overlap import overlap_chunk
from alm.jobs.pages import write_report
from alm.jobs.recordings import write_recordings
from alm.jobs.shard import write_ranges
from alm.jobs.stats import aggregate
from alm.jobs.what_if import try_levers
from alm.keys import DEFAULTS
from alm.report.render import PAGES

SAMPLE = Path(__file__).resolve().parents[2] / "workflow" / "sample" / "manifests"


SECONDS = 10
"""Of the processor's time for a manifest of a few rows, each of less than a megabyte."""

# Pieces of text that parsers and arithmetic are known to stumble over.
TOKENS = [
    *(b"NaN", b"-Infinity", b"1e999", b"-1e308", b"1e-400", b"-0", b"0.1e1", b"01", b"1.", b"+1"),
    *(b"null", b"true", b"[]", b"{}", b'""', b"[[", b"]}", b",", b":", b'"', b"\\", b"\\u"),
    *(b"9" * 19, b"-" + b"9" * 20, b"1" + b"0" * 400, b"7" * 4500, b"9007199254740993"),
    *(b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"\\ud83d\\ude00", "é👍\u2028".encode()),
    *(b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xef\xbb\xbf"),
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\0", b" " * 50, b"\t"),
    *(b"1e-310", b"-1e-320", b"-1" + b"0" * 310, b"1" + b"0" * 289, b'{\\"a\\":\\"b\\"},' * 50),
    *(b"[" * 260, b'{"a":' * 260, b"]" * 260, b'"start":', b'"end":', b'"segments":', b'"words":'),
    *(b'"metrics":{"bandwidth":', b'"speaker":', b'"audio_sample_rate":', b"segments", b"/*", b"'"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 0.0, -0.0, 1e290, -1e290, 1e291, 1.7e308, 5e-324, 2**53 + 1),
    *(1e-310, -1e-320, -(10**310), 10**289, -1000.5, 1e9, '{"a": [0.5, "b"]}, ' * 100),
    *(2**63, -(2**64), 10**30, 10**400, 0.1 + 0.2, "", "0", "no-speaker", "\ud800", "é\u2028", []),
    *({}, [[]], [1], {"a": None}, {"bandwidth": 8000}, {"bandwidth": None}, [{"word": "x"}]),
    *([{"start": 0, "end": 1}], [{"word": 1, "start": 0, "end": 1}], {"start": 1}, "x" * 5000),
]


def seed_rows() -> list[dict[str, Any]]:
    """Rows of the sample, short enough to make many."""
    rows = []
    for path in sorted(SAMPLE.rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            row = json.loads(line)
            rows.append(row | {"segments": row["segments"][:6]})
    return rows


class Fuzzer:
    """Makes inputs; the same ones for the same seed and number."""

    def __init__(self, seed: int, number: int, rows: list[dict[str, Any]]) -> None:
        self._random = random.Random(f"{seed}-{number}")
        self._rows = rows

    def manifest(self) -> bytes:
        draw = self._random
        lines = [self._line() for _ in range(draw.choice([1, 1, 2, 3, 5]))]
        content = draw.choice([b"\n", b"\n", b"\r\n"]).join(lines) + draw.choice([b"", b"\n"])
        for _ in range(draw.choice([0, 0, 0, 1, 2])):
            content = self._damaged(content)
        return content

    def window_params(self) -> WindowParams:
        draw = self._random
        return WindowParams(
            target_window_duration=draw.choice([0.001, 5, 10, 120.0, 1e300]),
            tolerance=draw.choice([0, 0.1, 0.5, 0.999]),
            min_bandwidth=draw.choice([0, 8000]),
            min_speakers=draw.choice([0, 1, 2]),
            truncation=draw.random() < 0.7,
            drop_fields=draw.choice(["", "words", "words,start,end"]),
            drop_fields_top_level=draw.choice(["", "words,segments", "stats"]),
            loss_details=draw.random() < 0.5,
        )

    def overlap_params(self) -> OverlapParams:
        draw = self._random
        return OverlapParams(draw.choice([0, 50, 100]), draw.choice([None, 0.001, 120.0]))

    def compression(self) -> tuple[str, Callable[[bytes], bytes]]:
        return self._random.choice(
            [("", bytes)] * 4
            + [(".gz", lambda text: gzip.compress(text, 1, mtime=0))]
            + [(".zst", lambda text: zstd.compress(text, 1))]
        )

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def cut(self, content: bytes) -> bytes:
        return content[: self._random.randrange(len(content))]

    def _line(self) -> bytes:
        draw = self._random
        if draw.random() < 0.1:
            return draw.choice([b"", b" ", b"\t", draw.randbytes(draw.randrange(40))])
        row: Any = json.loads(json.dumps(draw.choice(self._rows)))
        if draw.random() < 0.1:
            self._move(row)
        if draw.random() < 0.02:  # long enough that more than linear time shows
            row["transcript"] = json.dumps([{"word": "a", "start": 0.5}] * draw.randrange(9000))
        for _ in range(draw.choice([0, 0, 1, 1, 3])):
            self._change(row)
        separators = draw.choice([None, (",", ":")])
        line = json.dumps(row, ensure_ascii=draw.random() < 0.5, separators=separators)
        text = line.encode("utf-8", errors="surrogatepass")
        for _ in range(draw.choice([0, 0, 0, 1, 1, 2, 6])):
            text = self._damaged(text)
        return text

    def _move(self, row: dict[str, Any]) -> None:
        """Shift and stretch the times of a row, so that they are negative, tiny or huge."""
        if self._random.random() < 0.5:
            row.pop("duration", None)
        shift = self._random.choice([0, 15, 60, 1000.5, 1e6])
        factor = self._random.choice([1, 1.0, 1e-310, 1e280, 10**280, -1])
        for segment in row["segments"]:
            for name in ("start", "end"):
                whole = isinstance(factor, int)
                time_ = int(segment[name] - shift) if whole else segment[name] - shift
                segment[name] = time_ * factor

    def _change(self, value: Any) -> None:
        """Put an odd value somewhere into a row, or take one out."""
        draw = self._random
        while True:
            keys = list(value) if isinstance(value, dict) else range(len(value))
            if not keys:
                return
            key = draw.choice(keys)
            inner = value[key]
            if isinstance(inner, dict | list) and inner and draw.random() < 0.8:
                value = inner
                continue
            if draw.random() < 0.2:
                del value[key]
            else:
                value[key] = copy.deepcopy(draw.choice(VALUES))
            return

    def _damaged(self, text: bytes) -> bytes:
        draw = self._random
        at, to = sorted(draw.randrange(len(text) + 1) for _ in range(2))
        match draw.randrange(7):
            case 0:
                return text[:at] + draw.choice(TOKENS) + text[at:]
            case 1:
                return text[:at] + draw.choice(TOKENS) + text[at + draw.randrange(9) :]
            case 2:
                return text[:at] + bytes([draw.randrange(256)]) + text[at + 1 :]
            case 3:
                return text[:at] + text[at + draw.randrange(1, 9) :]
            case 4:
                return text[:at]
            case 5:
                return text[:at] + text[at:to][:500] * 2 + text[to:]
            case _:
                return text[:at] + draw.randbytes(draw.randrange(1, 9)) + text[at:]


def rows_in(manifest: bytes) -> int:
    """How many lines are not blank, counted plainly."""
    return sum(bool(line.strip()) for line in manifest.removeprefix(b"\xef\xbb\xbf").split(b"\n"))


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} was written")


def _finite(path: Path) -> int:
    """How many lines a file has, all of them JSON without NaN."""
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b"", "the last line is not complete"
    for line in lines:
        json.loads(line, parse_constant=_refuse)
    return len(lines)


@contextmanager
def limited() -> Iterator[None]:
    """A limit in time of the processor, which a busy machine does not change."""

    def stop(*_: object) -> None:
        raise AssertionError(f"more than {SECONDS} s for one small manifest")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def check(seed: int, number: int, rows: list[dict[str, Any]], folder: Path) -> str:
    """Run one input, and say in a word what became of it.

    Raises:
        AssertionError: a promise is broken; or whatever else should not have been raised.
    """
    fuzzer = Fuzzer(seed, number, rows)
    manifest = fuzzer.manifest()
    window, overlap = fuzzer.window_params(), fuzzer.overlap_params()
    ending, compress = fuzzer.compression()
    source, output, bad = folder / f"m.jsonl{ending}", folder / "out", folder / "bad"
    stored = compress(manifest)
    if ending and fuzzer.chance(0.1):
        source.write_bytes(fuzzer.cut(stored))
        try:
            curate_manifest(source, output, window, overlap, bad)
        except ManifestError:
            return "damaged"
        raise AssertionError("a stream that was cut is no whole manifest")
    source.write_bytes(stored)
    with limited():
        stats = curate_manifest(source, output, window, overlap, bad)
    expected = rows_in(manifest)
    assert stats["entries"] + stats["quarantined"] == expected, f"{expected} rows: {stats}"
    assert _finite(output) == stats["entries"]
    assert _finite(bad) == stats["quarantined"]
    if fuzzer.chance(0.2):
        _check_steps(source, folder, window, overlap.resolved(window), output, bad)
    if stats["quarantined"] and fuzzer.chance(0.05):
        try:
            curate_manifest(source, folder / "none", window, overlap)
        except InvalidRowError:
            return "stopped"
        raise AssertionError("without a quarantine a bad row stops the run")
    return "quarantined" if stats["quarantined"] else "sound"


def _check_steps(
    source: Path,
    folder: Path,
    window: WindowParams,
    overlap: OverlapParams,
    output: Path,
    bad: Path,
) -> None:
    """The steps of the workflow give the same bytes, and statistics and a report of them."""
    parts = [
        folder / name
        for name in (
            *("records", "refused", "keys", "lines", "sample"),
            *("rows", "late", "sums", "table"),
        )
    ]
    span = whole_file(str(source))
    built = build_chunk([span], parts[:5], params=window, stop_at_invalid=False)
    assert parts[1].read_bytes() == bad.read_bytes()
    overlapped = overlap_chunk(
        [whole_file(str(parts[0]))], parts[5:], params=overlap, stop_at_invalid=False
    )
    assert parts[5].read_bytes() == output.read_bytes()
    summaries = [folder / "built", folder / "overlapped"]
    built.write(summaries[0])
    overlapped.write(summaries[1])
    shard = folder / f"shard.{Shard('shard', (span,)).version}.json"
    write_ranges([span], shard)
    stats = [folder / name for name in ("stats.json", "stats.tsv", "stats.parquet")]
    parameters = DEFAULTS | asdict(window) | asdict(overlap)
    what_if = folder / "what_if.json"
    try_levers([parts[4]], summaries, what_if, parameters)
    aggregate(
        [shard], summaries, [folder / "keys"], *stats, window, overlap, parameters, {},
        what_if=what_if,
    )  # fmt: skip
    audio = json.loads(stats[0].read_bytes())["audio"]
    assert audio["kept_dur"] <= audio["recording_dur"] * (1 + 1e-9), audio
    pages = {name: folder / name for name in PAGES}
    (folder / "library").write_bytes(b"")
    listed = [folder / "recordings.tsv", folder / "recordings.json"]
    write_recordings([folder / "table"], [folder / "records"], *listed, overlap)
    read = (*stats[:2], bad, listed[1])
    write_report(*read, None, folder / "benchmarks", [], pages)


def campaign(seed: int, first: int, inputs: int, every: int = 1000) -> Counter[str]:
    """Run many inputs, and count what became of them; time and counts are shown as it goes on."""
    rows, outcomes = seed_rows(), Counter[str]()
    folder = Path(tempfile.mkdtemp(prefix="alm-fuzz-"))
    began = time.monotonic()
    try:
        for number in range(first, first + inputs):
            try:
                outcomes[check(seed, number, rows, folder)] += 1
            except BaseException:
                print(f"input {number} of seed {seed}: --seed {seed} --first {number} --inputs 1")
                raise
            done = number - first + 1
            if done % every == 0:
                spent = time.monotonic() - began
                rate = 1000 * spent / done
                print(f"{done} inputs, {rate:.2f} s per 1,000, {dict(outcomes)}", flush=True)
    finally:
        shutil.rmtree(folder)
    return outcomes


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--every", type=int, default=1000)
    given = parser.parse_args(arguments)
    outcomes = campaign(given.seed, given.first, given.inputs, given.every)
    print(f"{outcomes.total()} inputs of seed {given.seed}, no surprise: {dict(outcomes)}")


if __name__ == "__main__":
    main(sys.argv[1:])
