"""A Kaldi data directory: ``segments``, and beside it ``utt2spk``, ``text``, ``wav.scp``, …"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from alm.input.formats.entries import Documents, Entry, Format, file_name, problem, text_lines
from alm.input.formats.segments import Segments, row, seconds
from alm.rows.row import Row

OF_UTTERANCES = ("utt2spk", "text")
OF_RECORDINGS = ("wav.scp", "reco2dur")
TO_THE_END = -1
"""An end that stands for that of the recording."""


def entries(documents: Documents) -> Iterator[Entry]:
    recording_of: dict[str, str] = {}

    def of_segment(line: str) -> str:
        key, *rest = line.split(maxsplit=2)
        recording_of[key] = rest[0] if rest else ""
        return recording_of[key]

    def of_utterance(line: str) -> str | None:
        """None of those that have been taken out of ``segments``."""
        return recording_of.get(line.split(maxsplit=1)[0])

    def of_recording(line: str) -> str:
        return line.split(maxsplit=1)[0]

    for path, lines in documents:
        name = file_name(path)
        if name == "segments":
            name_of: Callable[[str], str | None] = of_segment
        else:
            name_of = of_recording if name in OF_RECORDINGS else of_utterance
        yield from text_lines(path, lines, name_of)


def recording(name: str, entries: Sequence[Entry]) -> Row:
    tables: dict[str, dict[str, str]] = {each: {} for each in (*OF_UTTERANCES, *OF_RECORDINGS)}
    utterances = []
    for entry in entries:
        key, *rest = entry.text.split(maxsplit=1)
        table = file_name(entry.path)
        if table == "segments":
            utterances.append((entry, key, rest[0].split()))
        elif rest:
            tables[table][key] = rest[0]
    segments = Segments()
    for entry, utterance, fields in utterances:
        if len(fields) < 3:
            raise problem(
                entry,
                "invalid_line",
                f"{entry.text!r} is no line of `segments`; utterance, recording, start and end "
                "are needed. Correct or remove it",
            )
        end = seconds(entry, "the end", fields[2])
        if end == TO_THE_END:
            end = _length(entry, tables["reco2dur"].get(name))
        segments.add(
            entry,
            seconds(entry, "the start", fields[1]),
            end,
            speaker=tables["utt2spk"].get(utterance),
            text=tables["text"].get(utterance),
        )
    audio = tables["wav.scp"].get(name, "")
    length = tables["reco2dur"].get(name)
    return row(
        name,
        entries,
        segments,
        "kaldi",
        audio_filepath=audio if audio and not audio.endswith("|") else None,
        duration=seconds(entries[0], "reco2dur", length) if length else None,
    )


def _length(entry: Entry, length: str | None) -> float:
    if length is None:
        raise problem(
            entry, "missing_field", "it ends with its recording; add reco2dur, or the end itself"
        )
    return seconds(entry, "the duration in reco2dur", length)


FORMAT = Format(
    "kaldi",
    "a Kaldi directory",
    is_main=lambda name: name == "segments",
    is_companion=lambda name: name in (*OF_UTTERANCES, *OF_RECORDINGS),
    pair=lambda path: path.rpartition("/")[0],
    entries=entries,
    recording=recording,
    names_audio=True,
)
