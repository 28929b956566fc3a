"""Someone else's loader opens each export: `make test-loaders`, in an environment of its own.

Nothing of `alm` is imported here: what is known is in the corpus (see ../corpus.py, ../marks.py).
"""

import glob
import io
import itertools
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

FOLDER = Path(os.environ["ALM_LOADERS"])
EXPORTS = FOLDER / "exports"
RATE = 16000
TONES = {"A": 440.0, "B": 1000.0, "C": 2500.0}


def tone(content, speaker):
    at = np.arange(len(content))
    return 2 * abs((content * np.exp(-2j * np.pi * TONES[speaker] * at / RATE)).mean())


def ids():
    with open(EXPORTS / "nemo/manifest.jsonl") as lines:
        return [json.loads(line)["id"] for line in lines]


# lhotse


@pytest.fixture(scope="module")
def lhotse():
    return pytest.importorskip("lhotse")


@pytest.mark.parametrize("name", ["cuts", "cuts_whole"])
def test_lhotse_validates_every_cut_with_its_audio(lhotse, name):
    from lhotse.qa import validate

    cuts = lhotse.CutSet.from_file(EXPORTS / f"lhotse/{name}.jsonl.gz")
    assert [cut.id for cut in cuts] == ids()
    for cut in cuts:
        validate(cut, read_data=True)
        assert len({s.id for s in cut.supervisions}) == len(cut.supervisions)


def test_lhotse_trims_to_supervisions_that_hold_their_speaker(lhotse):
    cuts = lhotse.CutSet.from_file(EXPORTS / "lhotse/cuts.jsonl.gz")
    count = 0
    for part in cuts.trim_to_supervisions(keep_overlapping=False):
        (supervision,) = part.supervisions
        assert supervision.duration == pytest.approx(part.duration)
        speaker = supervision.speaker.rpartition("-")[2]
        samples = part.load_audio()[0]
        if part.duration > 3:
            inner = samples[round(0.6 * RATE) : -round(0.6 * RATE)]
            assert tone(inner, speaker) > 0.15
        count += 1
    assert count > 50


def test_lhotse_windows_cuts_whose_audio_is_there(lhotse):
    cuts = lhotse.CutSet.from_file(EXPORTS / "lhotse/cuts.jsonl.gz")
    parts = list(cuts.cut_into_windows(10))
    assert len(parts) > 50
    for part in parts:
        assert len(part.load_audio()[0]) == round(part.duration * RATE)
        assert part.supervisions


def test_lhotse_masks_speakers_by_words_and_by_turns(lhotse):
    """It takes the times of words for relative to the cut, as we write them: docs/exports.md."""
    cut = lhotse.CutSet.from_file(EXPORTS / "lhotse/cuts.jsonl.gz")[1]
    assert cut.start > 0
    turns, words = (
        cut.speakers_audio_mask(),
        cut.speakers_audio_mask(use_alignment_if_exists="word"),
    )
    assert turns.any(axis=1).all()
    assert words.any(axis=1).all()
    assert not (words > turns).any()


def test_lhotse_trims_shar_to_words(lhotse):
    cuts = lhotse.CutSet.from_shar(in_dir=EXPORTS / "lhotse_shar")
    words = list(cuts.trim_to_alignments("word", max_pause=0.0))
    assert len(words) > 400
    assert {round(part.duration, 6) for part in words} == {0.5}


def test_lhotse_iterates_shar(lhotse):
    whole = {cut.id: cut for cut in lhotse.CutSet.from_file(EXPORTS / "lhotse/cuts.jsonl.gz")}
    from lhotse.qa import validate

    cuts = list(lhotse.CutSet.from_shar(in_dir=EXPORTS / "lhotse_shar"))
    assert [cut.id for cut in cuts] == ids()
    for cut in cuts:
        validate(cut, read_data=True)
        assert np.array_equal(cut.load_audio(), whole[cut.id].load_audio())
        for supervision in cut.supervisions:
            for word in supervision.alignment["word"]:
                second = whole[cut.id].start + word.start
                assert second == pytest.approx(int(word.symbol[1:]), abs=1e-3)
    parts = lhotse.CutSet.from_shar(in_dir=EXPORTS / "lhotse_shar").trim_to_supervisions()
    assert all(len(part.load_audio()[0]) for part in parts)


# others


def test_webdataset_reads_clips_and_json():
    webdataset = pytest.importorskip("webdataset")
    urls = sorted(glob.glob(str(EXPORTS / "webdataset/windows-*.tar")))
    found = []
    for sample in webdataset.WebDataset(urls, shardshuffle=False):
        about = json.loads(sample["json"])
        content, rate = soundfile.read(io.BytesIO(sample["flac"]))
        assert sample["__key__"] == about["id"]
        assert (rate, len(content)) == (about["sample_rate"], about["num_samples"])
        found.append(about["id"])
    assert found == ids()


def test_datasets_sees_nested_segments_and_audio(tmp_path):
    datasets = pytest.importorskip("datasets")
    for folder in ("exports", "with_audio"):
        files = sorted(glob.glob(str(FOLDER / folder / "parquet/*.parquet")))
        rows = datasets.load_dataset(
            "parquet", data_files=files, split="train", cache_dir=str(tmp_path)
        )
        if folder == "with_audio":
            assert isinstance(rows.features["audio"], datasets.Audio)
            rows = rows.cast_column("audio", datasets.Audio(decode=False))
            content, rate = soundfile.read(io.BytesIO(rows[0]["audio"]["bytes"]))
            assert len(content) == rows[0]["duration"] * rate
        assert rows["id"][:] == ids()
        assert rows[0]["segments"][0]["words"][0] == {"word": "w0", "start": 0.0, "end": 0.5}


def test_duckdb_and_polars_read_parquet():
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    pattern = str(EXPORTS / "parquet/*.parquet")
    speakers = duckdb.sql(
        f"select count(distinct recording || s.speaker) from '{pattern}', unnest(segments) t(s)"
    ).fetchall()
    assert speakers == [(7,)]
    table = polars.read_parquet(pattern)
    assert table["id"].to_list() == ids()
    assert table.explode("segments").unnest("segments", separator=":").height > 50


def test_soundfile_reads_loose_clips_by_nemos_manifest():
    folder = EXPORTS / "audio"
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        content, rate = soundfile.read(folder / row["audio_filepath"])
        assert len(content) == row["duration"] * rate


def test_meeteval_and_pyannote_read_rttm():
    meeteval = pytest.importorskip("meeteval")
    rttm = meeteval.io.load(str(EXPORTS / "rttm/windows.rttm"))
    assert set(rttm.grouped_by_filename()) == set(ids())
    core = pytest.importorskip("pyannote.core")
    annotation = core.Annotation()
    for line in rttm.lines:
        if line.filename == ids()[0]:
            start = float(line.begin_time)
            annotation[core.Segment(start, start + float(line.duration))] = line.speaker_id
    assert annotation.get_overlap().duration() > 1
    assert set(annotation.labels()) == {"A", "B"}


def test_torch_loads_two_channels_and_words_as_moshi_finetune_does():
    """Its interleaver searches `alignments` by start (finetune/data/interleaver.py, dicho)."""
    torch = pytest.importorskip("torch")
    folder = EXPORTS / "moshi"
    for line in (folder / "dataset.jsonl").read_text().splitlines():
        row = json.loads(line)
        path = folder / row["path"]
        content, rate = soundfile.read(path, always_2d=True)
        wav = torch.from_numpy(content.T)
        assert wav.shape == (2, round(row["duration"] * rate))
        words = json.loads(Path(os.path.splitext(path)[0] + ".json").read_text())["alignments"]
        assert all(a[1][0] <= b[1][0] for a, b in itertools.pairwise(words))
        assert all(a[1][0] < a[1][1] for a in words)


def test_sphn_reads_chunks_of_two_channels_as_moshi_finetune_does():
    """It looks for a clip from where `dataset.jsonl` is, and for the words beside the clip."""
    sphn = pytest.importorskip("sphn")
    path = EXPORTS / "moshi/dataset.jsonl"
    wanted = {"duration_sec": 20, "num_threads": 2, "sample_rate": 24000, "pad_last_segment": True}
    chunks = list(sphn.dataset_jsonl(str(path), **wanted).seq())
    lasts = [json.loads(line)["duration"] for line in path.read_text().splitlines()]
    assert len(chunks) == sum(math.ceil(duration / 20) for duration in lasts)
    for chunk in chunks:
        assert chunk["data"].shape[0] == 2
        assert Path(chunk["path"]).with_suffix(".json").exists()


def test_mlcroissant_reads_windows():
    croissant = pytest.importorskip("mlcroissant")
    dataset = croissant.Dataset(jsonld=str(EXPORTS / "croissant.json"))
    assert not dataset.metadata.issues.errors
    sets = {each.id for each in dataset.metadata.record_sets}
    assert {name.split("/")[0] for name in sets} == {
        "windows:parquet",
        "windows:nemo",
        "windows:audio",
    }
    for name in sets:
        rows = list(dataset.records(record_set=name))
        assert [row[f"{name}/id"].decode() for row in rows] == ids()
