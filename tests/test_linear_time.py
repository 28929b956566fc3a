"""No input costs more than in proportion to its length (issue 14, item 6).

The inputs are so long that what is linear takes a part of a second, and what looks at the rest of a
text again and again takes more than a minute. The limit between them is in time of the processor,
which a busy machine does not change.
"""

import importlib
import io
import json
import pkgutil
import re
import signal
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

import alm
from alm import OverlapParams, WindowParams, curate_manifest
from alm.input.lines import _long_line
from alm.keys import SCHEMA
from alm.rows import codec
from alm.windows.overlap import greedy

LENGTH = 300_000
SECONDS = 20

PIECES = [
    *(
        '"',
        "\\",
        '{\\"a\\":\\"b\\"},',
        "[",
        "[]",
        '"\\\\',
        "\\\n",
        "[{",
        " ",
        "9",
        "1.",
        "12 of 3 ",
    ),
    *("a", "A-", "a:", "://", "import (", "from a ", "cimport a, ", "\n", "INFO started on ", "é"),
]
"""What a text is made of many times over: what the expressions look for, and nearly that."""


def expressions() -> Iterator[tuple[str, re.Pattern]]:
    """Every regular expression of the package: its modules' and its schema's."""
    for module in pkgutil.walk_packages(alm.__path__, "alm."):
        source = Path(module.module_finder.find_spec(module.name).origin).read_text("utf-8")
        # Of the others some import Ray, which takes seconds.
        if "re.compile(" in source and module.name.rpartition(".")[2] != "__main__":
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{module.name}.{name}", value
    for key, schema in SCHEMA["properties"].items():
        if "pattern" in schema:
            yield f"alm.config {key}", re.compile(schema["pattern"])


EXPRESSIONS = dict(expressions())


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        pytest.fail(f"more than {SECONDS} s of the processor's time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def texts() -> Iterator[str]:
    for piece in PIECES:
        yield piece * (LENGTH // len(piece))
        yield '{"text":"' + piece * (LENGTH // len(piece)) + "\0"


def test_expressions_are_found() -> None:
    assert {"alm.rows.codec._BRACKET", "alm.config output_dir"} <= set(EXPRESSIONS)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_14_06_every_regular_expression_is_linear(name) -> None:
    expression = EXPRESSIONS[name]
    for text in texts():
        searched = text.encode() if isinstance(expression.pattern, bytes) else text
        deque(expression.finditer(searched), maxlen=0)
        expression.search(searched)


def test_14_06_a_truncated_line_with_an_embedded_json_string(tmp_path) -> None:
    """72 kB took 24 s, the limit of a line is 64 MiB."""
    inner = json.dumps([{"word": "a", "start": 0.5}] * 20_000)
    whole = json.dumps({"audio_filepath": "a.wav", "transcript": inner, "segments": []})
    source = tmp_path / "m.jsonl"
    source.write_text(whole[:-40], encoding="utf-8")
    bad = tmp_path / "bad.jsonl"
    stats = curate_manifest(source, tmp_path / "out", quarantine=bad)
    assert stats["quarantined"] == 1
    assert json.loads(bad.read_bytes())["reason"] == "invalid_json"


def test_14_06_lines_of_any_content_are_refused_in_linear_time(tmp_path) -> None:
    source = tmp_path / "m.jsonl"
    lines = [text.replace("\n", " ") for text in texts()]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    bad = tmp_path / "bad.jsonl"
    stats = curate_manifest(source, tmp_path / "out", WindowParams(), OverlapParams(), bad)
    assert stats["quarantined"] == sum(bool(line.strip()) for line in lines)


@pytest.mark.parametrize("piece", PIECES)
def test_14_06_strings_of_any_content_are_kept_in_linear_time(piece) -> None:
    """Lone surrogates and long integers take the slow way of reading and writing."""
    value = {"text": piece * (LENGTH // len(piece)), "odd": ["\ud800", 10**30]}
    assert codec.loads(codec.dumps(value)) == value


def test_14_06_a_long_line_is_looked_at_once() -> None:
    """A line that begins with blanks, much longer than what is kept of it."""
    looks = 0

    class Counted(bytes):
        def isspace(self) -> bool:
            nonlocal looks
            looks += 1
            return super().isspace()

    rest = b" " * (8 << 20) + b"\n"
    line, size = _long_line(io.BytesIO(rest), Counted(b" " * 1000 + b"x"))
    assert size == line.length + 1 == 1001 + len(rest)
    assert looks == 1


def test_15_04_a_window_is_compared_with_those_that_can_be_its_near_duplicates() -> None:
    """At 100 % few of the hundred thousand that overlap it can be."""
    starts = [k / 1000 for k in range(LENGTH)]
    ends = [start + 120 for start in starts]
    assert greedy(starts, ends, 1.0, 120.0) == (list(range(LENGTH)), list(range(LENGTH)))
