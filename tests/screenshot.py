"""Make the README's pictures of the report in docs/images, from the shipped sample.

python tests/screenshot.py
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser import chromium
from helpers import ROOT

IMAGES = ROOT / "docs" / "images"
WIDTH = 1400
SHOTS = (("overview", "report.png", 1130), ("recordings", "recordings.png", 1010))
"""Of each page: the file, and its height in pixels."""

CHOSEN = """
const recording = [...document.querySelectorAll(".recording")].at(-2);
if (recording) {
  document.querySelector(".recording[open]").open = false;
  recording.open = true;
  setTimeout(() => recording.querySelector(".kept button").click(), 300);
}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
        command += ["--configfile", "config/pipeline.yaml", "--config", "backend=local"]
        subprocess.run([*command, f"output_dir={folder}"], cwd=ROOT, check=True)
        with chromium(width=WIDTH) as driver:
            driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            for page, name, height in SHOTS:
                size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                driver.get(Path(folder, "report", f"{page}.html").as_uri())
                driver.execute_script(CHOSEN)
                time.sleep(1)
                driver.save_screenshot(IMAGES / name)
                print(f"{name}: {(IMAGES / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
