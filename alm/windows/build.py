"""One row -> its candidate windows and the reasons why segments were lost.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Building windows").
A window is not a copy of its segments but a reference into the row: candidate windows overlap
almost wholly, so spelling them out here would multiply the data tenfold.

Nor is a window grown anew from each start, which only the compiled kernel can afford: see
:func:`_grow_from_every_segment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import chain, compress
from operator import add
from typing import Any, NamedTuple

from alm import compiled
from alm.params import WindowParams
from alm.rows.row import Number, Row, Segment, Timeline, timeline
from alm.windows.cuts import Cuts

NO_SPEAKER = "no-speaker"
"""The label by which diarizers mark speech that they could attribute to nobody."""

SPEAKERS_LISTED = 5

_SILENT = [0.0] * SPEAKERS_LISTED
_LARGEST_EXACT = 2**53
"""Up to here an integer and its double are the same number."""


class Windows(NamedTuple):
    """Candidate windows by reference, as columns: one value a window.

    A window has the segments ``firsts`` up to, not including, ``stops``, and then the cut copy
    ``cuts`` if that is not -1; cut copies are numbered on from the row's segments. It lasts from
    ``starts`` to ``ends`` (seconds). ``speakers`` counts those who talk in it; ``talk`` has the
    five largest sums of their seconds, descending, padded with 0.0.
    """

    firsts: list[int]
    stops: list[int]
    cuts: list[int]
    starts: list[Number]
    ends: list[Number]
    speakers: list[int]
    talk: list[list[Number]]


class Losses(NamedTuple):
    """Starts that gave no window because of its duration, as columns like those of windows.

    ``seen`` number the segments that growing looked at last, ``durations`` are what the windows had
    reached, in seconds.
    """

    firsts: list[int]
    stops: list[int]
    cuts: list[int]
    seen: list[int]
    durations: list[Number]


class Candidates(NamedTuple):
    """What the first stage finds in one row.

    ``cuts`` are the cut copies of segments; ``lonely`` has, for each start lost to
    ``min_speakers``, how many speakers its window had.
    """

    columns: Timeline
    windows: Windows
    losses: Losses
    cuts: Cuts
    lonely: list[int]
    stats: dict[str, Any]
    truncation_events: int


def find_windows(row: Row, params: WindowParams) -> Candidates:
    """Find all candidate windows of one row.

    Raises:
        RowError: the row is not sound.
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
        nothing = _columns([], Windows), _columns([], Losses)
        return Candidates(columns, *nothing, Cuts([]), [], stats, 0)
    if compiled.kernel and columns.floats:
        grown = compiled.kernel.grow(row["segments"], columns, params)
        if grown:
            windows, losses, cuts, lonely, lost, truncation_events = grown
            stats |= lost
            return Candidates(
                columns, Windows(*windows), Losses(*losses), cuts, lonely, stats, truncation_events
            )
    return _grow_from_every_segment(row["segments"], columns, params, stats)


def _grow_from_every_segment(
    segments: Sequence[Segment], columns: Timeline, params: WindowParams, stats: dict[str, Any]
) -> Candidates:
    """Move a window over the segments instead of growing one anew from each start.

    If the next start is no earlier, its window has all segments of the one before but the first:
    none of them reaches too far from a later start, nor are there more speakers. So the window
    drops that segment and grows on. The sums of seconds stay those of plain additions from left
    to right, to the last bit: growing on continues them, and nothing is ever subtracted, for the
    speaker who loses the first segment is added up again.
    """
    starts, ends, durations, bandwidths, speakers, _, _, furthest, floats = columns
    shortest, longest = params.shortest, params.longest
    min_bandwidth, truncation = params.min_bandwidth, params.truncation
    min_speakers, max_speakers = params.min_speakers, params.max_speakers
    count = len(starts)
    low = [bandwidth < min_bandwidth for bandwidth in bandwidths]
    blocking = low  # no window grows over such a segment, whatever its start
    if NO_SPEAKER in speakers:
        blocking = [low[j] or speakers[j] == NO_SPEAKER for j in range(count)]
    walls = chain(compress(range(count), blocking), (count,))
    moves = floats or furthest <= _LARGEST_EXACT

    cuts = Cuts(segments, params.dropped_segment_fields)
    truncation_events = 0
    windows: list[tuple[Any, ...]] = []
    losses: list[tuple[Any, ...]] = []
    lonely: list[int] = []
    lost: dict[str, list[int]] = {"spk": [], "win": [], "no_spkr": [], "next_seg_bm": []}
    lost["bw"] = list(compress(range(count), low))

    spoken: dict[str, list[Number]] = {}  # durations of each speaker's segments in the window
    talk: dict[str, Number] = {}  # and their sums
    stop = 0
    wall = -1
    before: Number = 0
    for i, start in enumerate(starts):
        if wall < i:
            wall = next(walls)
        if low[i]:
            continue
        if i < stop and before <= start and moves:  # from [i - 1, stop) to [i, stop)
            speaker = speakers[i - 1]
            if speaker:
                own = spoken[speaker]
                del own[0]
                if own:
                    talk[speaker] = reduce(add, own, 0)
                else:
                    del spoken[speaker], talk[speaker]
        else:
            stop = i
            spoken = {}
            talk = {}
        before = start
        while stop < wall and ends[stop] - start <= longest:
            speaker = speakers[stop]
            if speaker:
                if speaker in talk:
                    spoken[speaker].append(durations[stop])
                    talk[speaker] += durations[stop]
                elif len(talk) < max_speakers:
                    spoken[speaker] = [durations[stop]]
                    talk[speaker] = 0 + durations[stop]
                else:
                    break
            stop += 1

        end = ends[stop - 1] if stop > i else ends[i]
        heard = talk
        if not floats:
            # Sums of different types may be equal, 5 and 5.0: then the order of speakers shows.
            heard = {speaker: talk[speaker] for speaker in speakers[i:stop] if speaker}
        cut = -1
        if (
            stop < count
            and not low[stop]
            and truncation
            and starts[stop] < start + longest
            and ends[stop] - start > longest
        ):
            truncation_events += 1
            number = cuts.cut(stop, start + longest)
            speaker = speakers[stop]
            if not speaker or speaker in talk or (stop < wall and len(talk) < max_speakers):
                cut = count + number
                end = cuts.ends[number]
                if speaker:
                    heard = {**heard, speaker: heard.get(speaker, 0) + (end - starts[stop])}

        if not shortest <= end - start <= longest or stop - i + (cut >= 0) < 2:
            lost["win"].append(i)
            j = min(stop, count - 1)
            if "speaker" not in segments[j] or speakers[j] == NO_SPEAKER:
                lost["no_spkr"].append(i)
            elif low[j]:
                lost["next_seg_bm"].append(i)
            losses.append((i, stop, cut, j, end - start))
        elif not min_speakers <= len(heard) <= max_speakers:
            lost["spk"].append(i)
            lonely.append(len(heard))
        else:
            sums = sorted(heard.values(), reverse=True)
            sums = (sums + _SILENT)[:SPEAKERS_LISTED]
            windows.append((i, stop, cut, start, end, len(heard), sums))
    for reason, indexes in lost.items():
        if indexes:
            stats[f"lost_{reason}"] = len(indexes)
            stats[f"dur_lost_{reason}"] = reduce(add, [durations[i] for i in indexes], 0.0)
    return Candidates(
        columns,
        _columns(windows, Windows),
        _columns(losses, Losses),
        cuts,
        lonely,
        stats,
        truncation_events,
    )


def _columns(rows: list[tuple[Any, ...]], of: Any) -> Any:
    """The columns of ``rows``; as many empty ones where there is no row."""
    return of(*map(list, zip(*rows, strict=True))) if rows else of(*[[] for _ in of._fields])


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
    segments = [without(segment, dropped) for segment in entry["segments"]] + found.cuts.copies

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
        **without(entry, params.dropped_row_fields),
        "windows": [
            {"segments": spell_out(first, stop, cut), "speaker_durations": talk}
            for first, stop, cut, _, _, _, talk in zip(*windows, strict=True)
        ],
        "stats": stats,
        "truncation_events": found.truncation_events,
    }


def without(fields: dict[str, Any], dropped: frozenset[str]) -> dict[str, Any]:
    """``fields`` less the dropped names; the same object where there is nothing to drop."""
    if dropped.isdisjoint(fields):
        return fields
    kept = fields.copy()
    for name in dropped:
        kept.pop(name, None)
    return kept
