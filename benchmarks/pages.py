"""Measures how long the page of a gate with many checks takes to open in Chromium.

    .venv/bin/python benchmarks/pages.py [--checks 2000] [--runs 5]

Needs the extra ``browser``. Prints a Markdown table; nothing is asserted, machines differ. The target is 2 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gonogo.gates.process import gate_argv, gate_environment
from gonogo.plugins.browser import executable

CONFIG = """\
[app]
name = "bench"

[service.web]
command = "{python} -m http.server {port}"
port = 8000

[env.bench]
tier = "dev"
runtime = "process"
project = "bench"
"""
CHECKS = '''\
import pytest


@pytest.mark.predeploy("S01", remedy="Look at the table, then: gonogo deploy --env {env}")
@pytest.mark.parametrize("number", range(CHECKS))
def test_a_thing_is_right(number, evidence):
    """One thing of many is as it was agreed, and this sentence is as long as one usually is."""
    evidence.table("Things", [["main.py", number], ["other.py", number]], header=["path", "number"])
    evidence.text("Log", "INFO GET /page answered 200 in 12 ms\\n" * 20)
    if number % 50 == 0:
        pytest.fail(f"thing {number}: found another, expected the agreed one")
'''
TIMES = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return [page.loadEventEnd, paint ? paint.startTime : NaN];
}"""
FILTER = """() => {
  const box = document.querySelector("#filters input[data-outcome=passed]"), begin = performance.now();
  box.click();
  document.body.getBoundingClientRect();
  return performance.now() - begin;
}"""


def write_page(folder: Path, checks: int) -> tuple[Path, float]:
    """Ask a real gate with so many checks; its page, and the seconds that it took."""
    (folder / "gonogo.toml").write_text(CONFIG)
    (folder / "checks").mkdir()
    (folder / "checks" / "test_many.py").write_text(CHECKS.replace("CHECKS", str(checks)))
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    page = folder / "report.html"
    asked = ["-m", "predeploy", "-k", "many", "--gonogo-env=bench", f"--html={page}", "--self-contained-html", "-q"]
    environment = {**gate_environment(os.environ), "XDG_STATE_HOME": str(folder / "state")}
    begin = time.monotonic()
    subprocess.run(gate_argv(folder, arguments=asked), cwd=folder, env=environment, check=False, capture_output=True)
    return page, time.monotonic() - begin


def opened(tab: Page, path: Path) -> tuple[float, float, float]:
    """Milliseconds until the load event ended, until something was painted, and to filter by outcome."""
    tab.goto(path.as_uri())
    tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    load, paint = tab.evaluate(TIMES)
    return load, paint, tab.evaluate(FILTER)


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path, seconds = write_page(Path(name), given.checks)
        browser = playwright.chromium.launch(executable_path=executable(playwright))
        figures = []
        for _ in range(given.runs):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            figures.append(opened(tab, path))
            tab.close()
        browser.close()
        print(f"| {given.checks} checks, median of {given.runs} | figure |\n|---|---|")
        for what, values in zip(
            ("load event", "first paint", "filter by outcome"), zip(*figures, strict=True), strict=True
        ):
            print(f"| {what} | {statistics.median(values):.0f} ms (worst {max(values):.0f}) |")
        print(f"| size of the page | {path.stat().st_size / 1e6:.1f} MB |\n| the gate itself | {seconds:.1f} s |")


if __name__ == "__main__":
    main()
