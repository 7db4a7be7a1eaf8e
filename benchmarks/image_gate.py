"""Measures what the build gate's checks of files cost on a large image, and on one of many files: seconds and memory.

    .venv/bin/python benchmarks/image_gate.py --image python:3.11-slim [--size 1000] [--files 200000]

Makes two images, one with ``--size`` MiB more than the given one and one with so many more files in the application's
folder, asks each twice (the second look finds the files in memory) and removes them. The gate with one empty check
stands beside. Prints a Markdown table; nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from shared import commit, git

from gonogo.config import load_project
from gonogo.gates.process import gate_argv, gate_environment
from gonogo.gates.subject import Subject
from gonogo.host.runner import LocalHost
from gonogo.records.results import read_gate
from gonogo.runtimes.compose.runtime import ComposeRuntime
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release, release_id
from gonogo.state.store import State
from gonogo.words import Outcome, Role

DOCKERFILE = """\
FROM {image}
WORKDIR /srv/app
RUN {more}
COPY . .
USER 1000
CMD ["python", "-m", "http.server", "8000"]
"""
LARGE = "mkdir /srv/bulk && for n in $(seq {number}); do head -c 1048576 /dev/urandom > /srv/bulk/$n; done"
MANY = (
    'python -c \'import pathlib; [(d := pathlib.Path("data", str(n // 200))).mkdir(parents=True, exist_ok=True) or '
    '(d / (str(n) + ".txt")).write_text(str(n)) for n in range({number})]\''
)
CONFIG = """\
[app]
name = "bench"
required = ["package/module_0.py"]

[service.web]
entrypoint = "package.module_0"
code = {{ "." = "/srv/app" }}

[env.bench]
tier = "prod"
project = "{project}"
compose = ["compose.yaml"]
"""
EMPTY = "import pytest\n\n@pytest.mark.build\ndef test_nothing():\n    pass\n"
MODULES = 1000
ON_FILES = "B02 B03 B04 B05 B08 B13 B14".split()  # noqa: SIM905
"""The checks that look into the image."""


def lay_out(folder: Path, project: str, image: str, more: str) -> None:
    """An application of a thousand modules, and its image."""
    folder.mkdir()
    (folder / "package").mkdir()
    for number in range(MODULES):
        (folder / "package" / f"module_{number}.py").write_text(f"VALUE = {number}\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(image=image, more=more))
    (folder / "compose.yaml").write_text(json.dumps({"services": {"web": {"build": "."}}}))
    (folder / "gonogo.toml").write_text(CONFIG.format(project=project))
    (folder / "checks").mkdir()
    (folder / "checks" / "test_own.py").write_text(EMPTY)
    git(folder, "init", "-q")
    commit(folder, "files")


def built(folder: Path) -> Release:
    """Its release, checked out and built as a deployment does it."""
    state, host, runtime = State(folder.with_name("state")), LocalHost(), ComposeRuntime()
    state.create()
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    sha, now = head.stdout.strip(), datetime.now(UTC)
    home = state.release_folder(release_id(sha, now=now))
    git(folder, "worktree", "add", "--quiet", "--detach", str(home / "source"), sha)
    found = Release(
        id=home.name, commit=sha, env="bench", runtime="compose", created=now, folder=home, root=home / "source"
    )
    project = load_project(found.root)
    place = make_place(project, project.environments["bench"], state=state.root, path=folder, host=host)
    found = runtime.pin(place, found)
    for command in runtime.build(place, found, no_cache=False):
        host.run(command).require()
    found = runtime.measure(place, found)
    state.save(found)
    return found


def asked(folder: Path, release: Release, *words: str) -> tuple[float, float, dict[str, Outcome]]:
    """Seconds, the MiB of its largest process, and the outcomes of one gate."""
    results, subject = folder.with_name("results.json"), folder.with_name("subject.json")
    about = Subject(
        role=Role.CANDIDATE,
        env="bench",
        root=release.root,
        path=folder,
        state=folder.with_name("state"),
        checkout=folder,
        release=release,
    )
    subject.write_text(about.model_dump_json())
    options = (f"--gonogo-results={results}", f"--gonogo-subject={subject}", "--gonogo-env=bench")
    given = ("-m", "build", *options, "-q", *words)
    begin = time.monotonic()
    process = subprocess.Popen(
        gate_argv(release.root, arguments=given), cwd=release.root, env=gate_environment(), stdout=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - begin
    gate = read_gate(results)
    return took, usage.ru_maxrss / 1024, {(check.code or "").partition("[")[0]: check.outcome for check in gate.checks}


def row(folder: Path, release: Release, what: str) -> list[str]:
    """Of one image: both looks, without an empty gate, the memory, and what was answered."""
    empty = asked(folder, release, "-k", "test_nothing")[0]
    first, memory, outcomes = asked(folder, release)
    again, *_ = asked(folder, release)
    said = [f"{code} {outcomes[code]}" for code in ON_FILES if outcomes.get(code) is not Outcome.PASSED]
    answers = f"all of {len(ON_FILES)} passed" if not said else ", ".join(said)
    return [what, f"{first - empty:.1f} s", f"{again - empty:.1f} s", f"{empty:.1f} s", f"{memory:.0f} MiB", answers]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", default="python:3.11-slim")
    parser.add_argument("--size", type=int, default=1000, help="MiB that the first image gets")
    parser.add_argument("--files", type=int, default=200_000, help="files that the second image gets")
    options = parser.parse_args()
    print("| the build gate on | first look | second look | an empty gate | peak memory | answers |")
    print("|---|---|---|---|---|---|")
    for more, what in ((LARGE, f"{options.size} MiB more"), (MANY, f"{options.files:,} files more")):
        project = f"bench-{secrets.token_hex(4)}"
        number = options.size if more is LARGE else options.files
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "app"
            lay_out(folder, project, options.image, more.format(number=number))
            release = built(folder)
            try:
                print("| " + " | ".join(row(folder, release, what)) + " |", flush=True)
            finally:
                subprocess.run(["docker", "rmi", "--force", *release.tags.values()], check=False, capture_output=True)


if __name__ == "__main__":
    main()
