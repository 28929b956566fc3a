"""The page of recordings in a browser, and what all pages share: links, room, downloads."""

import json
import re
import time
import wave
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import browser
import pytest
from browser import check_room, chromium, errors, requests
from conftest import Run
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By

from alm.jobs.recordings import write_recordings
from alm.params import OverlapParams
from alm.report.overview import overview
from alm.report.recordings import recordings
from alm.report.render import PAGES, render
from alm.report.sweep import sweep_page
from alm.rows import codec
from alm.statistics.levers import combinations

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.browser,
    pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING),
]

WIDTHS = (1400, 901, 800)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
LONGEST_PAGE = 1_500_000
"""Bytes: Snakemake shows a page from a data URL, and Chromium opens none of more than 2 MiB."""


def resize(driver: Chrome, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def show(driver: Chrome, path: Path, width: int = 1400) -> None:
    resize(driver, width)
    driver.get(path.as_uri())
    until = time.monotonic() + 30
    while driver.execute_script("return document.querySelector('.plot:empty')"):
        assert time.monotonic() < until, f"{path} was not drawn"
        time.sleep(0.1)


def open_all(driver: Chrome, most: int = 20) -> None:
    """Open recordings and their windows."""
    driver.execute_script(
        "[...document.querySelectorAll('.recording')].slice(0, arguments[0])"
        ".forEach((each) => { each.open = true; })",
        most,
    )
    time.sleep(0.3)
    driver.execute_script("document.querySelectorAll('.kept button').forEach((b) => b.click())")


def a_recording(name: str = "a.wav", text: str = "text", **more: Any) -> dict[str, Any]:
    """One with windows that overlap each other."""
    windows = [
        {"start": 10.0 * k, "end": 10.0 * k + 110, "speech": 90.0, "speakers": 2}
        | {"turns": [[0, text], [1, text]]}
        for k in range(12)
    ]
    return {
        "manifest": "m.jsonl",
        "name": name,
        "why": "random",
        **dict.fromkeys(("length", "speech", "covered", "window_dur"), 230.0),
        **dict.fromkeys(("segments", "candidates", "kept"), 12),
        "gain": 1.0,
        "drawing": {
            "first": 0.0,
            "last": 230.0,
            "speakers": ["a speaker with a long name, longer than the room", text],
            "talk": [[0, 100, 100, 100], [100, 100]],
            "candidates": [[40 * k, 40 * k + 400] for k in range(12)],
            "windows": windows,
        },
        **more,
    }


def a_crowd() -> dict[str, Any]:
    """One with as many speakers as there are colours, and others."""
    crowd = a_recording()
    lanes = [[100 * k, 100] for k in range(9)]
    crowd["drawing"] |= {"speakers": [*map(str, range(8)), "others"], "talk": lanes}
    crowd["drawing"]["windows"][0]["turns"] = [[k, "text"] for k in range(9)]
    return crowd


def a_sweep() -> dict[str, object]:
    grid = {"target_window_duration": [60, 90, 120], "selection": ["greedy", "coverage"]}
    hours = dict.fromkeys(("silence_hours", "overlap_hours"), 1.0)
    figures = dict.fromkeys(("quarantined", "candidates", "windows"), 123_456)
    rows = [
        {**each, **hours, **figures, "kept_hours": 900.0 + k, "covered_hours": 800.0 + k}
        | {"repeated_hours": 100.0}
        for k, each in enumerate(combinations(grid))
    ]
    values = {"target_window_duration": 120, "selection": "greedy"}
    return {**sweep_page(rows, grid, values, 100_000), "sample_note": None}


STATS = {"filtered_windows": 1, "entries": 100_000}


CONTRAST = """
const light = (color) => color.match(/[0-9.]+/g).slice(0, 3).map(Number)
  .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== "rgba(0, 0, 0, 0)") return color;
  }
};
const contrast = (a, b) => {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const around = (node) => node.closest(".track, .meter, .plot").parentElement;
const least = (selector, own) => Math.min(...[...document.querySelectorAll(selector)].map((node) =>
  contrast(getComputedStyle(node)[own], behind(own === "color" ? node : around(node)))));
return [
  least("h1, h3, p, dt, dd, .name, .figures, .title, .tick, label, button, a", "color"),
  Math.min(least(".track i, .meter, .meter i", "backgroundColor"), least(".bar", "fill")),
];
"""


@pytest.mark.parametrize("dark", [False, True])
def test_19_04_all_is_told_from_what_is_behind(sample_run: Run, tmp_path: Path, dark: bool) -> None:
    """Text by 4.5 to 1, bars by 3 to 1, pale ones too: what WCAG asks for."""
    crowd = tmp_path / "recordings.html"
    crowd.write_text(render("recordings", recordings(STATS, [a_crowd()])))
    with chromium(dark) as driver:
        pages = [sample_run.output / "report" / f"{name}.html" for name in ("overview", "windows")]
        for path in (*pages, crowd):
            show(driver, path)
            open_all(driver)
            text, bars = driver.execute_script(CONTRAST)
            assert text >= 4.5
            assert bars >= 3


def test_19_04_no_text_lies_on_other_text(sample_run: Run, tmp_path: Path) -> None:
    """On a screen, in the frame that report.html gives a page on that screen, and narrower."""
    crowded = tmp_path / "recordings.html"
    shown = [a_recording(f"{'long' * 60}/{number}.wav", "words " * 50) for number in range(5)]
    crowded.write_text(render("recordings", recordings(STATS, shown)))
    sweep = tmp_path / "sweep.html"
    sweep.write_text(render("sweep", a_sweep()))
    pages = [sample_run.output / "report" / f"{name}.html" for name in PAGES]
    with chromium() as driver:
        for path in (*pages, crowded, sweep):
            show(driver, path)
            open_all(driver)
            for width in WIDTHS:
                resize(driver, width)
                time.sleep(0.3)
                check_room(driver, cut=path == sweep)
                assert errors(driver) == []


def test_19_04_pages_lead_to_each_other(sample_run: Run) -> None:
    with chromium() as driver:
        show(driver, sample_run.output / "report" / "overview.html")
        for name, title in PAGES.items():
            driver.find_element(By.LINK_TEXT, title).click()
            assert driver.current_url.endswith(f"/report/{name}.html")
            current = driver.find_element(By.CSS_SELECTOR, "nav [aria-current=page]")
            assert current.text == title
        driver.find_element(By.LINK_TEXT, "Recordings").click()
        for link in driver.find_elements(By.CSS_SELECTOR, "a"):
            path = Path(link.get_attribute("href").removeprefix("file://"))
            assert path.exists()
        assert errors(driver) == []


def test_19_04_recordings_are_found_opened_and_read(sample_run: Run) -> None:
    rows = sample_run.lines("alm_output.jsonl")
    (row,) = (row for row in rows if row["audio_filepath"].endswith("workshop.wav"))
    with chromium() as driver:
        show(driver, sample_run.output / "report" / "recordings.html")
        listed = driver.find_elements(By.CSS_SELECTOR, ".recording")
        assert len(listed) == len(rows)
        assert listed[0].get_attribute("open"), "the poorest is open"
        driver.find_element(By.ID, "search").send_keys("WORKSHOP")
        (found,) = (each for each in listed if each.is_displayed())
        assert driver.find_element(By.ID, "matches").text == "1 recording"
        found.find_element(By.TAG_NAME, "summary").click()
        time.sleep(0.2)
        windows = found.find_elements(By.CSS_SELECTOR, ".kept button")
        assert len(windows) == len(row["filtered_windows"])
        assert windows[1].get_attribute("aria-label").startswith("Window 2, 4:0")
        windows[1].send_keys("\ue007")  # Enter
        said = found.find_element(By.CSS_SELECTOR, ".window").text
        assert "Window 2 of 2" in said
        assert all(each["text"] in said for each in row["filtered_windows"][1]["segments"])
        assert len(found.find_elements(By.CSS_SELECTOR, ".candidates i")) == len(row["windows"])
        assert errors(driver) == []


def test_19_04_what_others_wrote_is_text(tmp_path: Path) -> None:
    page = tmp_path / "recordings.html"
    shown = [a_recording(HOSTILE, HOSTILE, manifest=HOSTILE)]
    shown[0]["drawing"]["speakers"] = [HOSTILE, HOSTILE]
    page.write_text(render("recordings", recordings(STATS, shown)))
    with chromium() as driver:
        show(driver, page)
        open_all(driver)
        assert driver.execute_script("return document.images.length") == 0
        text = driver.execute_script("return document.querySelector('.recording').innerText")
        assert text.count(HOSTILE) >= 3 + 2
        assert errors(driver) == []
        assert requests(driver) == []


def test_19_04_pages_without_a_window(tmp_path: Path) -> None:
    stats = {"filtered_windows": 0, "entries": 1, "audio": {"segments": 1}}
    lost = a_recording(kept=0, gain=0.0)
    lost["drawing"]["windows"] = []
    with chromium() as driver:
        for number, shown in enumerate(([], [lost], [{**lost, "drawing": None}])):
            page = tmp_path / f"{number}.html"
            page.write_text(render("recordings", recordings(stats, shown)))
            show(driver, page)
            assert "No window was kept" in driver.find_element(By.TAG_NAME, "body").text
            check_room(driver)
            assert errors(driver) == []
        assert "too large, or too odd" in driver.find_element(By.CLASS_NAME, "drawing").text


def test_19_04_100_000_recordings(sample_run: Run, tmp_path: Path) -> None:
    """All are in the table, some on the page, which opens at once and is searched at once."""
    tables = list((sample_run.output / "work" / "overlap").glob("*.recordings.tsv"))
    records = [
        sample_run.output / "work" / "build" / f"{path.name.partition('.')[0]}.records"
        for path in tables
    ]
    lines = [line for path in tables for line in path.read_bytes().splitlines(keepends=True)]
    assert len(records) == 1
    many = tmp_path / "table"
    many.write_bytes(b"".join(b"%06d.%b" % (k, lines[k % 10]) for k in range(100_000)))
    overlap = OverlapParams(50, target_duration=120.0)
    write_recordings([many], records, tmp_path / "tsv", tmp_path / "json", overlap)
    assert len((tmp_path / "tsv").read_bytes().splitlines()) == 100_001
    picked = codec.loads((tmp_path / "json").read_bytes())
    page = tmp_path / "recordings.html"
    page.write_text(render("recordings", recordings(STATS, picked)))
    assert page.stat().st_size < LONGEST_PAGE
    with chromium() as driver:
        show(driver, page)
        assert 200 < len(driver.find_elements(By.CSS_SELECTOR, ".recording")) <= 500
        assert "of 100,000" in driver.find_element(By.CLASS_NAME, "lead").text
        driver.find_element(By.CSS_SELECTOR, "#why option[value=richest]").click()
        shown = driver.find_elements(By.CSS_SELECTOR, ".recording:not([hidden]) .figures")
        assert all("89.5 %" in each.text for each in shown)
        for width in WIDTHS:
            resize(driver, width)
            check_room(driver)
        assert errors(driver) == []


SAVED = """
const done = arguments[0], saved = [];
URL.createObjectURL = (blob) => { saved.push(blob); return "#"; };
HTMLAnchorElement.prototype.click = function() { names.push(this.download); };
const names = [];
document.querySelectorAll("button.save").forEach((button) => button.click());
Promise.all(saved.map((blob) => blob.text()))
  .then((texts) => done(names.map((name, k) => [name, texts[k]])));
"""


def saved(driver: Chrome) -> dict[str, str]:
    """What all the buttons of a page save."""
    return dict(driver.execute_async_script(SAVED))


def test_19_04_charts_and_tables_are_saved(sample_run: Run) -> None:
    report = sample_run.output / "report"
    with chromium() as driver:
        show(driver, report / "windows.html")
        found = saved(driver)
        drawn = {name: text for name, text in found.items() if name.endswith(".svg")}
        plots = "return document.querySelectorAll('.plot').length"
        assert len(drawn) == driver.execute_script(plots) >= 9
        for name, text in drawn.items():
            assert ElementTree.fromstring(text).tag.endswith("svg")
            assert "var(" not in text
            labels = re.findall(r'class="bar" role="img" aria-label="([^"]*)"', text)
            assert all(re.search(r": [\d.,]+ [a-z ]+$", label) for label in labels), labels
            title, *lines = found[name.replace(".svg", ".tsv")].splitlines()
            assert len(title.split("\t")) == 2
            assert len(lines) == len(labels) > 0
        show(driver, report / "manifests.html")
        ((name, text),) = saved(driver).items()
        assert name == "which-manifests-give-little.tsv"
        lines = [line.split("\t") for line in text.splitlines()]
        assert len(lines) == 4
        assert {len(line) for line in lines} == {8}
        assert sum(float(line[3]) for line in lines[1:]) == pytest.approx(
            sample_run.stats["audio"]["recording_dur"]
        )
        show(driver, report / "overview.html")
        assert "how-much-speech-is-left-after-each-step.tsv" in saved(driver)
        assert errors(driver) == []


def test_19_04_the_chart_of_a_sweep_is_saved(tmp_path: Path) -> None:
    page = tmp_path / "sweep.html"
    page.write_text(render("sweep", a_sweep()))
    with chromium() as driver:
        show(driver, page)
        drawn = saved(driver)["what-does-more-of-the-audio-cost.svg"]
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert "var(" not in drawn
        assert errors(driver) == []


def test_19_04_a_chart_says_its_figures_and_follows_its_width(sample_run: Run) -> None:
    with chromium() as driver:
        show(driver, sample_run.output / "report" / "windows.html")
        bar = driver.find_elements(By.CSS_SELECTOR, ".plot")[0].find_elements(By.CLASS_NAME, "bar")[
            -1
        ]
        tip = driver.find_element(By.CLASS_NAME, "tip")
        assert not tip.is_displayed()
        ActionChains(driver).move_to_element(bar).perform()
        assert tip.text == bar.get_attribute("aria-label")
        assert re.fullmatch(r"duration in s, [\d.]+ to [\d.]+: \d windows?", tip.text)
        wide = "return document.querySelector('.plot svg').getBoundingClientRect().width"
        before = driver.execute_script(wide)
        resize(driver, 800)
        time.sleep(0.3)
        assert driver.execute_script(wide) < before - 100
        assert errors(driver) == []


def test_19_04_another_run_beside_this_one(sample_run: Run, tmp_path: Path) -> None:
    stats = sample_run.stats
    other = json.loads(json.dumps(stats))
    other["audio"]["kept_dur"] /= 2
    other["parameters"]["overlap_percentage"] = 30
    page = tmp_path / "overview.html"
    page.write_text(render("overview", overview(stats, (HOSTILE, other))))
    with chromium() as driver:
        show(driver, page, 800)
        text = driver.find_element(By.TAG_NAME, "body").text
        assert f"Compared with {HOSTILE}" in text
        assert "overlap_percentage is 50 here and 30 there." in text
        rows = [row.text for row in driver.find_elements(By.CSS_SELECTOR, "tbody tr")]
        assert "Audio kept 24.9 min 12.4 min +100.0 %" in rows
        assert "Yield 52.0 % 52.0 % the same" in rows
        check_room(driver)
        assert errors(driver) == []


def test_19_04_clips_are_heard_where_they_were_exported(tmp_path: Path) -> None:
    """By the names that the export `audio` gives them; without a clip there is no player."""
    shown = a_recording()
    shown["drawing"]["clips"] = "a b-12"
    for number, window in enumerate(shown["drawing"]["windows"]):
        window["clip"] = str(number)
    page = tmp_path / "report" / "recordings.html"
    page.parent.mkdir()
    where = {"format": "wav", "folders": ["train/", "test/"]}
    page.write_text(render("recordings", recordings(STATS, [shown], where)))
    clip = tmp_path / "exports" / "audio" / "test" / "clips" / "a b-12" / "a b-12-0.wav"
    clip.parent.mkdir(parents=True)
    with wave.open(str(clip), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8000 * 3))
    with chromium() as driver:
        show(driver, page)
        first, second, *_ = driver.find_elements(By.CSS_SELECTOR, ".kept button")
        first.click()
        assert driver.find_elements(By.TAG_NAME, "audio") == []
        driver.find_element(By.CLASS_NAME, "listen").click()
        time.sleep(1)
        assert driver.find_element(By.TAG_NAME, "audio").is_displayed()
        length = "return document.querySelector('audio').duration"
        assert driver.execute_script(length) == pytest.approx(3)
        second.click()
        driver.find_element(By.CLASS_NAME, "listen").click()
        time.sleep(1)
        assert driver.find_elements(By.TAG_NAME, "audio") == []
        assert "There is no clip" in driver.find_element(By.CLASS_NAME, "window").text
        assert all("ERR_FILE_NOT_FOUND" in message for message in errors(driver))
