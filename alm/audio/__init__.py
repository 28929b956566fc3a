"""Audio, where a row does not say enough: find the file, probe it, measure bandwidths.

    files        which file is a recording's
    bandwidth    how high the sound of a segment reaches
    complete     fill in what a row lacks

Needs soundfile and NumPy, the extra ``audio``.
"""

from alm.audio.complete import AudioOptions, complete
from alm.audio.files import AudioFiles

__all__ = ["AudioFiles", "AudioOptions", "complete"]
