"""Curate training windows for audio language models from diarized manifests."""

from alm.compiled import install

install()  # before anything that may be compiled is imported

from alm.curate import curate_manifest
from alm.params import OverlapParams, WindowParams
from alm.statistics.counters import Stats
from alm.version import __version__
from alm.windows.build import build_windows
from alm.windows.filter import filter_overlaps

__all__ = [
    "OverlapParams",
    "Stats",
    "WindowParams",
    "__version__",
    "build_windows",
    "curate_manifest",
    "filter_overlaps",
]
