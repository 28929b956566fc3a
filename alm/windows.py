"""One row -> its candidate windows and the reasons why segments were lost.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Building windows").
A window is not a copy of its segments but a reference into the row: candidate windows overlap
almost wholly, so spelling them out here would multiply the data tenfold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from alm.params import WindowParams
from alm.rows import Number, Row, Segment, Timeline, cut_segment, timeline

NO_SPEAKER = "no-speaker"
"""The label by which diarizers mark speech that they could attribute to nobody."""

SPEAKERS_LISTED = 5


class Slice(NamedTuple):
    """The segments ``first`` up to, not including, ``stop``; then ``cut``, if that is not -1.

    Cut copies of segments are numbered on from the row's own.
    """

    first: int
    stop: int
    cut: int = -1


class Window(NamedTuple):
    """A candidate window: its segments by reference, its span in seconds, and who speaks how long.

    ``speakers`` counts them all; ``speaker_durations`` holds the five largest sums in seconds,
    descending, padded with 0.0.
    """

    segments: Slice
    start: Number
    end: Number
    speakers: int
    speaker_durations: list[Number]


class Loss(NamedTuple):
    """A start that gave no window because of its duration.

    ``started_at`` and ``stopped_at`` number the first and the last segment that was looked at;
    ``duration`` is what the window had reached, in seconds.
    """

    started_at: int
    segments: Slice
    stopped_at: int
    duration: Number


class Candidates(NamedTuple):
    """What the first stage finds in one row; cut segments of lost windows with loss details only.

    ``lonely`` has, for each start lost to ``min_speakers``, how many speakers its window had.
    """

    columns: Timeline
    windows: list[Window]
    cuts: list[Segment]
    losses: list[Loss]
    lonely: list[int]
    stats: dict[str, Any]
    truncation_events: int


def find_windows(row: Row, params: WindowParams) -> Candidates:
    """Find all candidate windows of one row.

    Raises:
        RowError: the row is not sound.
    """
    columns = timeline(row)
    total_dur = add_up(columns.durations)
    stats: dict[str, Any] = {
        "total_segments": len(columns.starts),
        "total_dur": total_dur,
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
        stats["dur_lost_sr"] = total_dur
        return Candidates(columns, [], [], [], [], stats, 0)
    return _grow_from_every_segment(row["segments"], columns, params, stats)


def _grow_from_every_segment(
    segments: Sequence[Segment], columns: Timeline, params: WindowParams, stats: dict[str, Any]
) -> Candidates:
    starts, ends, durations, bandwidths, speakers = columns
    shortest, longest = params.shortest, params.longest
    min_bandwidth, max_speakers = params.min_bandwidth, params.max_speakers
    count = len(starts)
    windows: list[Window] = []
    cuts: list[Segment] = []
    losses: list[Loss] = []
    lonely: list[int] = []
    truncation_events = 0

    def lose(reason: str, index: int) -> None:
        stats[f"lost_{reason}"] += 1
        stats[f"dur_lost_{reason}"] += durations[index]

    for i in range(count):
        if bandwidths[i] < min_bandwidth:
            lose("bw", i)
            continue
        start = starts[i]
        end = ends[i]
        last: Segment | None = None
        talk: dict[str, Number] = {}
        j = i
        for j in range(i, count):
            if bandwidths[j] < min_bandwidth:
                stop = j
                break
            crossing = ends[j] - start > longest
            if crossing and (not params.truncation or starts[j] >= start + longest):
                stop = j
                break
            if crossing:
                truncation_events += 1
                cut = cut_segment(segments[j], start + longest)
            speaker = speakers[j]
            if speaker and speaker not in talk:
                if speaker == NO_SPEAKER or len(talk) == max_speakers:
                    stop = j
                    break
                talk[speaker] = 0
            if crossing:
                last = cut
                end = last["end"]
                if speaker:
                    talk[speaker] += end - last["start"]
                stop = j
                break
            if speaker:
                talk[speaker] += durations[j]
            end = ends[j]
        else:
            stop = count

        pieces = Slice(i, stop, -1 if last is None else count + len(cuts))
        if not shortest <= end - start <= longest or stop - i + (last is not None) < 2:
            lose("win", i)
            if "speaker" not in segments[j] or speakers[j] == NO_SPEAKER:
                lose("no_spkr", i)
            elif bandwidths[j] < min_bandwidth:
                lose("next_seg_bm", i)
            losses.append(Loss(i, pieces, j, end - start))
            if not params.loss_details:
                continue
        elif not params.min_speakers <= len(talk) <= max_speakers:
            lose("spk", i)
            lonely.append(len(talk))
            continue
        else:
            windows.append(Window(pieces, start, end, len(talk), _longest_talkers(talk)))
        if last is not None:
            cuts.append(last)
    return Candidates(columns, windows, cuts, losses, lonely, stats, truncation_events)


def _longest_talkers(talk: dict[str, Number]) -> list[Number]:
    longest = sorted(talk.values(), reverse=True)[:SPEAKERS_LISTED]
    return longest + [0.0] * (SPEAKERS_LISTED - len(longest))


def add_up(values: Sequence[Number]) -> Number:
    """Plain left-to-right sum: since Python 3.12 ``sum`` compensates and gives other last bits."""
    total: Number = 0
    for value in values:
        total += value
    return total


def build_windows(entry: Row, params: WindowParams) -> Row:
    """The first stage on one row: SEMANTICS.md, "Building windows".

    Args:
        entry: a row with ``audio_sample_rate`` (Hz) and ``segments``, each with ``start`` and
            ``end`` (seconds) and, where known, ``speaker``, ``metrics.bandwidth`` (Hz), ``words``.
        params: see :class:`WindowParams`.

    Returns:
        A new row: the fields of ``entry`` except ``drop_fields_top_level``, and ``windows``,
        ``stats``, ``truncation_events``. ``entry`` is left as it is; segments are shared where
        no field is dropped from them.

    Raises:
        RowError: a required field is missing, of the wrong type or not finite.
    """
    found = find_windows(entry, params)
    dropped = params.dropped_segment_fields
    segments = [without(segment, dropped) for segment in entry["segments"] + found.cuts]

    def spell_out(piece: Slice) -> list[Segment]:
        cut = [segments[piece.cut]] if piece.cut >= 0 else []
        return segments[piece.first : piece.stop] + cut

    stats = found.stats
    if params.loss_details:
        stats["lost_win_full_data"] = [
            {
                "index": loss.started_at,
                "window_segs": spell_out(loss.segments),
                "next_seg": segments[loss.stopped_at],
                "prev_seg": segments[max(loss.started_at - 1, 0)],
            }
            for loss in found.losses
        ]
    return {
        **without(entry, params.dropped_row_fields),
        "windows": [
            {
                "segments": spell_out(window.segments),
                "speaker_durations": window.speaker_durations,
            }
            for window in found.windows
        ],
        "stats": stats,
        "truncation_events": found.truncation_events,
    }


def without(fields: dict[str, Any], dropped: frozenset[str]) -> dict[str, Any]:
    """``fields`` less the dropped names; the same object where there is nothing to drop."""
    if dropped.isdisjoint(fields):
        return fields
    return {name: value for name, value in fields.items() if name not in dropped}
