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
