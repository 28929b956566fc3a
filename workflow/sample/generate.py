"""Write the sample manifests: invented conversations, the same bytes on every Python from 3.11 on.

    python workflow/sample/generate.py

rewrites the files below ``manifests/``, beside this script. There is no audio behind them.

A conversation is a clock in whole milliseconds: somebody takes the turn, says a few sentences out
of a small grammar, each word taking its time; a listener may throw in a "mhm" meanwhile; after a
pause, or a little early, the next one speaks. The flaws that a recording is there to show, such as
a poor line or cross-talk, happen in the spans of time that it names.

Randomness comes from ``random.Random(text).random()`` alone, which Python promises to keep, and
from integer and plain float arithmetic, so nothing depends on the platform. Each recording has its
own generator, seeded by its path: adding one leaves the others as they are.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

SEED = "alm sample 1"

Span = tuple[int, int]
"""From this second of a recording to just before that one."""

Word = tuple[str, int, int]
"""What is said, from and to which millisecond."""

# A symbol stands for any of its phrases, in which capital words are symbols again.
# S: a statement, Q: what the interviewer asks, B: what a listener throws in.
GRAMMARS: dict[str, dict[str, tuple[str, ...]]] = {
    "bakery": {
        "S": (
            "When I was young, WE PAST PLACE.",
            "You have to understand that THING takes TIME.",
            "WE PAST PLACE, and nobody complained.",
            "At first THING was the hardest part of the day.",
            "Some people say THING takes TIME, but I never believed it.",
            "Well, after TIME you can tell by the smell alone.",
            "And then WE PAST PLACE again.",
            "It was cold PLACE, but we laughed a lot.",
            "THING came first, everything else had to wait TIME.",
            "Nobody taught me THING, I had to find out by myself.",
        ),
        "Q": (
            "And how did you learn about THING?",
            "What happened then?",
            "Would you do it again today?",
            "Who else worked PLACE?",
            "Do you still remember THING?",
        ),
        "B": ("Mhm.", "Right.", "Oh, really?", "I see."),
        "WE": ("my brother and I", "we", "the whole family", "three of us"),
        "PAST": ("carried flour", "baked rye bread", "sold rolls", "kneaded dough by hand"),
        "PLACE": (
            "in the cellar",
            "behind the church",
            "down at the market",
            "in the old kitchen until dawn",
        ),
        "THING": ("a good sourdough", "the oven", "the morning round", "waiting for the dough"),
        "TIME": ("half a night", "two or three years", "a great deal of patience", "four hours"),
    },
    "workshop": {
        "S": (
            "Hand me THING, it is PLACE.",
            "I think THING is a little loose.",
            "If we turn THING slowly, it should come off.",
            "Careful, THING is still hot.",
            "I left THING PLACE yesterday.",
            "No, the other one, PLACE.",
        ),
        "B": ("Okay.", "Got it.", "Yes.", "Hm."),
        "THING": ("the front wheel", "that long screw", "the chain", "the brake cable"),
        "PLACE": ("on the bench", "under the window", "next to the vice", "in the second drawer"),
    },
    "tischlerei": {
        "S": (
            "Also, WER arbeitete damals ORT.",
            "Für WAS braucht man ZEIT.",
            "Früher haben wir WAS ORT gebaut.",
            "Natürlich war das nicht immer schön, aber ORT fühlte ich mich zu Hause.",
            "Nach einer Weile weiß man, wie man WAS baut.",
            "Das hat ZEIT gedauert, und WER half mir dabei.",
        ),
        "Q": (
            "Wie lange dauerte das denn?",
            "Können Sie uns erzählen, wie man WAS baut?",
            "Und was geschah ORT?",
            "Hätten Sie das früher gedacht?",
        ),
        "B": ("Mhm.", "Genau.", "Ach so!", "Schön."),
        "WER": ("mein Großvater", "die Meisterin", "unser jüngster Lehrling", "ein Schüler"),
        "ORT": ("in der Werkstatt", "über dem Hof", "draußen am Fluss", "im großen Saal"),
        "WAS": ("einen Küchenstuhl", "eine Tür", "das Gehäuse", "ein schmales Bücherregal"),
        "ZEIT": ("zwei Tage", "fünf Wochen", "ein halbes Jahr", "über zwölf Stunden"),
    },
    "panadería": {
        "S": (
            "Pues QUIEN vendía COSA LUGAR.",
            "Hace muchos años que QUIEN no vuelve.",
            "Mi abuela decía que COSA era lo más difícil.",
            "Al principio preparábamos COSA LUGAR, y después descansábamos un rato.",
            "La verdad es que LUGAR había mucha más gente que ahora.",
            "También aprendí a preparar COSA.",
        ),
        "Q": (
            "¿Cómo preparaban COSA?",
            "¿Qué pasó después?",
            "¿Y quién trabajaba LUGAR?",
            "¿Cuándo empezó todo esto?",
        ),
        "B": ("Ajá.", "Claro.", "¡Qué bien!", "Sí."),
        "QUIEN": ("mi hermana", "el señor Núñez", "la vecina", "una niña del barrio"),
        "COSA": ("el pan de maíz", "la masa", "el café de la mañana", "el turrón de almendra"),
        "LUGAR": ("en la plaza", "junto al camión", "detrás de la estación", "en el mercado"),
    },
    "team": {
        "S": (
            "Yesterday I DID THING.",
            "Today I want to look at THING.",
            "I am blocked by THING, so I could use some help WHEN.",
            "We should not ship THING before somebody has tested it.",
            "Good point, let us talk about THING WHEN.",
            "I DID THING, and it turned out to be simpler than expected.",
            "Can you review THING WHEN?",
            "Our customers keep asking about THING.",
            "I can pair with you on THING WHEN.",
            "There was a small surprise with THING, nothing serious.",
        ),
        "B": ("Yeah.", "Okay.", "Sure.", "Makes sense.", "Mhm."),
        "DID": ("finished", "rewrote half of", "wrote the tests for", "spent some time on"),
        "THING": ("the login page", "the nightly export", "the new search index", "the invoices"),
        "WHEN": ("this afternoon", "before lunch", "right after this meeting", "on Thursday"),
    },
    "panel": {
        "S": (
            "I would say THING matters more than people think.",
            "WHO asked for THING already.",
            "Let me answer that, because THING concerns all of us.",
            "I disagree, WHO cannot pay for THING.",
            "Without THING we lose WHO.",
            "That is exactly what WHO told me last winter.",
            "How much would THING cost us every year?",
            "WHO should decide about THING, not this panel.",
        ),
        "B": ("Exactly.", "No, no.", "True.", "Mhm."),
        "THING": ("a safe way to school", "the night bus", "cheap housing", "the public library"),
        "WHO": ("the younger families", "most shop owners", "the city council", "our neighbours"),
    },
}


@dataclass(frozen=True)
class Recording:
    """What one recording is like. Times are in seconds, frequencies in Hz."""

    path: str
    grammar: str
    seconds: int
    """Nobody takes the turn after this."""
    sample_rate: int
    shares: tuple[float, ...]
    """How readily each speaker takes the turn, relative to the others."""
    longest: float = 9.0
    """A turn goes on sentence by sentence until a drawn length, at most this."""
    backchannels: float = 0.3
    """How many of the longer turns a listener comments on."""
    labels_backchannels: bool = True
    """Whether the diarization names the speaker of a backchannel or leaves the field out."""
    poor_line: tuple[Span, ...] = ()
    """When only a narrow band comes through."""
    crosstalk: tuple[Span, ...] = ()
    """When the diarization cannot tell who speaks, and says "no-speaker"."""
    silence: tuple[Span, ...] = ()
    """When nobody takes the turn."""
    swift: bool = False
    """Whether the audio is also kept on an object store."""


MANIFESTS: dict[str, tuple[Recording, ...]] = {
    "interviews.jsonl": (
        Recording("interviews/baker.wav", "bakery", 320, 44100, (1.0, 1.6), swift=True),
        Recording("interviews/gespräch_tischlerei.wav", "tischlerei", 280, 48000, (1.0, 1.3)),
        Recording("interviews/panadería.wav", "panadería", 260, 22050, (1.0, 1.2, 0.7)),
        Recording("interviews/telephone.wav", "bakery", 180, 8000, (1.0, 1.4)),
        Recording("interviews/memoir.wav", "bakery", 150, 44100, (1.0,)),
    ),
    "meetings/panels.jsonl": (
        Recording("panels/town_hall.wav", "panel", 270, 48000, (1.3, 1, 1, 1, 1, 1, 0.8), 4.0),
        Recording(
            "panels/workshop.wav",
            "workshop",
            420,
            22050,
            (1.0, 0.8),
            4.0,
            silence=((70, 180), (260, 370)),
        ),
    ),
    "meetings/standups.jsonl": (
        Recording("standups/monday.wav", "team", 300, 16000, (1.5, 1.0, 0.8, 0.6)),
        Recording(
            "standups/remote.wav",
            "team",
            330,
            16000,
            (1.2, 1.0, 0.7),
            poor_line=((95, 120), (305, 330)),
        ),
        Recording(
            "standups/retrospective.wav",
            "team",
            320,
            44100,
            (1.4, 1.0, 1.0, 0.5, 0.4),
            labels_backchannels=False,
            crosstalk=((150, 158), (303, 310)),
        ),
    ),
}


def pick(rng: Random, phrases: Sequence[str]) -> str:
    """One of the phrases, each as likely as the others."""
    return phrases[int(rng.random() * len(phrases))]


def between(rng: Random, low: int, high: int) -> int:
    """A whole number from low to just below high."""
    return low + int(rng.random() * (high - low))


def within(milliseconds: int, spans: Sequence[Span]) -> Span | None:
    """The span that this moment lies in, if any."""
    return next((span for span in spans if span[0] <= milliseconds / 1000 < span[1]), None)


def other_speaker(rng: Random, shares: Sequence[float], current: int) -> int:
    """Somebody else than the current speaker, by their shares; the current one when alone."""
    others = [speaker for speaker in range(len(shares)) if speaker != current]
    if not others:
        return current
    total = 0.0
    for speaker in others:
        total += shares[speaker]
    mark = rng.random() * total
    for speaker in others:
        mark -= shares[speaker]
        if mark < 0:
            return speaker
    return others[-1]


def sentence(rng: Random, grammar: dict[str, tuple[str, ...]], symbol: str) -> str:
    """A phrase of this symbol with the symbols in it replaced, and theirs."""

    def replaced(match: re.Match[str]) -> str:
        return sentence(rng, grammar, match[0]) if match[0] in grammar else match[0]

    return re.sub(r"\w+", replaced, pick(rng, grammar[symbol]))


def fresh(rng: Random, grammar: dict[str, tuple[str, ...]], symbol: str, said: list[str]) -> str:
    """A sentence that is not among the last six said; it joins them."""
    while (text := sentence(rng, grammar, symbol)) in said[-6:]:
        pass
    said.append(text)
    return text


def say(rng: Random, text: str, start: int) -> list[Word]:
    """The words of a sentence, spoken from this millisecond on: long words take longer."""
    words = []
    for word in (text[0].upper() + text[1:]).split():
        end = start + between(rng, 80, 140) + len(word) * between(rng, 45, 70)
        words.append((word, start, end))
        start = end + between(rng, 20, 80)
    return words


def take_turn(
    rng: Random, recording: Recording, speaker: int, start: int, said: list[str]
) -> list[Word]:
    """The words of one turn: a question of the interviewer, or sentences up to a drawn length."""
    grammar = GRAMMARS[recording.grammar]
    if speaker == 0 and "Q" in grammar and len(recording.shares) > 1:
        return say(rng, fresh(rng, grammar, "Q", said), start)
    enough = start + rng.random() * rng.random() * recording.longest * 1000  # mostly short turns
    words = say(rng, fresh(rng, grammar, "S", said), start)
    while words[-1][2] < enough:
        words += say(rng, fresh(rng, grammar, "S", said), words[-1][2] + between(rng, 150, 400))
    return words


def converse(rng: Random, recording: Recording) -> list[tuple[int | None, list[Word]]]:
    """Who says what, in the order of their first words; None if the diarization names nobody."""
    turns: list[tuple[int | None, list[Word]]] = []
    said: list[str] = []
    speaker, clock = 0, between(rng, 300, 1500)
    while clock < recording.seconds * 1000:
        words = take_turn(rng, recording, speaker, clock, said)
        end = words[-1][2]
        turns.append((speaker, words))

        listener = other_speaker(rng, recording.shares, speaker)
        if listener != speaker and end - clock > 3000 and rng.random() < recording.backchannels:
            text = sentence(rng, GRAMMARS[recording.grammar], "B")
            heard = clock + between(rng, 1000, end - clock)
            named = listener if recording.labels_backchannels else None
            turns.append((named, say(rng, text, heard)))

        previous = speaker
        if rng.random() < 0.85:
            speaker = other_speaker(rng, recording.shares, speaker)
        if speaker != previous and rng.random() < 0.12:
            clock = end - between(rng, 100, 500)  # falls into the last words
        else:
            clock = end + 200 + int(1300 * rng.random() * rng.random())
        if silent := within(clock, recording.silence):
            clock = silent[1] * 1000
    return sorted(turns, key=lambda turn: turn[1][0][1])


def segment(
    rng: Random, recording: Recording, speaker: int | None, words: list[Word]
) -> dict[str, Any]:
    """One segment of a manifest row: times in seconds, bandwidth in Hz."""
    start, end = words[0][1], words[-1][2]
    if within(start, recording.poor_line):
        bandwidth = 50 * between(rng, 100, 150)
    else:
        bandwidth = min(50 * between(rng, 160, 280), recording.sample_rate // 2)
    fields: dict[str, Any] = {"start": start / 1000, "end": end / 1000}
    if within(start, recording.crosstalk):
        fields["speaker"] = "no-speaker"
    elif speaker is not None:
        fields["speaker"] = f"speaker_{speaker}"
    fields["text"] = " ".join(word for word, _, _ in words)
    fields["words"] = [
        {"word": word, "start": start / 1000, "end": end / 1000} for word, start, end in words
    ]
    fields["metrics"] = {"bandwidth": bandwidth}
    return fields


def row(recording: Recording) -> dict[str, Any]:
    """The manifest row of a recording."""
    rng = Random(f"{SEED}: {recording.path}")
    turns = converse(rng, recording)
    fields: dict[str, Any] = {"audio_filepath": f"/data/{recording.path}"}
    if recording.swift:
        fields["swift_audio_filepath"] = f"swift://recordings/{recording.path}"
    fields["audio_sample_rate"] = recording.sample_rate
    fields["duration"] = (max(words[-1][2] for _, words in turns) + 900) / 1000
    fields["segments"] = [segment(rng, recording, speaker, words) for speaker, words in turns]
    return fields


def main() -> None:
    """Write every manifest, a row a line."""
    folder = Path(__file__).resolve().parent / "manifests"
    for name, recordings in MANIFESTS.items():
        lines = [
            json.dumps(row(recording), ensure_ascii=False, separators=(",", ":")) + "\n"
            for recording in recordings
        ]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(lines).encode())


if __name__ == "__main__":
    main()
