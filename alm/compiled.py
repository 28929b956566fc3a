"""The compiled kernel: None where there is none to be used, and its callers' own Python works.

It is built by ``make setup`` if there is a C compiler. ``git pull`` brings a newer source and
leaves the shared object as it was, and a clone that runs in the environment of another one finds
that one's: what was built from other source must not compute anything.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType


def _kernel_in_step() -> ModuleType | None:
    try:
        from alm import _kernel
    except ImportError:
        return None
    built, source = Path(_kernel.__file__), Path(__file__).with_name("_kernel.pyx")
    if built.parent != source.parent:
        return None
    if source.exists() and source.stat().st_mtime > built.stat().st_mtime:
        return None
    return _kernel


kernel: ModuleType | None = _kernel_in_step()
