"""Entries of a recording are brought together, whatever their order, in bounded memory."""

import io
import random
from pathlib import Path

import pytest

from alm.input import grouping, read_lines, whole_file
from alm.input.grouping import Grouped, group, read_group


@pytest.mark.parametrize("runs", [2, 256])
def test_a_shuffled_corpus_is_grouped_however_little_is_held(
    tmp_path: Path, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MAX_RUNS", runs)
    lines = [
        f"SPEAKER rec{k % 7} 1 {k / 10:.1f} 0.1 <NA> <NA> spk{k % 3} <NA> <NA>" for k in range(500)
    ]
    random.Random(17).shuffle(lines)
    path = tmp_path / "corpus.rttm"
    path.write_text("\n".join(lines))

    def grouped(held: int) -> tuple[Grouped, bytes]:
        output = io.BytesIO()
        documents = [(str(path), read_lines(whole_file(str(path))))]
        return group("rttm", documents, tmp_path, output, held), output.getvalue()

    found, text = grouped(1 << 20)
    assert grouped(2000) == (found, text)
    assert found == Grouped(recordings=7, entries=500, unmatched=0)
    groups = [read_group(line, path) for line in text.splitlines()]
    assert [each.recording for each in groups] == list(
        dict.fromkeys(line.split()[1] for line in lines)
    )
    for each in groups:
        own = [(k, line) for k, line in enumerate(lines, 1) if line.split()[1] == each.recording]
        assert [(entry.where, entry.text) for entry in each.entries] == [
            (f"line {k}", line) for k, line in own
        ]
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.rttm"]
