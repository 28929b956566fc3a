"""NeMo's own adapters open its exports, without the GPU stack that NeMo asks for."""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

import braceexpand
import pytest

pytest.importorskip("nemo.package_info")
lhotse = pytest.importorskip("lhotse")

from lhotse.qa import validate  # noqa: E402

EXPORTS = Path(os.environ["ALM_LOADERS"]) / "exports"

COMMON = "nemo.collections.common"
HEAVY = [COMMON, *(f"{COMMON}.{each}" for each in ("data", "data.lhotse", "parts", "tokenizers"))]


class Emptied:
    """Lets packages be imported whose `__init__` imports all of NeMo, and holds nothing we need."""

    def find_spec(self, name, path=None, target=None):
        if name not in HEAVY:
            return None
        spec = importlib.util.spec_from_loader(name, self, is_package=True)
        spec.submodule_search_locations = [f"{path[0]}/{name.rpartition('.')[2]}"]
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        pass


@pytest.fixture(scope="module")
def nemo():
    """Modules of `nemo.collections.common.data.lhotse` by name."""

    def expanded(paths):
        """As `expand_sharded_filepaths` does, whose module imports what trains models."""
        text = str(paths).replace("_OP_", "{").replace("_CL_", "}")
        return list(braceexpand.braceexpand(text, escape=False))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "meta_path", [Emptied(), *sys.meta_path])
        folder = f"{COMMON}.data.lhotse"
        found = {
            name: importlib.import_module(f"{folder}.{name}")
            for name in ("nemo_adapters", "text_adapters", "cutset")
        }
        for name in ("nemo_adapters", "text_adapters"):
            patch.setattr(found[name], "expand_sharded_filepaths", expanded)
        yield found


def rows():
    with open(EXPORTS / "nemo/manifest.jsonl") as lines:
        return [json.loads(line) for line in lines]


def shards(pattern):
    """All of them as the docs write it; there are several."""
    count = len(list(EXPORTS.glob(pattern.replace("#", "*"))))
    assert count > 1
    return str(EXPORTS / pattern.replace("#", f"_OP_0..{count - 1}_CL_"))


def check(cuts):
    """Each is a window with its audio and its text."""
    cuts = list(cuts)
    for cut, row in zip(cuts, rows(), strict=True):
        validate(cut, read_data=True)
        assert cut.custom["id"] == row["id"]
        assert cut.duration == pytest.approx(row["duration"], abs=1e-4)
        assert [each.text for each in cut.supervisions] == [row["text"]]


@pytest.mark.parametrize("name", ["nemo", "audio"])
def test_flat_manifests(nemo, name):
    check(nemo["nemo_adapters"].LazyNeMoIterator(EXPORTS / name / "manifest.jsonl"))


def test_tarred_manifests(nemo):
    check(
        nemo["nemo_adapters"].LazyNeMoTarredIterator(
            shards("nemo_tarred/manifest_#.json"), shards("nemo_tarred/audio_#.tar")
        )
    )


@pytest.mark.parametrize("tarred", [False, True])
def test_conversations_of_salm(nemo, tarred):
    path, tars = str(EXPORTS / "salm/conversations.jsonl"), None
    if tarred:
        path, tars = shards("salm_tarred/manifest_#.jsonl"), shards("salm_tarred/audio_#.tar")
    conversations = list(
        nemo["text_adapters"].NeMoMultimodalConversationJsonlAdapter(
            path, audio_locator_tag="[audio]", tarred_audio_filepaths=tars
        )
    )
    for conversation, row in zip(conversations, rows(), strict=True):
        prompt, audio, answer = conversation.turns
        assert (conversation.id, prompt.role, audio.role) == (row["id"], "user", "user")
        assert (answer.role, answer.value[:4]) == ("assistant", f"{row['turns'][0]['speaker']}: w")
        validate(audio.cut, read_data=True)
        assert audio.cut.duration == pytest.approx(row["duration"], abs=1e-4)


def test_lhotse_as_conversation_has_all_turns(nemo):
    """It takes the text of the first supervision."""
    cuts = lhotse.CutSet.from_file(EXPORTS / "lhotse/cuts_whole.jsonl.gz")
    for cut, row in zip(cuts, rows(), strict=True):
        conversation = nemo["cutset"].cut_to_conversation(cut, "[audio]", 0.08)
        answer = conversation.turns[-1]
        assert (answer.role, answer.value.count(": w")) == ("assistant", len(row["turns"]))
