"""Choose the parity cases that are shipped from the reference's 700, and write `parity.jsonl.gz`.

    PYTHONPATH=tests python tests/data/choose_parity.py ../shared/parity/cases.jsonl.gz

All rows that the reference refuses, and as few and short others as show all that there is to see:
each step from line to line through the plain transcription, under each parameter set, and each type
of each value that goes in or comes out.
"""

import gzip
import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import plain

TARGET = Path(__file__).with_name("parity.jsonl.gz")

Case = dict[str, Any]
Thing = tuple[object, ...]


def steps(case: Case) -> set[Thing]:
    """From which line to which the plain transcription goes."""
    found: set[Thing] = set()
    last: dict[FrameType, int] = {}

    def look(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != plain.__file__:
            return None
        found.add((frame.f_code.co_qualname, last.get(frame), frame.f_lineno, event))
        last[frame] = frame.f_lineno
        return look

    sys.settrace(look)
    try:
        plain.curate_row(case["entry"], case["builder"], case["overlap"], loss_details=True)
    finally:
        sys.settrace(None)
    return found


def types(value: Any, *where: str) -> set[Thing]:
    """The type of each value by its place, whether it is empty or zero, and whether negative."""
    inner: set[Thing] = set()
    if isinstance(value, dict):
        inner = inner.union(*(types(each, *where, name) for name, each in value.items()))
    elif isinstance(value, list):
        inner = inner.union(*(types(each, *where) for each in value))
    negative = isinstance(value, int | float) and value < 0
    return inner | {(where, type(value), bool(value), negative)}


def shown(case: Case) -> set[Thing]:
    """What there is to see in a case."""
    parameters = json.dumps([case["builder"], case["overlap"]], sort_keys=True)
    values = types(case["entry"], "in") | types(case["expected"], "out")
    return values | {(parameters, *step) for step in steps(case)}


def choose(cases: list[Case]) -> list[Case]:
    """Again and again the case that shows most that is new, for its length; in their old order."""
    things = {case["id"]: shown(case) for case in cases if not case["error"]}
    lengths = {case["id"]: len(json.dumps(case)) for case in cases}
    chosen = {case["id"] for case in cases if case["error"]}
    missing = set().union(*things.values())
    while missing:
        best = max(things, key=lambda id: (len(things[id] & missing) / lengths[id], -id))
        chosen.add(best)
        missing -= things.pop(best)
    return [case for case in cases if case["id"] in chosen]


def main(source: str) -> None:
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    chosen = choose(cases)
    text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in chosen)
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(chosen)} of {len(cases)} cases, {TARGET.stat().st_size / 1000:.0f} kB: {TARGET}")


if __name__ == "__main__":
    main(*sys.argv[1:])
