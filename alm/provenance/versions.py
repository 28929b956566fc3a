"""The versions of the packages behind a result, and whether the kernel was compiled."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from alm.compiled import status
from alm.version import __version__

PACKAGES = ("snakemake", "orjson", "ray", "cosmos-xenna")


def versions() -> dict[str, str]:
    """The versions of this package, Python, the kernel and the packages that a run may use."""
    return _always() | {name: _version(name) for name in PACKAGES}


def versions_in_use() -> dict[str, str]:
    """The versions of this package, Python, the kernel, and those packages that are imported."""
    imported = [name for name in PACKAGES if name.replace("-", "_") in sys.modules]
    return _always() | {name: _version(name) for name in imported}


def _always() -> dict[str, str]:
    return {
        "alm": __version__,
        "python": platform.python_version(),
        "kernel": status().form,
    }


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
