"""Clips of audio behind a URL, on a real S3-protocol server."""

import gc
import io
from typing import Any

import marks
import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

from s3_server import Storage, cut_short, forbidden, moto_server, storage  # noqa: E402

from alm.errors import ManifestError  # noqa: E402
from alm.exports.cutting import Clip, cut_recording, plain_encoder  # noqa: E402
from alm.exports.example import Kept, examples  # noqa: E402
from alm.params import ClipParams  # noqa: E402

__all__ = ["moto_server", "storage"]  # fixtures

SECONDS = 900
SPANS = [(100, 130), (400, 430), (415, 430), (700, 730)]
UNION = 90


def cut(url: str, *spans: tuple[float, float]) -> list[Any]:
    row = {"audio_filepath": url, "audio_sample_rate": marks.RATE}
    kept = [Kept([{"start": a, "end": b, "speaker": "A"}], b) for a, b in spans]
    params = ClipParams()
    windows = examples(row, kept, SECONDS, "m.jsonl")
    return [result for _, result in cut_recording(windows, params, plain_encoder(params))]


def fetched(storage: Storage) -> int:
    """Bytes of the ranges that were asked for."""
    ranges = [each.removeprefix("bytes=").split("-") for _, _, each in storage.proxy.seen if each]
    return sum(int(last) - int(first) + 1 for first, last in ranges)


def test_18_of_an_object_only_what_windows_need_is_fetched(storage: Storage) -> None:
    noise = np.random.default_rng(3).integers(-3000, 3000, SECONDS * marks.RATE, dtype=np.int16)
    content = io.BytesIO()
    soundfile.write(content, noise, marks.RATE, format="FLAC")
    url = storage.put("long.flac", content.getvalue())
    storage.proxy.faults.append(cut_short)
    clips = cut(url, *SPANS)
    for (start, end), clip in zip(SPANS, clips, strict=True):
        found, _ = soundfile.read(io.BytesIO(clip.content), dtype="int16")
        assert np.array_equal(found, noise[start * marks.RATE : end * marks.RATE])
    needed = len(content.getvalue()) * UNION / SECONDS
    assert fetched(storage) <= 1.3 * needed
    (missing,) = cut(url.replace("long", "none"), (0, 10))
    assert missing.reason == "audio_missing"
    storage.proxy.always = forbidden
    with pytest.raises(ManifestError, match="access is refused"):  # nothing is known of it
        cut(url, (0, 10))
    assert all(isinstance(clip, Clip) for clip in clips)


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
def test_18_a_storage_that_fails_amid_a_window_is_no_damaged_audio(
    storage: Storage, kind: str
) -> None:
    """Decoders take what they do not get for the end, or go on behind it."""
    noise = np.random.default_rng(3).integers(-3000, 3000, 60 * marks.RATE, dtype=np.int16)
    content = io.BytesIO()
    with soundfile.SoundFile(content, "w", marks.RATE, 1, format=kind) as file:
        for block in np.split(noise, 60):
            file.write(block)
    url = storage.put("a", content.getvalue())
    once = iter([False] * 6 + [True])
    storage.proxy.failing = lambda request: request.command == "GET" and next(once, False)
    storage.proxy.always = forbidden
    with pytest.raises(ManifestError, match="access is refused"):
        cut(url, (10, 55))
    files = [each for each in gc.get_objects() if isinstance(each, soundfile.SoundFile)]
    assert all(file.closed for file in files)
