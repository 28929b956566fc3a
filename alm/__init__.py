"""Curate training windows for audio language models from diarized manifests."""

from alm.curate import curate_manifest
from alm.overlap import filter_overlaps
from alm.params import OverlapParams, WindowParams
from alm.stats import Stats
from alm.windows import build_windows

__version__ = "0.1.0"
__all__ = [
    "OverlapParams",
    "Stats",
    "WindowParams",
    "build_windows",
    "curate_manifest",
    "filter_overlaps",
]
