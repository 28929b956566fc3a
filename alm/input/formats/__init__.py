"""Diarizations as other tools write them, turned into rows of our manifest.

Each module knows one format: which files it is in, the entries of a file, and the row that the
entries of one recording make. Times are rounded to the microsecond and segments sorted; segments of
no duration are left out and counted in the row's ``source``. An entry that cannot be used is a
RowError that names file and place, and refuses the recording.

    entries, segments    what all formats share
    rttm, whisperx, curator, pyannote, lhotse, seglst, stm, kaldi
"""

from alm.input.formats import curator, kaldi, lhotse, pyannote, rttm, seglst, stm, whisperx
from alm.input.formats.entries import Entry, Format, stem
from alm.input.formats.segments import NO_SPEAKER

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (rttm, whisperx, curator, pyannote, lhotse, seglst, stm, kaldi)
}

__all__ = ["FORMATS", "NO_SPEAKER", "Entry", "Format", "stem"]
