"""One row -> its candidate windows and the reasons why segments were lost.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Building windows").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from alm.errors import RowError
from alm.params import WindowParams
from alm.rows.plain import plain_row
from alm.rows.row import Number, Row, Segment, add_up
from alm.rows.timeline import Timeline, timeline
from alm.windows.arrange import Arranged, arrange, says_nothing
from alm.windows.candidates import SILENT, Candidates, Losses, Spans, Windows
from alm.windows.cuts import without, without_each
from alm.windows.growth import NO_SPEAKER, Growth, grow
from alm.windows.profile import talk
from alm.windows.work import check_pairs, check_work


def find_windows(row: Row, params: WindowParams) -> Candidates:
    """Find all candidate windows of one row.

    Raises:
        RowError: the row is not sound, or too large.
    """
    columns = timeline(row)
    arranged = arrange(row["segments"], columns, params)
    used = arranged.columns
    stats: dict[str, Any] = {
        "total_segments": len(columns.starts),
        "total_dur": arranged.total_dur,
        "swift_path": row.get("swift_audio_filepath", ""),
        "audio_sample_rate": row["audio_sample_rate"],
        "lost_bw": 0,
        "dur_lost_bw": 0.0,
        "lost_sr": 0,
        "dur_lost_sr": 0.0,
        "lost_spk": 0,
        "dur_lost_spk": 0.0,
        "lost_win": 0,
        "dur_lost_win": 0.0,
        "lost_no_spkr": 0,
        "dur_lost_no_spkr": 0.0,
        "lost_next_seg_bm": 0,
        "dur_lost_next_seg_bm": 0.0,
    }
    own_stats = _own_stats(arranged, params)
    if row["audio_sample_rate"] < params.min_sample_rate:
        stats["lost_sr"] = len(used.starts)
        stats["dur_lost_sr"] = used.total_dur
        windows, losses = Windows([], [], [], [], []), Losses([], [], [], [], [])
        spans = Spans(used.starts, used.ends, [SILENT] * len(used.starts))
        return Candidates(
            columns, arranged.segments, used, arranged.places, [], spans, windows, losses, [], [],
            stats, own_stats, 0,
        )  # fmt: skip
    check_work(used, params)
    found = grow(arranged.segments, arranged.places, used, params)
    check_pairs(found.windows.starts, found.windows.ends)
    _count_lost(stats, "bw", found.low_bandwidth, used.durations)
    _count_lost(stats, "spk", found.few_speakers, used.durations)
    _count_lost(stats, "win", found.losses.firsts, used.durations)
    _count_lost(stats, "no_spkr", found.unlabelled, used.durations)
    _count_lost(stats, "next_seg_bm", found.before_low_bandwidth, used.durations)
    _count_lost(own_stats, "gap", found.beyond_gap, used.durations)
    return Candidates(
        columns=columns,
        segments=arranged.segments,
        used=used,
        places=arranged.places,
        copies=found.cuts.copies,
        spans=_spans(arranged.segments, used, found),
        windows=found.windows,
        losses=found.losses,
        lonely=found.lonely,
        beyond_gap=found.beyond_gap,
        stats=stats,
        own_stats=own_stats,
        truncation_events=found.truncation_events,
    )


def _own_stats(arranged: Arranged, params: WindowParams) -> dict[str, Any]:
    """What is counted with parameters that the reference does not have."""
    stats: dict[str, Any] = {}
    if params.no_speaker == "silence":
        stats["silence_segments"] = len(arranged.silences)
        stats["dur_silence_segments"] = add_up(arranged.silences)
    if params.max_gap is not None:
        stats["lost_gap"] = 0
        stats["dur_lost_gap"] = 0.0
    return stats


def _spans(segments: list[Segment], used: Timeline, found: Growth) -> Spans:
    speakers = found.speakers
    if NO_SPEAKER in used.speakers:
        speakers = [
            SILENT if name == NO_SPEAKER and says_nothing(segment) else number
            for segment, name, number in zip(segments, used.speakers, speakers, strict=True)
        ]
    cuts = found.cuts
    return Spans(
        [*used.starts, *cuts.starts],
        [*used.ends, *cuts.ends],
        [*speakers, *[speakers[origin] for origin in cuts.origins]],
    )


def _count_lost(
    stats: dict[str, Any], reason: str, lost: Sequence[int], durations: Sequence[Number]
) -> None:
    """Note how many starts were lost for a reason, and the seconds of their segments."""
    if lost:
        stats[f"lost_{reason}"] = len(lost)
        stats[f"dur_lost_{reason}"] = reduce(add, [durations[i] for i in lost], 0.0)


def build_windows(entry: Row, params: WindowParams) -> Row:
    """The first stage on one row: SEMANTICS.md, "Building windows".

    Args:
        entry: a row with ``audio_sample_rate`` (Hz) and ``segments``, each with ``start`` and
            ``end`` (seconds) and, where known, ``speaker``, ``metrics.bandwidth`` (Hz), ``words``.
            Other mappings than dicts, and subclasses, are read as :func:`alm.rows.plain.plain_row`
            says.
        params: see :class:`WindowParams`.

    Returns:
        A new row: the fields of ``entry`` except ``drop_fields_top_level``, and ``windows``,
        ``stats``, ``truncation_events``. ``entry`` is left as it is; segments are shared where
        no field is dropped from them.

    Raises:
        RowError: a required field is missing, of the wrong type or not finite, or the row is too
            large.
    """
    row = entry if type(entry) is dict else plain_row(entry)
    try:
        found = find_windows(row, params)
    except RowError:
        row = plain_row(row)  # takes longer than the windows, so only where it can be needed
        found = find_windows(row, params)
    dropped = params.dropped_segment_fields
    segments = without_each(found.segments, dropped) + found.copies

    def spell_out(first: int, stop: int, cut: int) -> list[Segment]:
        return segments[first:stop] + ([segments[cut]] if cut >= 0 else [])

    stats = found.stats
    windows, losses = found.windows, found.losses
    if params.loss_details:
        stats["lost_win_full_data"] = [
            {
                "index": found.places[first],
                "window_segs": spell_out(first, stop, cut),
                "next_seg": segments[seen],
                "prev_seg": segments[max(first - 1, 0)],
            }
            for first, stop, cut, seen, _ in zip(*losses, strict=True)
        ]
    spoken = talk(windows, found.spans)
    return {
        **without(row, params.dropped_row_fields),
        "windows": [
            {"segments": spell_out(first, stop, cut), "speaker_durations": sums}
            for first, stop, cut, sums in zip(
                windows.firsts, windows.stops, windows.cuts, spoken, strict=True
            )
        ],
        "stats": stats | found.own_stats,
        "truncation_events": found.truncation_events,
    }
