"""Choose the cases of SELECTION.md that are shipped, and write `selection.jsonl.gz`.

    PYTHONPATH=tests:tests/data python tests/data/choose_selection.py ../shared/selection

As few and short ones as show each pair of parameter values, and under each selection and kind of
window ends each type of each value that goes in or comes out. The profiles are shipped whole.
"""

import gzip
import itertools
import json
import sys
from pathlib import Path

from choose_parity import Case, Thing, types

HERE = Path(__file__).parent


def shown(case: Case) -> set[Thing]:
    """What there is to see in a case."""
    settings = {**case["builder"], **case["overlap"]}
    for name in ("target_window_duration", "tolerance", "target_duration", "max_gap"):
        settings.pop(name, None)
    pairs = itertools.combinations(sorted(settings.items()), 2)
    kind = (settings["selection"], settings.get("window_ends"))
    return {("pair", *pair) for pair in pairs} | {
        (kind, *each) for each in types(case["expected"], "out")
    }


def choose(cases: list[Case]) -> list[Case]:
    """Again and again the case that shows most that is new, for its length; in their old order."""
    things = {case["id"]: shown(case) for case in cases}
    lengths = {case["id"]: len(json.dumps(case)) for case in cases}
    chosen = set()
    missing = set().union(*things.values())
    while missing:
        best = max(things, key=lambda id: (len(things[id] & missing) / lengths[id], -id))
        chosen.add(best)
        missing -= things.pop(best)
    return [case for case in cases if case["id"] in chosen]


def main(folder: str) -> None:
    for source, target in (("cases", "selection"), ("profiles", "profiles")):
        with gzip.open(Path(folder, f"{source}.jsonl.gz"), "rt", encoding="utf-8") as lines:
            cases = [json.loads(line) for line in lines]
        chosen = choose(cases) if source == "cases" else cases
        text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in chosen)
        path = HERE / f"{target}.jsonl.gz"
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
        size = path.stat().st_size / 1000
        print(f"{len(chosen)} of {len(cases)} cases, {size:.0f} kB: {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
