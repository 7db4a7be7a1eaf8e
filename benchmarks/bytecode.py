"""Measures what judging the bytecode of many files costs against finding and reading them, as a ratio in one run.

    .venv/bin/python benchmarks/bytecode.py [--files 100000] [--runs 3]

Half of the files are sources and half their bytecode, as in a virtual environment, of which headers are judged.
Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import json
import py_compile
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shared import seconds

from gonogo.inspection.probe_answers import script

SOURCE = '"""A module."""\n\n' + "".join(f"def function_{n}(a, b):\n    return a + b * {n}\n\n\n" for n in range(20))
IN_A_FOLDER = 50


def lay_out(root: Path, files: int) -> None:
    """So many files: the first module is compiled, the others are copies of it, times and all."""
    first = root / "first.py"
    first.write_text(SOURCE)
    compiled = Path(py_compile.compile(str(first), doraise=True) or "")
    for number in range(files // 2):
        folder = root / f"package_{number // IN_A_FOLDER}"
        cache = folder / "__pycache__"
        if number % IN_A_FOLDER == 0:
            cache.mkdir(parents=True)
        shutil.copy2(first, folder / f"module_{number}.py")
        shutil.copy2(compiled, cache / f"module_{number}.{sys.implementation.cache_tag}.pyc")


def measured(root: Path, runs: int) -> list[str]:
    """The row: the fastest of each."""
    probe, request = script("bytecode_scan.py"), json.dumps({"headers_only": [str(root)]})

    def judge() -> None:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-", request], input=probe, capture_output=True, text=True, check=True
        )
        json.loads(done.stdout)

    def read() -> None:
        found = ["find", str(root), "-type", "f", "-exec", "cat", "{}", "+"]
        subprocess.run(found, check=True, stdout=subprocess.DEVNULL)

    read()  # both find the files in memory
    pairs = [(seconds(judge), seconds(read)) for _ in range(runs)]
    ours, theirs = (min(times) for times in zip(*pairs, strict=True))
    return ["judging bytecode against finding and reading the files", f"{ours / theirs:.2f}", f"{ours:.1f} s"]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lay_out(Path(name), options.files)
        print(f"| {options.files} files | ratio | seconds |\n|---|---|---|")
        print("| " + " | ".join(measured(Path(name), options.runs)) + " |")


if __name__ == "__main__":
    main()
