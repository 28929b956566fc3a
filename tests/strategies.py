"""Hypothesis strategies: manifest rows, sound and malformed, and settings for both stages.

Times are drawn as ticks, tenths of a second, and spelled in one of several ways (`STYLES`), so
that rows hit bounds exactly, mix ints with floats, and carry doubles with all their 17 digits.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from hypothesis import strategies as st

Json: TypeAlias = dict[str, Any]
Spell: TypeAlias = Callable[[int], int | float]  # ticks to seconds

VOCABULARY = ["um", "naïve", "café", "你好", "data", "ok 👍", "window", "Größe"]

STYLES: dict[str, Spell] = {
    "ints": lambda ticks: ticks // 10,
    "tenths": lambda ticks: ticks / 10,
    "inexact": lambda ticks: ticks * 0.1,  # 3 ticks are 0.30000000000000004
    "long": lambda ticks: ticks / 10 + 1 / 3,
    "mixed": lambda ticks: ticks / 10 if ticks % 10 else ticks // 10,
}
EXTREME_STYLES: dict[str, Spell] = {
    "negative": lambda ticks: (ticks - 400) / 10,
    "denormal": lambda ticks: (ticks - 100) * 5e-324,
    "huge": lambda ticks: (ticks - 100) * 1e285,
    "huge ints": lambda ticks: (ticks - 100) * 10**285,
}
"""Times that no recording has must neither stop a run nor give figures that cannot be."""

# A row is odd in some of these ways, or in none, so that most rows yield windows.
ODDITIES = ["lengths", "places", "speakers", "bandwidths", "words"]

# Where a segment begins, given the one before: after its end by `gap` ticks, at its start,
# or within it.
PLACES = ["after"] * 4 + ["at its start", "within"]

SPEAKERS = ["spk_0", "spk_1", "spk_2"]
ODD_SPEAKERS = ["spk_3", "spk_4", "spk_5", "spræk·6", "absent", None, "", "no-speaker"]
RATES = [16000, 22050, 48000, 16000.0, 44100, 16000, 15999, 8000]
ODD_RATES = [5e-324, -1, -(10**310), 10**310, 1.7e308]
BANDWIDTHS = [8001, 8500, 16000, 8000.5]
ODD_BANDWIDTHS = [8000, 8000.0, 7999, 7999.999, 4000, 0, "absent", "no metrics", -(10**310), 1e308]

WORDS = ["inside", "beyond"]
ODD_WORDS = ["reversed", "some bare", "all bare", "empty", "absent"]

EXTRAS = [{}, {"confidence": 0.1 + 0.2}, {"tags": ["é", {"n": 1}], "note": None}]


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value that every parser reads alike: ints of 64 bits, no NaN, no lone surrogates."""
    ints = st.integers(-(2**63), 2**63 - 1)
    floats = st.floats(allow_nan=False, allow_infinity=False)
    leaves = st.none() | st.booleans() | ints | floats | st.text(max_size=8)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    )


# Sound rows


class Draft(NamedTuple):
    """What a segment is made from; `gap` and `length` in ticks."""

    length: int
    place: str
    gap: int
    speaker: str | None
    bandwidth: int | float | str
    words: str
    extra: Json


@st.composite
def rows(
    draw: st.DrawFn, min_segments: int = 0, max_segments: int = 40, wild: bool = False
) -> Json:
    """A sound manifest row, shaped like a conversation of up to some minutes.

    One that is `wild` more often has times and rates that no recording has.
    """
    usual = 0 if wild else 12
    style = draw(st.sampled_from(sorted(STYLES) * usual + sorted(EXTREME_STYLES)))
    spell = (STYLES | EXTREME_STYLES)[style]
    odd = frozenset(draw(st.sets(st.sampled_from(ODDITIES))))
    fewest = max(min_segments, draw(st.sampled_from([0, max_segments // 4, max_segments // 2])))
    drafts = draw(st.lists(_drafts(odd), min_size=fewest, max_size=max_segments))

    segments = []
    start = end = draw(st.integers(0, 300))
    for draft in drafts:
        start = {
            "after": end + draft.gap,
            "at its start": start,
            "within": (start + end) // 2,
        }[draft.place]
        end = start + draft.length
        segments.append(_segment(draft, start, end, spell))
    order = draw(st.sampled_from(["as is"] * 6 + ["reversed", "rotated", "interleaved"]))
    segments = {
        "as is": segments,
        "reversed": segments[::-1],
        "rotated": segments[3:] + segments[:3],
        "interleaved": segments[::2] + segments[1::2],
    }[order]

    rate = draw(st.sampled_from(RATES * max(1, usual) + ODD_RATES))
    return {
        **draw(PASSTHROUGH),
        "audio_filepath": f"/data/audio/{draw(st.sampled_from(['a', 'ö', '对话']))}.wav",
        "audio_sample_rate": rate,
        "segments": segments,
    }


@cache
def _drafts(odd: frozenset[str]) -> st.SearchStrategy[Draft]:
    """Few draws each: a row may have forty."""
    length = st.integers(5, 120)
    odd_length = length | length | st.integers(-20, 500)
    return st.builds(
        Draft,
        length=odd_length if "lengths" in odd else length,
        place=st.sampled_from(PLACES if "places" in odd else ["after"]),
        gap=st.integers(-15, 25) if "places" in odd else st.integers(0, 8),
        speaker=_mostly(SPEAKERS, ODD_SPEAKERS if "speakers" in odd else []),
        bandwidth=_mostly(BANDWIDTHS, ODD_BANDWIDTHS if "bandwidths" in odd else []),
        words=_mostly(WORDS, ODD_WORDS if "words" in odd else []),
        extra=st.sampled_from(EXTRAS),
    )


def _mostly(usual: list[Any], odd: list[Any]) -> st.SearchStrategy[Any]:
    """Something odd in a quarter of the draws or less, none where nothing is odd."""
    return st.sampled_from(usual * (1 + 3 * len(odd) // len(usual)) + odd)


def _segment(draft: Draft, start: int, end: int, spell: Spell) -> Json:
    segment = {"start": spell(start), "end": spell(end), **draft.extra}
    if draft.speaker != "absent":
        segment["speaker"] = draft.speaker
    if draft.bandwidth == "absent":
        segment["metrics"] = {"snr": 20.5}
    elif draft.bandwidth != "no metrics":
        segment["metrics"] = {"snr": 20.5, "bandwidth": draft.bandwidth}
    if draft.words != "absent":
        segment["words"] = _words(draft.words, start, end, spell)
        segment["text"] = " ".join(word.get("word", "") for word in segment["words"])
    return segment


def _words(kind: str, start: int, end: int, spell: Spell) -> list[Json]:
    """A word every seven ticks, those of kind `beyond` running up to 3 s past the segment."""
    if kind == "empty":
        return []
    last = end + 30 if kind == "beyond" else end
    words: list[Json] = [
        {"word": VOCABULARY[at % len(VOCABULARY)], "start": spell(at), "end": spell(at + 5)}
        for at in range(start, last - 4, 7)
    ]
    if kind == "reversed":
        words.reverse()
    if kind == "some bare":
        for word in words[1::3]:
            word["word"] = ""
    if kind in ("some bare", "all bare"):
        for word in words[:: 2 if kind == "some bare" else 1]:
            del word["word"]
    return words


# Fields that no computation reads, and some that it writes: those are replaced.
PASSTHROUGH: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=8),
        "lang": st.sampled_from(["en", "日本語", "ελληνικά"]),
        "duration": st.floats(0, 1e6) | st.sampled_from([1e-320, -1.0, 10**400, 1e308, True]),
        "words": st.just([{"word": "hé", "start": 0, "end": 0.1 + 0.2}]),
        "extra": json_values(),
        "swift_audio_filepath": st.sampled_from(["swift://bucket/a.wav", "", "ü.wav"]),
        "windows": st.just([{"segments": []}]),
        "stats": st.just({"lost_bw": 7}),
        "filtered": st.just("stale"),
        "manifest_filepath": st.just("stale.jsonl"),
        "swift_filepath": st.just("stale"),
    },
)


# Settings


@st.composite
def window_settings(draw: st.DrawFn) -> Json:
    """Parameters of the window builder; those left out have their defaults."""
    fewest = draw(st.integers(1, 3))
    most = draw(st.integers(max(fewest, 2), 8) | st.just(fewest))
    dropped = ["", "words", " text , words", "metrics", "start,end,speaker,,", "nothing"]
    dropped_on_top = ["", "words", "segments , words", "id,stats,swift_audio_filepath"]
    optional = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "min_sample_rate": st.sampled_from([8000, 16000, 22050]),
                "min_bandwidth": st.sampled_from([8000, 0, 4000, 8000.5]),
                "truncation": st.booleans(),
                "drop_fields": st.sampled_from(dropped),
                "drop_fields_top_level": st.sampled_from(dropped_on_top),
            },
        )
    )
    return {
        "target_window_duration": draw(
            st.sampled_from([20.0, 30, 10.0, 15, 45.0, 60.0, 25.3, 120.0]) | st.floats(5, 80)
        ),
        "tolerance": draw(st.sampled_from([0.1, 0.3, 0.5, 0.25, 0.05, 0]) | st.floats(0, 0.99)),
        "min_speakers": fewest,
        "max_speakers": most,
        **optional,
    }


@st.composite
def overlap_settings(draw: st.DrawFn) -> Json:
    """Parameters of the overlap filter; those left out have their defaults."""
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "overlap_percentage": st.sampled_from([0, 50, 33, 80, 100]) | st.floats(0, 100),
                "target_duration": st.none()
                | st.sampled_from([20.0, 30, 44.5, 60.0])
                | st.floats(0.5, 200),
            },
        )
    )


# Malformed rows

ABSENT = object()
NOT_A_NUMBER: list[Any] = [None, "16000", "1.5", True, False, [], {}, [1.5]]
RAW_NOT_FINITE = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"]
NOT_UTF_8 = [b"\xff", b"\xc3\x28", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe4\xbd"]
NOT_JSON = [b"{]", b"{'a': 1}", b'{"a": 1,}', b'{"a": 1} {}', b"nul", b'{"a": 01}', b'{"a"']
NOT_AN_OBJECT = [b"[]", b"null", b"3", b'"text"', b"true", b"[{}]"]


@st.composite
def malformed_rows(draw: st.DrawFn) -> tuple[bytes, str]:
    """A manifest line without its newline that no settings make a sound row, and why not.

    The reason is a rough one: `<where>: <what>`, such as `start: not a number`; `where` is
    `line`, a field of the row, or one of a segment.
    """
    kind = draw(st.sampled_from(["line"] + ["row"] * 2 + ["segment"] * 5 + ["not finite"] * 2))
    if kind == "line":
        return draw(_malformed_line())

    row = draw(rows(min_segments=1, max_segments=4))
    segment = draw(st.sampled_from(row["segments"]))
    if kind == "not finite":
        return draw(_not_finite(row, segment))

    if kind == "row":
        holder, field, what, value = row, *draw(_bad_field_of_row())
    else:
        holder, field, what, value = segment, *draw(_bad_field_of_segment())
    if field == "segment":
        row["segments"] = [value if s is segment else s for s in row["segments"]]
    elif field == "bandwidth":
        segment["metrics"] = {"bandwidth": value}
    elif value is ABSENT:
        del holder[field]
    else:
        holder[field] = value
    return _line(row), f"{field}: {what}"


def _bad_field_of_row() -> st.SearchStrategy[tuple[str, str, Any]]:
    return (
        _bad("audio_sample_rate", "missing", [ABSENT])
        | _bad("audio_sample_rate", "not a number", NOT_A_NUMBER)
        | _bad("segments", "missing", [ABSENT])
        | _bad("segments", "not a list", [None, {}, "text", 3, True])
    )


def _bad_field_of_segment() -> st.SearchStrategy[tuple[str, str, Any]]:
    return (
        _bad("start", "missing", [ABSENT])
        | _bad("start", "not a number", NOT_A_NUMBER)
        | _bad("end", "missing", [ABSENT])
        | _bad("end", "not a number", NOT_A_NUMBER)
        | _bad("metrics", "not an object", [None, [], "8000", 8000, True])
        | _bad("bandwidth", "not a number", NOT_A_NUMBER)
        | _bad("speaker", "neither string nor null", [0, 1, 1.5, True, False, [], ["spk_0"], {}])
        | _bad("segment", "not an object", [None, [], "text", 3, True, [1.0, 2.0]])
    )


def _bad(field: str, what: str, values: list[Any]) -> st.SearchStrategy[tuple[str, str, Any]]:
    return st.tuples(st.just(field), st.just(what), st.sampled_from(values))


@st.composite
def _malformed_line(draw: st.DrawFn) -> tuple[bytes, str]:
    """A line that is no UTF-8, no JSON, or no object."""
    kind = draw(st.sampled_from(["not UTF-8", "not JSON", "cut short", "not an object"]))
    if kind == "not JSON":
        return draw(st.sampled_from(NOT_JSON)), "line: not JSON"
    if kind == "not an object":
        return draw(st.sampled_from(NOT_AN_OBJECT)), "line: not an object"
    row = draw(rows(min_segments=1, max_segments=2))
    if kind == "cut short":
        line = json.dumps(row).encode()
        return line[: draw(st.integers(1, len(line) - 1))], "line: not JSON"
    line = _line({"text": "a@b", **row})
    return line.replace(b"@", draw(st.sampled_from(NOT_UTF_8)), 1), "line: not UTF-8"


@st.composite
def _not_finite(draw: st.DrawFn, row: Json, segment: Json) -> tuple[bytes, str]:
    """NaN, infinity, or more than a double holds, where the row has a number.

    In a field that no computation reads, only the literals, which are no JSON, are malformed.
    """
    field = draw(st.sampled_from(["audio_sample_rate", "start", "end", "bandwidth", "a field"]))
    marker = "put a number here"
    if field == "bandwidth":
        segment["metrics"] = {"bandwidth": marker}
    else:
        (segment if field in ("start", "end") else row)[field] = marker
    raw = draw(st.sampled_from(RAW_NOT_FINITE[: 3 if field == "a field" else None]))
    line = json.dumps(row, ensure_ascii=False).replace(f'"{marker}"', raw)
    return line.encode(), f"{field}: not finite"


def _line(row: Json) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()
