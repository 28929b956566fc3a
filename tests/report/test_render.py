"""Pages that cannot be broken by what they show: manifests come from anywhere."""

import doctest
import json
import re
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import browser
import pytest
from browser import chromium, errors, requests
from helpers import ROOT
from jinja2 import UndefinedError

from alm.report.manifests import manifests
from alm.report.quarantine import quarantine
from alm.report.recordings import recordings
from alm.report.render import render
from alm.report.runtime import Job, runtime
from alm.statistics.outcome import LOSSES

HOSTILE = "</script><script>alert(1)</script><!--<script><img src=x onerror=alert(2)>\"'&"
UNSEEN = "\u202e\x00\n\udc80"
SPELLED_OUT = r"\u202e\x00\n\udc80"

TEMPLATES = ROOT / "alm" / "report" / "templates"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages that show text of others, which would like to be code."""
    text = HOSTILE + UNSEEN
    stats = {"filtered_windows": 1, "entries": 1, "parameters": {"max_invalid_fraction": 1.0}}
    refused = {
        "manifest_filepath": f"path {text}",
        "line_number": 1,
        "reason": f"reason {text}",
        "detail": f"detail {text}",
        "line": f"line {text}",
    }
    shown = {
        "manifest": f"path {text}",
        "name": f"name {text}",
        "why": "poorest",
        **dict.fromkeys(("length", "speech", "covered", "window_dur"), 9.0),
        **dict.fromkeys(("segments", "candidates", "kept"), 1),
        "gain": 1.0,
        "drawing": {
            "first": 0.0,
            "last": 9.0,
            "speakers": [f"speaker {text}"],
            "talk": [[0, 1000]],
            "candidates": [[0, 1000]],
            "windows": [
                {"start": 0.0, "end": 9.0, "speech": 9.0, "speakers": 1}
                | {"turns": [[0, f"text {text}"]]}
            ],
        },
    }
    numbers = ("entries", "quarantined", "recording_dur", "kept_dur", "total_dur")
    row = dict.fromkeys([*numbers, "filtered_windows", *(f"dur_{loss}" for loss in LOSSES)], "1")
    values = {
        "manifests": manifests(stats, [{"manifest_filepath": f"path {text}", **row}]),
        "quarantine": quarantine(stats, [refused]),
        "runtime": runtime({f"rule {text}": [Job(1.0, 2.0)]}),
        "recordings": recordings(stats, [shown]),
    }
    return {name: render(name, shown) for name, shown in values.items()}


SHOWN = {
    "manifests": ["path"],
    "quarantine": ["path", "reason", "detail", "line"],
    "runtime": ["rule"],
    "recordings": ["path", "name"],
}


class Parsed(HTMLParser):
    """The elements of a page, its text, and what its elements `script` hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.scripts: dict[str, list[str]] = {"": [], "application/json": []}
        self._script: list[str] | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag == "script":
            self._script = self.scripts[dict(attrs).get("type") or ""]
            self._script.append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.text += data
        else:
            self._script[-1] += data


@pytest.mark.parametrize("name", SHOWN)
def test_what_others_wrote_is_text(pages: dict[str, str], name: str) -> None:
    page = Parsed(pages[name])
    assert "img" not in page.elements
    for what in SHOWN[name]:
        assert f"{what} {HOSTILE}{SPELLED_OUT}" in page.text
    assert not set(pages[name]) & set(UNSEEN) - {"\n"}
    pages[name].encode()


def test_what_others_wrote_is_text_in_drawings(pages: dict[str, str]) -> None:
    (text,) = Parsed(pages["recordings"]).scripts["application/json"]
    (drawing,) = json.loads(text)
    assert drawing["speakers"] == [f"speaker {HOSTILE}{UNSEEN}"]
    assert drawing["windows"][0]["turns"] == [[0, f"text {HOSTILE}{UNSEEN}"]]
    assert not re.search("[<>&]", text)


def test_a_page_holds_only_the_scripts_that_it_needs(pages: dict[str, str]) -> None:
    static = ROOT / "alm" / "report" / "static"
    names = ("page.js", "sort.js", "draw.js", "download.js", "recordings.js")
    page, sort, draw, download, recordings = ((static / name).read_text() for name in names)
    for name in ("manifests", "quarantine", "runtime"):
        assert Parsed(pages[name]).scripts[""] == [page, sort, download]
    assert Parsed(pages["recordings"]).scripts[""] == [page, recordings]
    for script in (page, sort, draw, download, recordings):
        assert not re.search("</script|<!--", script, re.IGNORECASE)


def test_only_our_own_files_go_into_a_page_as_they_are() -> None:
    unescaped = {
        path.name: re.findall(r"{{[^}]*\|\s*safe\b[^}]*}}", path.read_text())
        for path in TEMPLATES.iterdir()
    }
    assert {name: found for name, found in unescaped.items() if found} == {
        "page.html.j2": ['{{ static("report.css") | safe }}', "{{ script | safe }}"]
    }
    assert not any("autoescape" in path.read_text() for path in TEMPLATES.iterdir())


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="is undefined"):
        render("runtime", {})


def test_a_chart_without_a_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no length"):
        render("runtime", runtime({"build": [Job(float("nan"), None)]}))


@pytest.mark.browser
@pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)
def test_nothing_that_others_wrote_runs(pages: dict[str, str], tmp_path: Path) -> None:
    """Nor would a script that had not been escaped: the policy of the page forbids it."""
    with chromium() as driver:
        for name, page in pages.items():
            path = tmp_path / f"{name}.html"
            path.write_bytes(page.encode())
            driver.get(path.as_uri())
            shown = driver.execute_script("return document.body.innerText.toWellFormed()")
            assert all(f"{what} {HOSTILE}" in shown for what in SHOWN[name])
            assert driver.execute_script("return document.images.length") == 0
            assert errors(driver) == []
            assert requests(driver) == []

            path.write_bytes(page.replace("</main>", "<script>alert(3)</script></main>").encode())
            driver.get(path.as_uri())
            (refused,) = errors(driver)
            assert "Content Security Policy" in refused


@pytest.mark.parametrize("module", ["report.render", "text"])
def test_examples_in_docstrings(module: str) -> None:
    failed, tried = doctest.testmod(import_module(f"alm.{module}"))
    assert tried
    assert not failed
