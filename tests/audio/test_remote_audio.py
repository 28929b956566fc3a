"""Audio behind a URL, on a real S3-protocol server."""

import io

import pytest

soundfile = pytest.importorskip("soundfile")
np = pytest.importorskip("numpy")

from s3_server import BUCKET, Storage, forbidden, moto_server, storage  # noqa: E402

from alm.audio import AudioOptions, complete  # noqa: E402
from alm.audio.files import list_files  # noqa: E402
from alm.errors import ManifestError, RowError  # noqa: E402

__all__ = ["moto_server", "storage"]  # fixtures


def test_audio_on_s3_is_found_probed_and_measured(storage: Storage) -> None:
    content = io.BytesIO()
    noise = 0.1 * np.random.default_rng(17).normal(size=48000)
    soundfile.write(content, noise, 16000, format="FLAC")
    url = storage.put("audio/deep/a.flac", content.getvalue())
    segment = {"start": 0.5, "end": 2.0}
    row = {"audio_filepath": "a", "recording_id": "a", "segments": [segment]}
    files = list_files(f"s3://{BUCKET}/audio", None)
    complete(row, files, AudioOptions())
    assert (row["audio_filepath"], row["audio_sample_rate"], row["duration"]) == (url, 16000, 3.0)
    assert segment["metrics"] == {"bandwidth": 8000}
    missing = {"audio_filepath": "deep/b.flac", "recording_id": "b", "segments": [{**segment}]}
    with pytest.raises(RowError) as raised:
        complete(missing, files, AudioOptions())
    assert raised.value.reason == "audio_missing"
    storage.proxy.always = forbidden
    with pytest.raises(ManifestError, match="access is refused"):  # nothing is known of it
        complete({**row, "audio_filepath": "deep/a.flac"}, files, AudioOptions())
