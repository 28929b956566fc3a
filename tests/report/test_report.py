"""The report, as people meet it: in a browser, without a network."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import browser
import pytest
from browser import check_room, chromium, errors, requests, use_scheme
from conftest import Run, RunWorkflow, copy_of, workflow_in
from helpers import ROOT, wait_until
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from alm.jobs import pages
from alm.report.manifests import manifests
from alm.report.overview import overview
from alm.report.quarantine import quarantine
from alm.report.render import render
from alm.report.runtime import STEPS, Job, runtime
from alm.report.windows import windows
from alm.text import count, duration, percent

SAMPLE = ROOT / "workflow" / "sample" / "manifests"
PAGES = [
    "1 Overview",
    "2 Windows",
    "3 Recordings",
    "4 Manifests",
    "5 Quarantine",
    "6 Run time",
]
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--<script>\"'&\u202e"

LONGEST_PAGE = 1_500_000
"""Bytes: Snakemake shows a page from a data URL, and Chromium opens none of more than 2 MiB."""

needs_browser = [
    pytest.mark.workflow,
    pytest.mark.browser,
    pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING),
]


class Page(NamedTuple):
    """A page as a browser shows it; the marks of each chart, the figures by their id."""

    text: str
    charts: list[int]
    figures: dict[str, tuple[float, str]]
    contrasts: list[float]
    background: str
    tags: dict[str, int]


READ = """
const channels = (color) => color.match(/[0-9.]+/g).slice(0, 3).map(Number);
const light = (color) => channels(color)
  .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const color = getComputedStyle(node).backgroundColor;
    if (color !== "rgba(0, 0, 0, 0)") return color;
  }
};
const all = (selector) => [...document.querySelectorAll(selector)];
return {
  text: document.body.innerText,
  charts: all(".plot").map((plot) => plot.querySelectorAll("svg .bar").length),
  figures: Object.fromEntries(all("data[id]").map((d) => [d.id, [Number(d.value), d.innerText]])),
  contrasts: [
    ...all("h1, h2, h3, p, td, th, .note, .name, .value")
      .map((node) => contrast(getComputedStyle(node).color, behind(node))),
    ...all("svg text").map((node) => contrast(getComputedStyle(node).fill, behind(node))),
  ],
  background: getComputedStyle(document.body).backgroundColor,
  tags: {img: all("img").length, script: all("script").length},
};
"""


def test_each_step_is_said_in_words() -> None:
    assert {*pages.RULES_OF_SHARDS, *pages.RULES_OF_RUN, "shard", "group"} == STEPS.keys()


def open_page(driver: Chrome, title: str) -> None:
    """Click a page of the report open, as people do, and wait until its charts are drawn."""
    driver.switch_to.default_content()
    (row,) = driver.find_elements(By.XPATH, f"//tr[td[text()='{title}']]")
    row.find_element(By.CSS_SELECTOR, "a").click()
    drawn = "return document.querySelector('main') && !document.querySelector('.plot:empty')"

    def is_drawn() -> bool:
        driver.switch_to.default_content()
        driver.switch_to.frame(driver.find_element(By.TAG_NAME, "iframe"))
        return bool(driver.execute_script(drawn))

    wait_until(is_drawn)


def open_report(driver: Chrome, report: Path) -> None:
    driver.get(report.as_uri())
    driver.find_element(By.XPATH, "//*[text()='At a glance']").click()


def read_pages(driver: Chrome, report: Path) -> dict[str, Page]:
    """The pages of a report, light; the dark ones are checked as well."""
    open_report(driver, report)
    pages = {}
    for title in PAGES:
        open_page(driver, title)
        for dark in (True, False):
            use_scheme(driver, dark)
            pages[title] = Page(**driver.execute_script(READ))
            check(pages[title], dark)
            check_room(driver)
        assert errors(driver) == []
        assert requests(driver) == []
    return pages


def check(page: Page, dark: bool) -> None:
    assert (max(map(int, re.findall(r"\d+", page.background)[:3])) < 60) == dark
    assert all(marks > 0 for marks in page.charts)
    assert min(page.contrasts) >= 4.5
    assert page.tags["img"] == 0
    assert "NaN" not in page.text
    assert "undefined" not in page.text


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    """A browser for all tests here: most of what they take is its start, and Snakemake's."""
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def sample_report(sample_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = copy_of(sample_run, tmp_path_factory.mktemp("report") / "work")
    workflow_in(run.output.parent)("--report", "report.html", manifest_path=str(SAMPLE))
    return run.output.parent / "report.html"


@pytest.mark.browser
@pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)
def test_the_browser_notices(driver: Chrome, tmp_path: Path) -> None:
    """Errors and requests are seen, in frames too: without this the other tests prove little."""
    inner = "<script>fetch('http://far.invalid/a').catch(() => {}); nonsense()</script>"
    page = tmp_path / "page.html"
    page.write_text(f'<iframe src="data:text/html,{inner}"></iframe>')
    driver.get(page.as_uri())
    said: list[str] = []
    asked: list[str] = []

    def noticed() -> bool:
        said.extend(errors(driver))
        asked.extend(requests(driver))
        # The refused request as well, or else the next test is told of it.
        return all(any(each in message for message in said) for each in ("nonsense", "far.invalid"))

    wait_until(noticed)
    assert asked == ["http://far.invalid/a"]


class TestInABrowser:
    pytestmark = needs_browser

    def test_sample(self, driver: Chrome, sample_run: Run, sample_report: Path) -> None:
        pages = read_pages(driver, sample_report)
        assert [len(page.charts) for page in pages.values()] == [0, 9, 0, 0, 0, 0]
        self.check_figures(pages, sample_run.stats)

    def check_figures(self, pages: dict[str, Page], stats: dict[str, Any]) -> None:
        audio = stats["audio"]
        assert pages["1 Overview"].figures == {
            "recording_dur": [audio["recording_dur"], duration(audio["recording_dur"])],
            "kept_dur": [audio["kept_dur"], duration(audio["kept_dur"])],
            "yield": [audio["yield"], percent(audio["yield"])],
            "speech_yield": [audio["speech_yield"], percent(audio["speech_yield"])],
            "kept_window_dur": [audio["kept_window_dur"], duration(audio["kept_window_dur"])],
            "filtered_windows": [stats["filtered_windows"], count(stats["filtered_windows"])],
            "recordings": [audio["recordings"], count(audio["recordings"])],
            "quarantined": [stats["quarantined"], count(stats["quarantined"])],
        }
        text = pages["1 Overview"].text
        assert all(finding["action"] in text for finding in stats["diagnosis"])
        for smell in stats["smells"].values():
            assert (smell["meaning"] in text) == (smell["count"] > 0)
        for name in [*stats["parameters"], *stats["versions"]]:
            assert name in text
        for path in SAMPLE.rglob("*.jsonl"):
            assert str(path) in pages["4 Manifests"].text

    def test_the_table_of_manifests_sorts(self, driver: Chrome, sample_report: Path) -> None:
        open_report(driver, sample_report)
        open_page(driver, "4 Manifests")
        column = "return [...document.querySelectorAll('tbody td:nth-child(4) data')]"
        values = f"{column}.map((data) => Number(data.value))"
        title = driver.find_element(By.XPATH, "//button[text()='Audio']")
        title.click()
        up = driver.execute_script(values)
        title.click()
        down = driver.execute_script(values)
        assert up == sorted(up) == down[::-1]
        assert len(set(up)) == 3

    def test_an_empty_manifest(
        self, driver: Chrome, run_workflow: RunWorkflow, tmp_path: Path
    ) -> None:
        (tmp_path / "m.jsonl").write_bytes(b"")
        pages = self.pages_of(driver, run_workflow, manifest_path=str(tmp_path / "m.jsonl"))
        assert "No window was kept: the manifests hold no rows" in pages["1 Overview"].text
        assert "the manifests hold no rows" in pages["2 Windows"].text
        assert "The manifests hold no rows" in pages["5 Quarantine"].text

    def test_all_lost(self, driver: Chrome, run_workflow: RunWorkflow, tmp_path: Path) -> None:
        """With no tolerance, too: then the only limit of a duration is the target."""
        pages = self.pages_of(
            driver, run_workflow, manifest_path=str(SAMPLE), min_sample_rate=96_000, tolerance=0
        )
        assert "No window was kept: all audio was lost" in pages["1 Overview"].text
        assert "The likely cause: min_sample_rate = 96" in pages["1 Overview"].text
        assert "all audio was lost" in pages["2 Windows"].text
        for path in (tmp_path / "work" / "out" / "report").iterdir():
            for width in (1400, 800):
                size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                driver.get(path.as_uri())
                check_room(driver)
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        assert "Every row could be processed" in pages["5 Quarantine"].text

    def test_all_quarantined(
        self, driver: Chrome, run_workflow: RunWorkflow, tmp_path: Path
    ) -> None:
        """With rows and a file name that would like to be code."""
        manifest = tmp_path / "<img src=x onerror=alert(3)>.jsonl"
        row = {"audio_filepath": HOSTILE, "audio_sample_rate": HOSTILE, "segments": []}
        manifest.write_text(json.dumps(row, ensure_ascii=False) + "\n" + HOSTILE + "\n{}\n")
        pages = self.pages_of(
            driver, run_workflow, manifest_path=str(manifest.parent), max_invalid_fraction=1.0
        )
        assert "every row was quarantined, all 3 of them" in pages["1 Overview"].text
        assert "every row was quarantined" in pages["2 Windows"].text
        refused = pages["5 Quarantine"]
        assert refused.figures["quarantined"] == [3, "3"]
        assert HOSTILE.replace("\u202e", "\\u202e") in refused.text
        assert manifest.name in refused.text
        assert refused.tags == {"img": 0, "script": 3}

    def pages_of(self, driver: Chrome, run_workflow: RunWorkflow, **config: Any) -> dict[str, Page]:
        run = run_workflow("--report-after-run", "--report", "report.html", **config)
        return read_pages(driver, run.output.parent / "report.html")


@pytest.mark.workflow
def test_pages_are_small_and_bring_no_library(sample_run: Run) -> None:
    """Of what they make of report.html most is Snakemake's frame, which brings Vega already."""
    pages = [path.read_text() for path in (sample_run.output / "report").iterdir()]
    assert len(pages) == len(PAGES)
    assert sum(map(len, pages)) < 250_000
    assert not any(re.search("vega|unsafe-eval", page, re.IGNORECASE) for page in pages)


@pytest.mark.workflow
def test_lost_benchmarks_rerun_nothing(run_workflow: RunWorkflow, sample_copy: Run) -> None:
    run = sample_copy
    shutil.rmtree(run.output / "benchmarks")
    assert run_workflow("--dry-run", manifest_path=str(SAMPLE)).jobs == {}
    (run.output / "report" / "runtime.html").unlink()
    assert "build" not in run_workflow(manifest_path=str(SAMPLE)).jobs
    assert "No job was measured" in (run.output / "report" / "runtime.html").read_text()


@pytest.mark.workflow
def test_a_large_run_gives_small_pages(sample_run: Run) -> None:
    """Bins of a million windows, a few rows of many: no page is too long to be opened."""
    stats = sample_run.stats
    found = stats["distributions"]
    found["window_duration"] = {str(second): 10_000 for second in range(600)}
    found["windows_per_recording"] = {str(number): 3 for number in range(5_000)}
    found["bandwidth_dur"] = {f"{100 * number}": 1e4 for number in range(-5, 100_000)}
    found["bandwidth_dur"]["1" + "0" * 300] = 1.0
    found["sample_rate_dur"] = {str(rate): 1e4 for rate in range(8_000, 48_000)}
    with (sample_run.output / "stats.tsv").open() as file:
        header, row = (next(file).rstrip("\n").split("\t") for _ in range(2))
    rows = [
        dict(zip(header, [f"{'long' * 500}/{number}.jsonl", *row[1:]], strict=True))
        for number in range(20_000)
    ]
    refused = {
        "manifest_filepath": "m" * 4_000,
        "line_number": 1,
        "reason": "invalid_json",
        "detail": "d" * 10_000,
        "line": HOSTILE * 10_000,
    }
    values = {
        "overview": overview(stats),
        "windows": windows(stats),
        "manifests": manifests(stats, rows),
        "quarantine": quarantine(
            stats, ({**refused, "line_number": number} for number in range(100_000))
        ),
        "runtime": runtime({"build": [Job(number / 100, 120.5) for number in range(4_096)]}),
    }
    pages = {name: render(name, shown) for name, shown in values.items()}
    assert max(len(page.encode()) for page in pages.values()) < LONGEST_PAGE
    assert "Of 20,000 manifests these are the 500" in pages["manifests"]
    assert "100,000 rows could not be processed" in pages["quarantine"]
    assert "The first 200" in pages["quarantine"]
