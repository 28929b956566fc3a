"""The files of each format, field by field; that real loaders open them is in tests/loaders."""

import gzip
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import corpus
import exporting
import marks
import numpy as np
import pytest

from alm.engines import Execution
from alm.exports.formats import FORMATS
from alm.exports.writers import _WRITERS

soundfile = pytest.importorskip("soundfile")

CONFIG: dict[str, Any] = {
    "target_window_duration": 60,
    "exports": list(FORMATS),
    "export_file_size": 1_500_000,
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus.write(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def exported(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exporting.run([manifest], tmp_path_factory.mktemp("exports"), **CONFIG)


def lines(path: Path) -> list[Any]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines()]


def numbered(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern), key=lambda path: int(re.findall(r"\d+", path.name)[-1]))


def in_tars(folder: Path, pattern: str) -> list[list[tuple[str, bytes]]]:
    found = []
    for path in numbered(folder, pattern):
        with tarfile.open(path) as tar:
            found.append([(each.name, tar.extractfile(each).read()) for each in tar])
            assert {(m.mtime, m.uid, m.mode) for m in tar.getmembers()} == {(0, 0, 0o644)}
    return found


def test_every_format_has_its_writer() -> None:
    assert _WRITERS.keys() == FORMATS.keys()


def test_18_all_formats_have_the_same_bytes_whatever_the_shards(
    manifest: Path, exported: Path, tmp_path: Path
) -> None:
    again = exporting.run([manifest], tmp_path, 3, Execution("local", threads=4), **CONFIG)
    once, twice = exporting.contents(exported), exporting.contents(again)
    assert once.keys() == twice.keys()
    assert [name for name in once if once[name] != twice[name]] == []
    assert {name.split("/")[0] for name in once} == set(FORMATS)


def test_18_a_window_has_its_words_though_the_output_drops_them(exported: Path) -> None:
    for cut in lines(exported / "lhotse/cuts.jsonl.gz"):
        words = [w for s in cut["supervisions"] for w in s["alignment"]["word"]]
        assert len(words) == len({word[0] for word in words}) >= 54
        for name, start, duration, score in words:
            assert start + cut["start"] == pytest.approx(int(name[1:]))
            assert (duration, score) == (0.5, None)


def test_18_cuts_hold_what_lhotse_asks_for(exported: Path) -> None:
    cuts = lines(exported / "lhotse/cuts.jsonl.gz")
    whole = lines(exported / "lhotse/cuts_whole.jsonl.gz")
    assert len({cut["id"] for cut in cuts}) == len(cuts) == len(whole) > 5
    assert len({cut["recording"]["id"] for cut in cuts}) == len(corpus.NAMES)
    for cut, one in zip(cuts, whole, strict=True):
        assert cut["recording"]["num_samples"] == corpus.SECONDS * marks.RATE
        for each in cut["supervisions"]:
            assert each["duration"] > 0
            assert 0 <= each["start"] < each["start"] + each["duration"] <= cut["duration"] + 1e-6
            assert each["speaker"].startswith(each["recording_id"])
        (supervision,) = one["supervisions"]
        assert (supervision["start"], supervision["duration"]) == (0, cut["duration"])
        assert re.fullmatch(r"([ABC]: (w\d+ ?)+\n?)+", supervision["text"])


def test_18_lhotse_is_told_what_is_behind_a_url(tmp_path: Path) -> None:
    """Of type `file` it looks for a local path of that name (lhotse/audio/source.py)."""
    (row,) = corpus.rows(tmp_path, corpus.NAMES[:1])
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(json.dumps(row | {"audio_filepath": "s3://bucket/a b.flac"}) + "\n")
    folder = exporting.run([manifest], tmp_path, **(CONFIG | {"exports": ["lhotse"]}))
    for cut in lines(folder / "lhotse/cuts.jsonl.gz"):
        (source,) = cut["recording"]["sources"]
        assert source == {"type": "url", "source": "s3://bucket/a b.flac", "channels": [0]}


def test_18_nemos_flat_manifest_has_no_rate_beside_an_offset(exported: Path) -> None:
    """LazyNeMoIterator (nemo_adapters.py) takes a recording with one for as long as the window."""
    rows = lines(exported / "nemo/manifest.jsonl")
    ids = {(row["audio_filepath"], round(100 * row["offset"])) for row in rows}
    assert len(ids) == len(rows) > 5
    for row in rows:
        assert not {"sampling_rate", "sample_rate"} & row.keys()
        assert Path(row["audio_filepath"]).is_absolute()
        assert {"offset", "duration", "text", "lang", "turns", "speakers"} <= row.keys()


@pytest.mark.parametrize("name", ["nemo_tarred", "salm_tarred"])
def test_18_nemos_tars_and_manifests_have_the_same_numbers(exported: Path, name: str) -> None:
    """LazyNeMoTarredIterator: patterns of names, numbers from 0, a row a member; text_adapters.py,
    NeMoMultimodalConversationJsonlAdapter: members in the order of the rows, no offset."""
    folder = exported / name
    numbers = {
        kind: sorted(
            int(found[1]) for path in folder.iterdir() if (found := re.search(kind, path.name))
        )
        for kind in (r"^manifest[^/]*_(\d+)[^/]*\.json", r"^audio[^/]*_(\d+)[^/]*\.tar")
    }
    (one, other) = numbers.values()
    assert one == other == list(range(len(one)))
    assert len(one) > 1
    manifests = [lines(path) for path in numbered(folder, "manifest_*")]
    for shard, (rows, members) in enumerate(
        zip(manifests, in_tars(folder, "audio_*.tar"), strict=True)
    ):
        if name == "nemo_tarred":
            assert [row["shard_id"] for row in rows] == [shard] * len(rows)
            audio = rows
            names = [row["audio_filepath"] for row in rows]
        else:
            audio = [row["conversations"][1] for row in rows]
            names = [each["value"] for each in audio]
        assert names == [member for member, _ in members]
        for each, (_, content) in zip(audio, members, strict=True):
            assert "offset" not in each
            info = soundfile.info(io.BytesIO(content))
            assert info.frames / info.samplerate == each["duration"]


def test_18_salm_rows_have_prompt_audio_and_turns(exported: Path) -> None:
    for row in lines(exported / "salm/conversations.jsonl"):
        prompt, audio, answer = row["conversations"]
        assert (prompt["from"], prompt["type"]) == ("User", "text")
        assert audio.keys() == {"from", "type", "value", "duration", "offset"}
        assert (answer["from"], answer["value"][:4]) in {("Assistant", f"{x}: w") for x in "ABC"}


def test_18_chat_has_as_many_marks_as_audio_and_llama_factory_is_told_how(exported: Path) -> None:
    about = json.loads((exported / "chat/dataset_info.json").read_text())["alm"]
    rows = lines(exported / "chat" / about["file_name"])
    assert len(rows) > 5
    for row in rows:
        user, assistant = row["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert "".join(m["content"] for m in row["messages"]).count("<audio>") == 1
        (path,) = row["audios"]
        assert (exported / "chat" / path).is_file()


def test_18_chat_has_one_place_for_audio_whatever_is_said(tmp_path: Path) -> None:
    """ms-swift and LLaMA-Factory count places and files, and refuse a row that has more."""
    (row,) = corpus.rows(tmp_path / "audio", corpus.NAMES[:1])
    for segment in row["segments"]:
        segment |= {"text": "say <audio> or <image>, \ud800", "words": []}
    manifest = corpus.write(tmp_path, corpus.NAMES[:1])
    manifest.write_text(json.dumps(row) + "\n")
    config = CONFIG | {"exports": ["chat", "parquet"]}
    for prompt, content in (("Who?", "<audio>Who?"), ("In <audio>?", "In <audio>?")):
        folder = exporting.run([manifest], tmp_path / prompt, export_prompt=prompt, **config)
        for user, assistant in (row["messages"] for row in lines(folder / "chat/messages.jsonl")):
            assert user["content"] == content
            assert assistant["content"][3:].startswith("say [audio] or [image], ?\n")


def test_18_prompt_and_turns_are_as_configured(manifest: Path, tmp_path: Path) -> None:
    config = CONFIG | {"export_prompt": "Who?", "export_turn": "<{speaker}> {text}"}
    folder = exporting.run([manifest], tmp_path, **(config | {"exports": ["salm"]}))
    row = lines(folder / "salm/conversations.jsonl")[0]
    assert row["conversations"][0]["value"] == "Who?"
    assert row["conversations"][2]["value"].startswith("<A> w0 w1")


def test_18_webdataset_has_clip_and_json_side_by_side(exported: Path) -> None:
    """The key of a member ends at its first dot."""
    shards = in_tars(exported / "webdataset", "*.tar")
    assert len(shards) > 1
    keys = []
    for members in shards:
        for (clip, content), (about, text) in zip(members[::2], members[1::2], strict=True):
            key, _, suffix = clip.partition(".")
            assert (suffix, about) == ("flac", f"{key}.json")
            example = json.loads(text)
            info = soundfile.info(io.BytesIO(content))
            assert example["id"] == key
            assert (example["num_samples"], example["sample_rate"]) == (info.frames, marks.RATE)
            keys.append(key)
    assert len(keys) == len(set(keys)) == len(lines(exported / "nemo/manifest.jsonl"))


def test_18_no_tar_is_larger_than_configured(exported: Path) -> None:
    sizes = [path.stat().st_size for path in exported.rglob("*.tar")]
    assert max(sizes) <= CONFIG["export_file_size"]


def test_18_clips_hold_the_tones_of_who_is_said_to_speak(exported: Path) -> None:
    rows = lines(exported / "audio/manifest.jsonl")
    for row in rows:
        content, _ = soundfile.read(exported / "audio" / row["audio_filepath"])
        assert len(content) == row["duration"] * marks.RATE
        others = [turn for turn in row["turns"] if turn["end"] - turn["start"] > 3]
        for turn in others:
            inner = slice(
                round((turn["start"] + 0.6) * marks.RATE), round((turn["end"] - 0.6) * marks.RATE)
            )
            heard = {name: marks.tone(content[inner], name) for name in row["speakers"]}
            assert max(heard, key=heard.get) == turn["speaker"]
            assert heard[turn["speaker"]] == pytest.approx(marks.LEVEL, abs=0.01)
        clicks = np.flatnonzero(content >= 0.24)
        assert clicks[0] == -round(float(re.findall(r"-(\d+)_(\d+)-", row["id"])[0][1])) % 1


def test_18_moshi_has_words_of_the_main_speaker_beside_two_channels(exported: Path) -> None:
    rows = lines(exported / "moshi/dataset.jsonl")
    assert len(rows) > 5
    for row in rows:
        path = exported / "moshi" / row["path"]
        content, rate = soundfile.read(path)
        assert content.shape == (round(row["duration"] * rate), 2)
        about = json.loads(path.with_suffix(".json").read_text())
        starts = [start for _, (start, _), _ in about["alignments"]]
        assert starts == sorted(starts)
        assert {label for _, _, label in about["alignments"]} == {"SPEAKER_MAIN"}
        for _, (start, end), _ in about["alignments"]:
            inner = content[round((start + 0.01) * rate) : round(end * rate)]
            assert marks.tone(inner[:, 0], about["speaker"]) > 0.9 * marks.LEVEL
        assert 0 < about["overlap"] < 10


def test_18_rttm_has_a_line_a_turn_and_ids_without_spaces(exported: Path) -> None:
    for name in ("windows", "recordings"):
        for line in (exported / f"rttm/{name}.rttm").read_text().splitlines():
            fields = line.split(" ")
            assert (len(fields), fields[0], fields[7]) == (10, "SPEAKER", fields[7])
            assert fields[7] in "ABC"
            assert float(fields[4]) > 0


def test_18_parquet_has_a_row_a_window_with_and_without_audio(
    manifest: Path, exported: Path, tmp_path: Path
) -> None:
    from pyarrow import parquet

    table = parquet.read_table(exported / "parquet/windows-00000.parquet")
    rows = table.to_pylist()
    assert [row["id"] for row in rows] == [
        row["id"] for row in lines(exported / "nemo/manifest.jsonl")
    ]
    assert rows[0]["segments"][0]["words"][0] == {"word": "w0", "start": 0.0, "end": 0.5}
    assert rows[0]["profile"]["speakers"] == len(rows[0]["speakers"]) == 2
    config = CONFIG | {"exports": ["parquet"], "parquet_audio": True}
    folder = exporting.run([manifest], tmp_path, **config)
    files = sorted((folder / "parquet").iterdir())
    assert len(files) > 1
    features = json.loads(parquet.read_schema(files[0]).metadata[b"huggingface"])
    assert features["info"]["features"]["audio"] == {"_type": "Audio"}
    with_audio = [row for path in files for row in parquet.read_table(path).to_pylist()]
    assert len(with_audio) == len(rows)
    info = soundfile.info(io.BytesIO(with_audio[0]["audio"]["bytes"]))
    assert info.frames == with_audio[0]["duration"] * marks.RATE


def test_18_each_split_has_a_folder_and_whole_recordings(manifest: Path, tmp_path: Path) -> None:
    config = CONFIG | {"exports": ["nemo", "webdataset"], "splits": {"train": 0.5, "test": 0.5}}
    folder = exporting.run([manifest], tmp_path, **config)
    found = {
        split: {row["recording"] for row in lines(folder / "nemo" / split / "manifest.jsonl")}
        for split in ("train", "test")
    }
    assert found["train"] | found["test"] == {
        line.split("\t")[0] for line in (folder / "splits.tsv").read_text().splitlines()
    }
    assert not found["train"] & found["test"]
    assert len(found["train"] | found["test"]) == len(corpus.NAMES)


def test_18_a_recording_that_is_listed_twice_is_exported_once(
    manifest: Path, exported: Path, tmp_path: Path
) -> None:
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(2 * manifest.read_bytes())
    config = CONFIG | {"exports": ["nemo", "nemo_tarred"]}
    folder = exporting.run([twice], tmp_path / "out", 2, **config)
    for name in ("nemo/manifest.jsonl", "nemo_tarred/manifest_0.json"):
        assert [row["id"] for row in lines(folder / name)] == [
            row["id"] for row in lines(exported / name)
        ]


def test_18_a_recording_is_longer_than_a_window_that_would_be_all_of_it(tmp_path: Path) -> None:
    """Else lhotse loads the whole file, and refuses what is some samples longer."""
    rows = corpus.rows(tmp_path, corpus.NAMES[:2])
    for row, duration in zip(rows, (None, 65.5), strict=True):
        row["duration"] = duration
        row["segments"] = row["segments"][:13] if duration else row["segments"][:11]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = exporting.run([manifest], tmp_path, **(CONFIG | {"exports": ["lhotse"]}))
    cuts = lines(folder / "lhotse/cuts.jsonl.gz")
    assert len({cut["recording"]["id"] for cut in cuts}) == 2
    for cut in cuts:
        if cut["start"] == 0:
            assert cut["recording"]["duration"] >= cut["duration"] + 1
