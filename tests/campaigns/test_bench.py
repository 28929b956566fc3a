"""The benchmark works, tried out on very little; what it measures is no concern of the tests."""

import json
import math
import re
from pathlib import Path

import pytest
from bench import document, figures
from bench.__main__ import DOCS, LAST, PARTS, main
from bench.figures import Figure, Part
from bench.inputs import SHIPPED, write_mixed
from bench.runs import empty_workflow


def figures_of(folder: Path) -> dict[str, Part]:
    found = figures.read(folder / "performance.json")
    for part in found.values():
        assert part.figures
        assert all(math.isfinite(figure.value) for figure in part.figures)
    return found


def test_parts_in_one_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["kernel", "jobs", "linear", "sweep", "audio", "clips"]
    main(["--tiny", "--output", str(tmp_path), *names])
    found = figures_of(tmp_path)
    assert list(found) == names
    shown = capsys.readouterr().out
    assert all(figure.name in shown for part in found.values() for figure in part.figures)


@pytest.mark.workflow
def test_a_part_that_runs_the_workflow(tmp_path: Path) -> None:
    """`make bench BENCH_ARGS=--tiny` tries out the others, as `make campaigns` does all."""
    main(["--tiny", "--output", str(tmp_path), "memory"])
    found = figures_of(tmp_path)
    kinds = " ".join(figure.name for figure in found["memory"].figures)
    assert "snakemake" in kinds
    assert "job " in kinds
    assert [x for x, _ in found["memory"].series["local"]] == [0.1, 0.4]
    assert (tmp_path / "performance.png").stat().st_size > 10_000


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["kernels"])
    assert "kernels" in capsys.readouterr().err


def test_the_documented_figures_are_the_committed_ones() -> None:
    last = figures.read(LAST)
    assert set(last) <= set(PARTS)
    text = (DOCS / "performance.md").read_text()
    shown = text.partition(document.BEGIN)[2].partition(document.END)[0]
    for name, part in last.items():
        assert document.table(part) in shown, name
    assert shown.count("### ") == len(last)


@pytest.mark.parametrize(
    ("better", "now", "word"),
    [
        ("more", 1.05, "the same"),
        ("more", 1.3, "better (+30%)"),
        ("more", 0.7, "worse (-30%)"),
        ("less", 1.3, "worse (+30%)"),
        ("less", 0.7, "better (-30%)"),
        ("", 2.0, ""),
    ],
)
def test_compared_with_the_last_time(better: str, now: float, word: str) -> None:
    last = Part("", [Figure("other", 7.0), Figure("a", 1.0, better=better)])
    assert figures.last_time(Figure("a", now, better=better), last) == word
    assert figures.last_time(Figure("new", now, better=better), last) == ""


def test_bounds() -> None:
    assert Figure("a", 2.0, better="more", bound=2.0).holds
    assert not Figure("a", 2.0, better="more", bound=2.1).holds
    assert not Figure("a", 2.1, better="less", bound=2.0).holds
    assert Figure("a", 2.1).holds is None


def test_figures_survive_being_written(tmp_path: Path) -> None:
    results = {"kernel": Part("title", [Figure("a", 1.5, "s", "less", 2.0)], {"x": [[1, 2]]})}
    figures.write(tmp_path / "a.json", results)
    assert figures.read(tmp_path / "a.json") == results
    assert json.loads((tmp_path / "a.json").read_text())["machine"]


def test_tables_go_between_the_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    for value in (1.5, 2.5):
        document.insert(path, {"kernel": Part("Title", [Figure("a", value, "s")])}, "no.png")
    text = path.read_text()
    assert re.match("before\n", text)
    assert text.endswith(f"{document.END}\nafter\n")
    assert "2.5 s" in text
    assert "1.5 s" not in text
    path.write_text("no marks")
    with pytest.raises(SystemExit):
        document.insert(path, {}, "no.png")


def test_rows_of_all_sizes(tmp_path: Path) -> None:
    manifest = write_mixed(tmp_path / "a", 10_000_000)
    lengths = [len(line) for line in manifest.read_bytes().splitlines(keepends=True)]
    assert 300 < min(lengths) < 2_000
    assert 700_000 < max(lengths) < 1_500_000
    assert sum(lengths) >= 10_000_000


@pytest.mark.workflow
def test_empty_jobs_have_the_graph_of_ours(tmp_path: Path) -> None:
    empty = empty_workflow(tmp_path / "empty", manifest_path=SHIPPED)
    assert empty(2).seconds > 0
    rules = (tmp_path / "empty" / "Snakefile").read_text()
    assert rules.count("script:") == len(list((tmp_path / "empty" / "out").iterdir()))
    assert rules.count("default_target") == 1
