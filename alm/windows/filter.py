"""The windows of one row -> those that stay, and what is said of them.

Pure: no input or output, no engine. The rules are those of SEMANTICS.md ("Filtering overlaps").
"""

from __future__ import annotations

from alm.errors import ParameterError, RowError
from alm.params import OverlapParams
from alm.rows.plain import plain, plain_row
from alm.rows.row import Number, Row, Segment, not_a_number
from alm.rows.timeline import is_time
from alm.windows import overlap


def decide(
    starts: list[Number], ends: list[Number], params: OverlapParams
) -> tuple[Row, list[int]]:
    """What :func:`alm.windows.overlap.decide` says, by the parameters of the second stage.

    Args:
        starts: when each window starts, in window order (seconds).
        ends: when each ends.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Raises:
        ParameterError: ``target_duration`` is None.
    """
    if params.target_duration is None:
        raise ParameterError(
            "target_duration = None means the window's own target: call resolved(window_params)"
        )
    return overlap.decide(starts, ends, params.overlap_percentage / 100, params.target_duration)


def filter_overlaps(entry: Row, params: OverlapParams) -> Row:
    """The second stage on one row: SEMANTICS.md, "Filtering overlaps".

    Args:
        entry: a row as :func:`alm.build_windows` returns it.
        params: with a ``target_duration``: see :meth:`OverlapParams.resolved`.

    Returns:
        A new row: the fields of ``entry`` and the second stage's. ``manifest_filepath`` stays
        what ``entry`` says, or None.

    Raises:
        ParameterError: ``target_duration`` is None.
        RowError: the windows lack the start or end of a segment, as ``drop_fields`` may have it,
            or are not as :func:`alm.build_windows` returns them.
    """
    if type(entry) is not dict:
        entry = plain_row(entry)
    windows = entry.get("windows") or []
    try:
        starts = [_time(window["segments"][0], "start") for window in windows]
        ends = [_time(window["segments"][-1], "end") for window in windows]
        swift = entry.get("stats", {}).get("swift_path") if windows else None
    except KeyError as error:
        raise RowError(
            "missing_field",
            f"a window's segment has no {error}: filter the overlaps before dropping that field",
        ) from error
    except (AttributeError, IndexError, TypeError) as error:
        raise RowError(
            "wrong_type", f"the windows and stats are not as build_windows returns them: {error}"
        ) from error
    summary, kept = decide(starts, ends, params)
    result = {
        **entry,
        **summary,
        "filtered_windows": [windows[k] for k in kept],
        "manifest_filepath": entry.get("manifest_filepath"),
        "swift_filepath": swift,
    }
    if not params.keep_windows:
        result.pop("windows", None)
    return result


def _time(segment: Segment, name: str) -> Number:
    value = plain(segment[name])
    if not is_time(value):
        raise not_a_number(segment, name, "a window's segment")
    return value
