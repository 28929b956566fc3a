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
from alm.rows.row import Number, Row, Segment
from alm.rows.timeline import timeline
from alm.windows.candidates import Candidates, Copies, Losses, Windows
from alm.windows.cuts import without, without_each
from alm.windows.growth import grow
from alm.windows.work import check_work


def find_windows(row: Row, params: WindowParams) -> Candidates:
    """Find all candidate windows of one row.

    Raises:
        RowError: the row is not sound, or too large.
    """
    columns = timeline(row)
    stats: dict[str, Any] = {
        "total_segments": len(columns.starts),
        "total_dur": columns.total_dur,
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
    if row["audio_sample_rate"] < params.min_sample_rate:
        stats["lost_sr"] = len(columns.starts)
        stats["dur_lost_sr"] = columns.total_dur
        windows, losses = Windows([], [], [], [], [], [], []), Losses([], [], [], [], [])
        return Candidates(columns, windows, losses, Copies([], [], []), [], stats, 0)
    check_work(columns, params)
    found = grow(row["segments"], columns, params)
    _count_lost(stats, "bw", found.low_bandwidth, columns.durations)
    _count_lost(stats, "spk", found.few_speakers, columns.durations)
    _count_lost(stats, "win", found.losses.firsts, columns.durations)
    _count_lost(stats, "no_spkr", found.unlabelled, columns.durations)
    _count_lost(stats, "next_seg_bm", found.before_low_bandwidth, columns.durations)
    copies = Copies(found.cuts.copies, found.cuts.starts, found.cuts.ends)
    return Candidates(
        columns, found.windows, found.losses, copies, found.lonely, stats, found.truncation_events
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
    segments = without_each(row["segments"], dropped) + found.copies.segments

    def spell_out(first: int, stop: int, cut: int) -> list[Segment]:
        return segments[first:stop] + ([segments[cut]] if cut >= 0 else [])

    stats = found.stats
    windows, losses = found.windows, found.losses
    if params.loss_details:
        stats["lost_win_full_data"] = [
            {
                "index": first,
                "window_segs": spell_out(first, stop, cut),
                "next_seg": segments[seen],
                "prev_seg": segments[max(first - 1, 0)],
            }
            for first, stop, cut, seen, _ in zip(*losses, strict=True)
        ]
    return {
        **without(row, params.dropped_row_fields),
        "windows": [
            {"segments": spell_out(first, stop, cut), "speaker_durations": talk}
            for first, stop, cut, _, _, _, talk in zip(*windows, strict=True)
        ],
        "stats": stats,
        "truncation_events": found.truncation_events,
    }
