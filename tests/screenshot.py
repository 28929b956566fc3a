"""Make docs/images/report.png, the README's picture of the report, from the shipped sample.

python tests/screenshot.py
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser import chromium
from helpers import ROOT

TARGET = ROOT / "docs" / "images" / "report.png"
WIDTH, HEIGHT = 1400, 1130


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
        command += ["--configfile", "config/pipeline.yaml", "--config", "backend=local"]
        subprocess.run([*command, f"output_dir={folder}"], cwd=ROOT, check=True)
        with chromium(width=WIDTH) as driver:
            size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            driver.get(Path(folder, "report", "overview.html").as_uri())
            time.sleep(1)
            driver.save_screenshot(TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
