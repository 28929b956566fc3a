"""The compiled modules: None where there is none to be used, and its callers' own Python works.

They are built by ``make setup`` if there is a C compiler. ``git pull`` brings a newer source and
leaves the shared object as it was, and a clone that runs in the environment of another one finds
that one's: what was built from other source must not compute anything.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import ModuleType

kernel: ModuleType | None = None
"""Of both stages."""

measures: ModuleType | None = None
"""Of the statistics."""


def _in_step(module: ModuleType) -> ModuleType | None:
    built = Path(str(module.__file__))
    source = Path(__file__).with_name(f"{module.__name__.rpartition('.')[2]}.pyx")
    if built.parent != source.parent:
        return None
    if source.exists() and source.stat().st_mtime > built.stat().st_mtime:
        return None
    return module


# Import statements of their own: the hash of the code behind a result follows nothing else.
with suppress(ImportError):
    from alm import _kernel

    kernel = _in_step(_kernel)

with suppress(ImportError):
    from alm import _measures

    measures = _in_step(_measures)
