"""Writes the files beside it, with the libraries that write such files elsewhere.

    pip install pyannote.core meeteval simplejson; pip install --no-deps lhotse
    python tests/data/formats/make.py

WhisperX, NeMo Curator and Kaldi need models or a toolkit: what they write is imitated.
"""

import gzip
import importlib.machinery
import json
import sys
import types
from pathlib import Path

HERE = Path(__file__).parent

TURNS = {
    "call_1": [
        (0.1, 0.3, "A", "well hello"),
        (2.5, 6.0, "B", "good morning to you"),
        (1.25, 2.75, "A", "hello there"),
    ],
    "call_2": [(0.0, 4.0, "A", "who is it"), (4.0, 5.5, "C", "me")],
}
"""Start, end, speaker, text; not in order."""

RATE, LENGTH = 16000, 10.0


def words(start: float, end: float, text: str) -> list[tuple[str, float, float]]:
    """The words of a turn, each as long as another: word, start, duration."""
    said = text.split()
    length = (end - start) / max(1, len(said))
    return [(word, round(start + k * length, 3), round(length, 3)) for k, word in enumerate(said)]


def rttm() -> None:
    from pyannote.core import Annotation, Segment

    with (HERE / "corpus.rttm").open("w") as file:
        for name, turns in TURNS.items():
            annotation = Annotation(uri=name)
            for track, (start, end, speaker, _) in enumerate(turns):
                annotation[Segment(start, end), track] = speaker
            annotation.write_rttm(file)


def ctm() -> None:
    from meeteval.io import CTM, CTMLine

    lines = [
        CTMLine(name, "1", begin, length, word, 100)
        for name, turns in TURNS.items()
        for start, end, _, text in turns
        for word, begin, length in words(start, end, text)
    ]
    CTM(lines).dump(HERE / "corpus.ctm")


def seglst_and_stm() -> None:
    from meeteval.io import STM, SegLST

    segments = [
        {"session_id": name, "start_time": a, "end_time": b, "speaker": who, "words": text}
        for name, turns in TURNS.items()
        for a, b, who, text in turns
    ]
    SegLST(segments).dump(HERE / "seglst.json")
    STM.new(SegLST(segments)).dump(HERE / "corpus.stm")


def lhotse() -> None:
    _stand_in_for_torch()
    from lhotse import CutSet, Recording, RecordingSet, SupervisionSegment, SupervisionSet
    from lhotse.audio import AudioSource
    from lhotse.supervision import AlignmentItem

    recordings, supervisions = [], []
    for name, turns in TURNS.items():
        source = AudioSource("file", channels=[0], source=f"audio/{name}.flac")
        recordings.append(Recording(name, [source], RATE, int(RATE * LENGTH), LENGTH))
        for number, (start, end, speaker, text) in enumerate(turns):
            supervision = SupervisionSegment(
                f"{name}-{number}",
                name,
                start=start,
                duration=round(end - start, 6),
                text=text,
                language="English",
                speaker=speaker,
                alignment={"word": [AlignmentItem(*word) for word in words(start, end, text)]},
            )
            supervisions.append(supervision)
    recordings = RecordingSet.from_recordings(recordings)
    supervisions = SupervisionSet.from_segments(supervisions)
    recordings.to_file(HERE / "lhotse_recordings.jsonl.gz")
    supervisions.to_file(HERE / "lhotse_supervisions.jsonl.gz")
    cuts = CutSet.from_manifests(recordings=recordings, supervisions=supervisions)
    cuts.cut_into_windows(3.0).to_eager().to_file(HERE / "cuts.jsonl.gz")
    for path in HERE.glob("*.gz"):  # without the time of writing
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=0))


def _stand_in_for_torch() -> None:
    """lhotse imports torch, but writes JSON without it."""

    class StandIn(types.ModuleType):
        def __getattr__(self, name: str) -> object:
            if name.startswith("__"):
                raise AttributeError(name)
            if name[0].isupper():
                return type(name, (), {"ignore_index": -100})
            return StandIn(f"{self.__name__}.{name}")

        def __call__(self, *_: object, **__: object) -> object:
            return lambda function: function

    utils = (
        "utils",
        "utils.data",
        *(f"utils.data.{x}" for x in ("dataloader", "distributed", "datapipes", "_utils")),
    )
    for name in ("", "nn", "nn.functional", "distributed", "hub", "fft", *utils):
        name = f"torch.{name}".rstrip(".")
        module = StandIn(name)
        module.__path__ = []
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.__version__ = "1.13.0"
        sys.modules[name] = module


def whisperx() -> None:
    """Two speakers in a sentence; a word without times; a segment without a speaker."""

    def timed(name: str, start: float, end: float, speaker: str | None) -> dict:
        word = {"word": name, "start": start, "end": end, "score": 0.9}
        return word | ({"speaker": speaker} if speaker else {})

    one = [
        timed("well", 0.1, 0.4, "SPEAKER_00"),
        {"word": "23"},
        timed("good", 2.5, 3.0, "SPEAKER_01"),
        timed("morning.", 3.0, 3.6, "SPEAKER_01"),
    ]
    two = [timed("who", 4.0, 4.2, None), timed("knows?", 4.2, 4.9, None)]
    segments = [
        {
            "start": 0.1,
            "end": 3.6,
            "text": " well 23 good morning.",
            "words": one,
            "speaker": "SPEAKER_01",
        },
        {"start": 4.0, "end": 4.9, "text": " who knows?", "words": two},
    ]
    document = {"segments": segments, "word_segments": one + two, "language": "en"}
    (HERE / "whisperx.json").write_text(json.dumps(document, ensure_ascii=False))


def pyannote() -> None:
    turns = [
        {"start": start, "end": end, "speaker": f"SPEAKER_{number:02}"}
        for number, (start, end, _, _) in enumerate(sorted(TURNS["call_1"]))
    ]
    document = {"diarization": turns, "exclusive_diarization": turns[:1]}
    (HERE / "pyannote.json").write_text(json.dumps(document, indent=2))


def curator() -> None:
    def segment(start: float, end: float, speaker: str, text: str, **metrics: object) -> dict:
        said = [
            {"word": word, "start": begin, "end": round(begin + length, 3)}
            for word, begin, length in words(start, end, text)
        ]
        fields = {"speaker": speaker, "start": start, "end": end, "text": text, "words": said}
        return fields | ({"metrics": metrics} if metrics else {})

    row = {
        "audio_filepath": "audio/call_1.wav",
        "audio_item_id": "call_1",
        "resampled_audio_filepath": "resampled/call_1.wav",
        "duration": LENGTH,
    }
    tagged = row | {
        "segments": [
            segment(0.0, 0.1, "no-speaker", ""),
            segment(0.1, 2.5, "A", "well hello", bandwidth=7968, stoi_squim=0.9),
            segment(2.5, 6.0, "B", "good morning to you", bandwidth=8000, stoi_squim=0.9),
            segment(6.0, 10.0, "no-speaker", ""),
        ],
        "overlap_segments": [{"speaker": "B", "start": 1.0, "end": 2.0}],
        "alignment": [],
    }
    final = row | {
        "segments": [
            segment(0.1, 2.5, "A,no-speaker", "well hello", bandwidth=[7968, None]),
            segment(2.5, 6.0, "A,B", "good morning to you", bandwidth=[7968, 8000, 8000, 8000]),
            segment(6.0, 8.0, "B", "you", bandwidth=[None]),
        ],
        "overlap_segments": [],
    }
    (HERE / "curator.jsonl").write_text(f"{json.dumps(tagged)}\n{json.dumps(final)}\n")


def kaldi() -> None:
    folder = HERE / "kaldi"
    folder.mkdir(exist_ok=True)
    tables: dict[str, list[str]] = {name: [] for name in ("segments", "utt2spk", "text")}
    for name, turns in TURNS.items():
        for number, (start, end, speaker, text) in enumerate(turns):
            key = f"{name}-{number}"
            tables["segments"].append(f"{key} {name} {start} {end}")
            tables["utt2spk"].append(f"{key} {speaker}")
            tables["text"].append(f"{key} {text}")
    tables["wav.scp"] = ["call_1 audio/call_1.wav", "call_2 sph2pipe -f wav call_2.sph |"]
    tables["reco2dur"] = [f"{name} {LENGTH}" for name in TURNS]
    for name, lines in tables.items():
        (folder / name).write_text("".join(f"{line}\n" for line in sorted(lines)))


if __name__ == "__main__":
    for make in (rttm, ctm, seglst_and_stm, lhotse, whisperx, pyannote, curator, kaldi):
        make()
