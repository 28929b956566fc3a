"""A headless Chromium that has no network, and notices whoever tries to use it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "" if CHROMIUM and DRIVER else "needs chromium and chromedriver (Debian: chromium-driver)"

SCHEMES = ("file:", "data:", "blob:", "about:", "chrome:")
"""Of URLs that leave no machine."""


@contextmanager
def chromium(
    dark: bool = False, width: int = 1400, height: int = 900
) -> Iterator[webdriver.Chrome]:
    """A browser with a window of this size, in the light or the dark colour scheme at first."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        use_scheme(driver, dark)
        yield driver
    finally:
        driver.quit()


def use_scheme(driver: webdriver.Chrome, dark: bool) -> None:
    """Turn pages that are open, and those to come, light or dark."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def errors(driver: webdriver.Chrome) -> list[str]:
    """What the pages complained about since the last call.

    Snakemake's own frame warns of the build of Tailwind that it embeds.
    """
    return [
        entry["message"]
        for entry in driver.get_log("browser")
        if entry["level"] in ("SEVERE", "WARNING") and "cdn.tailwindcss.com" not in entry["message"]
    ]


def requests(driver: webdriver.Chrome) -> list[str]:
    """What the pages asked the network for since the last call."""
    urls = []
    for entry in driver.get_log("performance"):
        event: dict[str, Any] = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            urls.append(event["params"]["request"]["url"])
    return [url for url in urls if not url.startswith(SCHEMES)]


OVERLAPS = """
const clipped = (rect, node) => {
  let {left, top, right, bottom} = rect;
  for (let at = node; at && at !== document.body; at = at.parentElement) {
    if (getComputedStyle(at).overflowX === "visible") continue;
    const box = at.getBoundingClientRect();
    left = Math.max(left, box.left); right = Math.min(right, box.right);
    top = Math.max(top, box.top); bottom = Math.min(bottom, box.bottom);
  }
  return {left, top, right, bottom};
};
const boxes = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const node = texts.currentNode;
  if (!node.data.trim() || node.parentElement.closest("script, style, option")) continue;
  if (!node.parentElement.checkVisibility()) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const rect of range.getClientRects()) {
    const box = clipped(rect, node.parentElement);
    if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push([node, box]);
  }
}
const found = [];
boxes.forEach(([node, a], k) => boxes.slice(k + 1).forEach(([other, b]) => {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (node !== other && wide > 1 && high > 3) found.push([node.data.trim(), other.data.trim()]);
}));
return {
  found,
  texts: boxes.length,
  beyond: boxes.filter(([, box]) => box.right > innerWidth + 1).map(([node]) => node.data.trim()),
  scrolls: document.documentElement.scrollWidth > innerWidth,
  cut: [...document.querySelectorAll(".wide")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1).length,
};
"""


def check_room(driver: webdriver.Chrome, cut: bool = False) -> None:
    """No text lies on other text or beyond the page, and no table is ``cut`` unless it may be."""
    laid = driver.execute_script(OVERLAPS)
    assert laid["texts"] > 0
    assert (laid["found"], laid["beyond"], laid["scrolls"]) == ([], [], False), laid
    assert cut or not laid["cut"], laid
