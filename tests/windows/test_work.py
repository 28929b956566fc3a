"""The work of growing windows, known before it is done."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import rows, window_settings

from alm import WindowParams, build_windows
from alm.errors import RowError
from alm.rows.timeline import timeline
from alm.windows import work
from alm.windows.work import check_pairs, pairs_that_overlap, steps_to_grow


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


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), max_size=20))
def test_15_04_pairs_are_counted_without_being_looked_at(windows: list[tuple[int, int]]) -> None:
    spans = sorted((start, start + lasting) for start, lasting in windows)
    plainly = sum(
        later < end for place, (_, end) in enumerate(spans) for later, _ in spans[place + 1 :]
    )
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    assert pairs_that_overlap(starts[::-1], ends[::-1]) == plainly


def test_15_04_windows_that_all_overlap_are_refused() -> None:
    """Files grouped by hundreds of speakers: windows many times what growing looks at."""
    check_pairs([0.0] * 100_000, [120.0] * 100_000)
    check_pairs([120.0 * k for k in range(200_000)], [120.0 * k + 120 for k in range(200_000)])
    with pytest.raises(RowError, match="takes 8,449,935,000 comparisons; a row may take 8,000"):
        check_pairs([0.0] * 130_000, [120.0] * 130_000)
