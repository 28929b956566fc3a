"""The line of a row, joined of its pieces; the compiled form, spelling.pyx, copies a byte once."""

from __future__ import annotations

from collections.abc import Sequence

from alm.windows.candidates import Windows

Part = bytes | Sequence[int] | dict[int, bytes]


def line(
    parts: tuple[Part, ...],
    windows: Windows,
    segments: bytes,
    offsets: list[int],
    talk: bytes,
) -> bytes:
    """The parts joined: bytes as they are, and windows, by their numbers, spelled out.

    Args:
        parts: bytes, or numbers of windows, or such numbers with the JSON of the window's profile.
        windows: the candidate windows of the row.
        segments: the texts of its segments and cut copies, joined by commas.
        offsets: where each of them begins, and where one more would.
        talk: ``windows.talk`` as JSON.

    Raises:
        IndexError: the windows are not of these segments.
    """
    talks = talk[2:-2].split(b"],[")
    if windows.firsts and not (
        offsets[0] == 0
        and offsets[-1] <= len(segments) + 1
        and talk[:2] == b"[["
        and len(talks) == len(windows.firsts)
    ):
        raise IndexError("the windows are not of these segments")
    pieces: list[bytes] = []
    for part in parts:
        if isinstance(part, bytes):
            pieces.append(part)
        else:
            pieces += _spelled_out(part, windows, segments, offsets, talks)
    return b"".join(pieces)


def _spelled_out(
    chosen: Sequence[int] | dict[int, bytes],
    windows: Windows,
    segments: bytes,
    offsets: list[int],
    talks: Sequence[bytes],
) -> list[bytes]:
    firsts, stops, cuts = windows.firsts, windows.stops, windows.cuts
    pieces = [b'{"segments":[', b"", b"", b'],"speaker_durations":[', b"", b"]},"] * len(chosen)
    pieces[1::6] = [segments[offsets[firsts[k]] : offsets[stops[k]] - 1] for k in chosen]
    # With the comma before it: there is a segment before each cut one.
    pieces[2::6] = [
        segments[offsets[cut] - 1 : offsets[cut + 1] - 1] if (cut := cuts[k]) >= 0 else b""
        for k in chosen
    ]
    pieces[4::6] = [talks[k] for k in chosen]
    if isinstance(chosen, dict):
        pieces[5::6] = [b'],"profile":%b},' % chosen[k] for k in chosen]
    if pieces:
        pieces[-1] = pieces[-1][:-1]
    return pieces
