"""The formats by name. What writes them is in :mod:`alm.exports.writers`, and needs libraries."""

from __future__ import annotations

from typing import NamedTuple

EXAMPLES, PLAIN, TWO_CHANNELS = "examples", "plain", "two_channels"
"""What a format is made of: windows of whole recordings, their clips, clips of two channels."""


class Format(NamedTuple):
    """A format: what it is made of, what it is, and how it is loaded."""

    needs: str
    what: str
    load: str


FORMATS: dict[str, Format] = {
    "lhotse": Format(
        EXAMPLES,
        "cuts of whole recordings for lhotse: a supervision a segment, and one of the whole text",
        'CutSet.from_file("cuts.jsonl.gz"); NeMo: type lhotse, cuts_path',
    ),
    "lhotse_shar": Format(
        PLAIN,
        "cuts and their clips in lhotse Shar",
        'CutSet.from_shar(in_dir="."); NeMo: type lhotse_shar, shar_path',
    ),
    "nemo": Format(
        EXAMPLES,
        "NeMo's flat manifest, by offset in whole recordings",
        "NeMo: manifest_filepath: manifest.jsonl",
    ),
    "nemo_tarred": Format(
        PLAIN,
        "NeMo's manifests and tars of clips",
        "NeMo: type nemo_tarred, manifest_filepath: manifest__OP_0..N_CL_.json, "
        "tarred_audio_filepaths: audio__OP_0..N_CL_.tar",
    ),
    "salm": Format(
        EXAMPLES,
        "conversations for SALM, by offset in whole recordings",
        "NeMo after January 2026 (Speech#15281): type multimodal_conversation",
    ),
    "salm_tarred": Format(
        PLAIN,
        "conversations for SALM and tars of clips",
        "NeMo: type multimodal_conversation with tarred_audio_filepaths",
    ),
    "chat": Format(
        PLAIN,
        "messages and clips for ms-swift and LLaMA-Factory",
        "ms-swift: --dataset messages.jsonl, started in this folder; LLaMA-Factory: "
        "dataset_dir and media_dir this folder, dataset: alm",
    ),
    "parquet": Format(
        EXAMPLES,
        "a row a window",
        'load_dataset("parquet", data_files="windows-*.parquet"); DuckDB, Polars, pandas',
    ),
    "rttm": Format(
        EXAMPLES,
        "who speaks when, of each window and of each recording",
        "pyannote.database.util.load_rttm, meeteval, dscore",
    ),
    "audio": Format(
        PLAIN,
        "clips as files, and NeMo's flat manifest of them",
        "any; NeMo: manifest_filepath: manifest.jsonl",
    ),
    "webdataset": Format(
        PLAIN,
        "clip and JSON side by side in tars",
        'webdataset.WebDataset("windows-{000000..N}.tar")',
    ),
    "moshi": Format(
        TWO_CHANNELS,
        "clips of two channels, the main speaker's words beside them",
        "moshi-finetune: train_data: dataset.jsonl",
    ),
}


def needs(name: str, parquet_audio: bool) -> str:
    """What a format is made of; ``parquet_audio`` as in :class:`alm.params.ExportParams`."""
    return PLAIN if name == "parquet" and parquet_audio else FORMATS[name].needs
