"""Curate one manifest in this process, without the workflow or an engine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from alm import files
from alm.errors import ParameterError, RowError
from alm.input import read_lines, whole_file
from alm.input.lines import out_of_memory
from alm.input.quarantine import refused_row, stop_at, to_line
from alm.names import as_text
from alm.params import OverlapParams, WindowParams
from alm.records.record import finish, make_record
from alm.rows import codec
from alm.rows.memory import memory_for_rows
from alm.rows.row import parse_row
from alm.statistics.counters import Stats
from alm.windows.build import find_windows


def curate_manifest(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    window_params: WindowParams | None = None,
    overlap_params: OverlapParams | None = None,
    quarantine: str | os.PathLike[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Stats:
    """Curate the windows of one manifest.

    Args:
        source: a JSONL manifest.
        destination: the output, one line of JSON a row, in input order; whole or absent.
        window_params: how windows are built; by default the reference's values.
        overlap_params: which windows stay; by default the reference's values. A
            ``target_duration`` of None means the window's own target.
        quarantine: where rows that cannot be processed go, one line of JSON each; it is empty
            when all is well. Without it the first such row raises.
        progress: called with the size in bytes of each line that has been read (of a compressed
            manifest: decompressed).

    Returns:
        What happened to the rows: see ``stats.json``.

    Raises:
        ManifestError: ``source`` is not there or cannot be read.
        ParameterError: two of the files are the same, or one to be written is no file.
        InvalidRowError: a row cannot be processed and ``quarantine`` is None.
        OutOfMemoryError: memory is not enough for a row.
        OSError: an output cannot be written.
    """
    window_params = window_params or WindowParams()
    overlap_params = (overlap_params or OverlapParams()).resolved(window_params)
    paths = [os.path.realpath(path) for path in (source, destination, quarantine) if path]
    if len(set(paths)) < len(paths):
        raise ParameterError("source, destination and quarantine must be different files")
    for path in paths[1:]:
        if os.path.exists(path) and not os.path.isfile(path):
            raise ParameterError(f"{path!r} is not a file: name one to write")
    span = whole_file(as_text(os.fspath(source)))
    manifest = codec.dumps(span.path)
    stats = Stats()
    with memory_for_rows(), contextlib.ExitStack() as stack:
        output = stack.enter_context(files.written_whole(os.fspath(destination)))
        refused = None
        if quarantine is not None:
            refused = stack.enter_context(files.written_whole(os.fspath(quarantine)))
        offset = 0
        try:
            for line in read_lines(span):
                offset = line.offset
                if progress is not None:
                    progress(len(line.raw) + line.beyond)
                if line.is_blank:
                    continue
                try:
                    row = parse_row(line.text)
                    found = find_windows(row, window_params)
                    record = make_record(row, found, manifest, window_params)
                    finished = finish(record, overlap_params)
                    output.writelines(finished.pieces)
                except RowError as error:
                    if refused is None:
                        raise stop_at(span.path, line.offset, error) from error
                    stats.count("quarantined")
                    refused.write(to_line(refused_row(span.path, line, error)))
                else:
                    stats.add_row(found.stats | found.own_stats, found.truncation_events)
                    stats.add_windows(finished.decision.summary, len(finished.decision.kept))
        except MemoryError as error:
            raise out_of_memory(span.path, offset) from error
    return stats
