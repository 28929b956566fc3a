"""Fill in what a row lacks: sample rate, duration, channels, and bandwidths of segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from alm.audio.fetched import Fetched
from alm.audio.files import AudioFiles, below, exists
from alm.errors import AudioError, RowError
from alm.input import is_url, remote
from alm.input.formats import NO_SPEAKER
from alm.rows.row import Row, Segment

SLACK = 1.0
"""Seconds by which segments may reach beyond the audio."""

AUTO, GIVEN, MEASURE = "auto", "given", "measure"
QUARANTINE, KEEP = "quarantine", "keep"


class AudioOptions(NamedTuple):
    """What is wanted of audio.

    Attributes:
        bandwidth: ``auto`` measures where a segment has none, ``given`` never, ``measure`` always;
            a number in Hz is that of all segments.
        sample_rate: ``auto`` asks the file where the row has none; a number in Hz is that of all.
        missing: what becomes of a row without usable audio: ``quarantine``, or ``keep`` it.
    """

    bandwidth: str | float = AUTO
    sample_rate: str | float = AUTO
    missing: str = QUARANTINE


def complete(row: Row, files: AudioFiles, options: AudioOptions) -> None:
    """Fill in what a row lacks.

    Args:
        row: made by a format, with ``recording_id``; it is changed.
        files: where audio is.
        options: what is wanted.

    Raises:
        RowError: the audio that is needed is missing, unreadable or too short; the row is unchanged
            but for what numbers say.
        AudioError: audio cannot be read here at all.
    """
    if not isinstance(options.sample_rate, str):
        row["audio_sample_rate"] = options.sample_rate
    if not isinstance(options.bandwidth, str):
        for segment in filter(_says_something, row["segments"]):
            segment["metrics"] = {**_metrics(segment), "bandwidth": options.bandwidth}
    wanted = [each for each in row["segments"] if _is_to_be_measured(each, options.bandwidth)]
    if not (wanted or row.get("audio_sample_rate") is None or files.root is not None):
        return
    try:
        path = find(row, files)
        with opened(path) as audio:
            _probe(row, audio, path)
            _measure(wanted, audio, path)
    except RowError:
        if options.missing != KEEP:
            raise


def find(row: Row, files: AudioFiles) -> str:
    """The audio file of a row: the one it names if that is there, else by its id.

    NeMo Curator measures the resampled one. ``audio_filepath`` becomes what was found by the id.
    """
    recording, named = row["recording_id"], row["audio_filepath"]
    candidates = [row.get("resampled_audio_filepath"), named if named != recording else None]
    for candidate in candidates:
        if isinstance(candidate, str) and exists(path := below(files.root, candidate)):
            return path
    found = files.find(recording)
    if found is None:
        looked = f"under {files.root}" if files.root else "without audio_root"
        names = ", ".join(repr(name) for name in candidates if name) or f"none for {recording!r}"
        raise RowError(
            "audio_missing",
            f"the audio of {recording!r} is not there ({names}; looked {looked}): set audio_root "
            "and audio_files, or bandwidth and sample_rate to numbers to do without it",
        )
    row["audio_filepath"] = found
    return found


@contextmanager
def opened(path: str, most: int = remote.BLOCK_BYTES) -> Iterator[Any]:
    """An open file of soundfile; of a URL, so many bytes at most are fetched at a time.

    Raises:
        RowError: it cannot be decoded.
        ManifestError: it cannot be fetched, which says nothing of the audio.
        AudioError: soundfile is not installed.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AudioError(
            f"soundfile cannot be imported ({error}): install the extra `audio` "
            "(pip install soundfile), or set bandwidth and sample_rate to numbers"
        ) from error
    with ExitStack() as stack:
        source: str | Fetched = path
        if is_url(path):
            source = Fetched(stack.enter_context(remote.requested(path, "")), most)
        try:
            with soundfile.SoundFile(source) as audio:
                # Else each read ends with a seek to where it is, which decoders do not take well.
                audio.seekable = lambda: False
                yield audio
        except (soundfile.SoundFileError, OSError, RowError) as error:
            _check(source)
            if isinstance(error, RowError):
                raise
            raise _unreadable(path, str(error)) from error
        _check(source)


def _check(source: str | Fetched) -> None:
    """Raise what a storage failed with, which decoders take for the end of the audio or a gap."""
    if isinstance(source, Fetched) and source.failure:
        raise source.failure


def _unreadable(path: str, why: str) -> RowError:
    return RowError(
        "audio_unreadable", f"{path}: {why}; replace the file, or convert it to FLAC or WAV"
    )


def _probe(row: Row, audio: Any, path: str) -> None:
    length = audio.frames / audio.samplerate
    last = max((segment["end"] for segment in row["segments"]), default=0)
    start = max((segment["start"] for segment in row["segments"]), default=0)
    if last > length + SLACK or (start and start >= length):
        raise RowError(
            "audio_too_short",
            f"{path} lasts {length:g} s, and segments reach to {last:g} s: is it the audio of "
            f"{row['recording_id']!r}, and whole?",
        )
    if row.get("audio_sample_rate") is None:
        row["audio_sample_rate"] = audio.samplerate
    if row.get("duration") is None:
        row["duration"] = round(length, 6)
    row.setdefault("channels", audio.channels)


def _measure(segments: Sequence[Segment], audio: Any, path: str) -> None:
    if not segments:
        return
    from alm.audio.bandwidth import BrokenOffError, measure

    try:
        found = [measure(audio, segment["start"], segment["end"]) for segment in segments]
    except BrokenOffError as error:
        raise _unreadable(path, f"it breaks off at {error.at:g} s") from error
    for segment, bandwidth in zip(segments, found, strict=True):
        segment["metrics"] = {**_metrics(segment), "bandwidth": bandwidth}


def _is_to_be_measured(segment: Segment, bandwidth: str | float) -> bool:
    if not _says_something(segment):
        return False
    return bandwidth == MEASURE or (
        bandwidth == AUTO and _metrics(segment).get("bandwidth") is None
    )


def _says_something(segment: Segment) -> bool:
    """Whether NeMo Curator would measure it: not a gap, nor speech that nobody could transcribe."""
    text = segment.get("text")
    return segment.get("speaker") != NO_SPEAKER and (
        not isinstance(text, str) or bool(text.strip())
    )


def _metrics(segment: Segment) -> dict[str, Any]:
    metrics = segment.get("metrics")
    return metrics if isinstance(metrics, dict) else {}
