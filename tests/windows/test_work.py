"""The work of growing windows, known before it is done."""

from typing import Any

import pytest
from hypothesis import given
from strategies import rows, window_settings

from alm import WindowParams, build_windows
from alm.errors import RowError
from alm.rows.timeline import timeline
from alm.windows import work
from alm.windows.work import steps_to_grow


def plainly(row: dict[str, Any], params: WindowParams) -> int:
    """Start by start, as SEMANTICS.md has it."""
    segments = row["segments"]
    steps = 0
    for i, first in enumerate(segments):
        heard = set()
        for following in segments[i:]:
            steps += 1
            speaker = following.get("speaker")
            if speaker:
                heard.add(speaker)
            if (
                following.get("metrics", {}).get("bandwidth", 0) < params.min_bandwidth
                or speaker == "no-speaker"
                or following["end"] > first["start"] + params.longest
                or len(heard) > params.max_speakers
            ):
                break
        else:
            steps += 1  # it looks whether there is another one
    return steps


@given(rows(), window_settings())
def test_14_08_steps_are_counted_without_growing(
    row: dict[str, Any], settings: dict[str, Any]
) -> None:
    params = WindowParams(**settings)
    assert steps_to_grow(timeline(row), params) == plainly(row, params)


def test_14_08_a_row_with_too_many_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is on the work: a long recording of ordinary talk is not refused."""
    monkeypatch.setattr(work, "MOST_STEPS", 10_000)
    talk = [{"start": 4 * k, "end": 4 * k + 3, "speaker": "ab"[k % 2]} for k in range(200)]
    row = {"audio_sample_rate": 16000, "segments": talk}
    params = WindowParams(min_bandwidth=0)
    assert build_windows(row, params)["windows"]
    crowd = [{"start": 0, "end": 100 + k, "speaker": "a"} for k in range(32)]
    assert build_windows({**row, "segments": talk + crowd}, params)["windows"]
    crowd = [{"start": 0, "end": 100, "speaker": "a"} for _ in range(200)]
    with pytest.raises(RowError) as refused:
        build_windows({**row, "segments": talk + crowd}, params)
    assert refused.value.reason == "too_large"
    assert "split the recording" in refused.value.detail
