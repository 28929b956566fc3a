"""What several tests share: strict comparison of JSON values, the samples, the parity cases."""

import gzip
import io
import json
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xxhash import xxh3_128, xxh3_128_digest

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "workflow" / "sample" / "manifests"
SHIPPED = ROOT / "tests" / "data" / "parity.jsonl.gz"
NEEDS_SHARED = "needs ../shared"

OWN_PEAK = """
def own_peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
"""
"""For programs that say how much memory they took, in KiB. ``ru_maxrss`` would begin with what the
process had that started them."""

IMPORT = """\
module alm:
    snakefile: "{snakefile}"
    config: {config}


use rule * from alm{alias}
"""

Case = dict[str, Any]


def same_json(a: Any, b: Any) -> str | None:
    """Where two JSON values first differ, such as `$.stats.lost_bw: 1 (int) != 1.0 (float)`.

    None where they are the same: an int is no float, a bool no int, floats equal to the last bit
    (so 0.0 is not -0.0), lists in order, objects in any order.
    """
    return _difference(a, b, "$")


def _difference(a: Any, b: Any, path: str) -> str | None:
    if type(a) is not type(b):
        return f"{path}: {_shown(a)} != {_shown(b)}"
    if isinstance(a, dict):
        for key in a:
            if key not in b:
                return f"{path}.{key}: only on the left"
        for key in b:
            if key not in a:
                return f"{path}.{key}: only on the right"
        return next(filter(None, (_difference(a[k], b[k], f"{path}.{k}") for k in a)), None)
    if isinstance(a, list):
        pairs = enumerate(zip(a, b, strict=False))
        found = next(filter(None, (_difference(x, y, f"{path}[{i}]") for i, (x, y) in pairs)), None)
        if found is None and len(a) != len(b):
            return f"{path}: {len(a)} items != {len(b)} items"
        return found
    same = struct.pack("<d", a) == struct.pack("<d", b) if isinstance(a, float) else a == b
    return None if same else f"{path}: {_shown(a)} != {_shown(b)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text[:80]}{'…' if len(text) > 80 else ''} ({type(value).__name__})"


def wait_until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait for what is going to be; the limit is for what never comes, on the busiest machine."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.02)


def of_lines(content: bytes) -> str:
    """The checksum of lines, as the README says that it is made."""
    total = xxh3_128()
    for line in io.BytesIO(content):
        total.update(xxh3_128_digest(line))
    return total.hexdigest()


SHARED = Path(os.environ.get("ALM_SHARED") or ROOT.parent / "shared")
"""All parity cases and the reference's sample; `ALM_SHARED=none` says that they are not here."""


def has_shared_folder() -> bool:
    return (SHARED / "parity" / "cases.jsonl.gz").is_file()


def shared_folder() -> Path:
    """That folder, or skip the test that needs it."""
    if not has_shared_folder():
        pytest.skip(f"{NEEDS_SHARED}, which is not part of the repository, or ALM_SHARED=FOLDER")
    return SHARED


def may_be_skipped(reason: str) -> bool:
    """Whether a test that was skipped for this reason is none that `--no-skips` is there for."""
    return os.environ.get("ALM_SHARED") == "none" and NEEDS_SHARED in reason


def parity_cases(which: str) -> list[Case]:
    """Cases made with the reference: `builder`, `overlap`, `entry`, `expected` or `error`.

    Those that are `shipped` in tests/data, chosen by choose_parity.py there, or `all` of the 700.
    """
    path = SHIPPED if which == "shipped" else shared_folder() / "parity" / "cases.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def expected_here(case: Case) -> dict[str, Any]:
    """The row the reference expects, as this project means it: with `loss_details` on and no
    manifest path, only a row below `min_sample_rate` differs, which keeps its fields here."""
    entry, builder = case["entry"], case["builder"]
    if entry["audio_sample_rate"] >= builder.get("min_sample_rate", 16000):
        return case["expected"]
    dropped = builder.get("drop_fields_top_level", "words,segments").split(",")
    dropped = [name.strip() for name in dropped]
    kept = {name: value for name, value in entry.items() if name not in dropped}
    return {**kept, **case["expected"]}


def importer(alias: str = "", more: str = "", **config: Any) -> str:
    """A workflow that imports this one, with as many keys as it gives."""
    return IMPORT.format(snakefile=ROOT / "workflow/Snakefile", config=config, alias=alias) + more


def selection_cases(name: str, which: str) -> list[Case]:
    """Cases of SELECTION.md, `selection` or `profiles`: see choose_selection.py in tests/data."""
    path = ROOT / "tests" / "data" / f"{name}.jsonl.gz"
    if which == "all":
        source = {"selection": "cases"}.get(name, name)
        path = shared_folder() / "selection" / f"{source}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
