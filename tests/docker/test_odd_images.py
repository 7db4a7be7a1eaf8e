"""The build gate on an image of nothing but files: no shell, 50,000 of them, links in circles, out of it, to nowhere."""

from __future__ import annotations

import secrets
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose.runtime import ComposeRuntime
from gonogo.state.store import State
from gonogo.words import Outcome
from tests.support.gates import Gates, Repository

from .test_build_checks import SERVER, Images

__all__: list[str] = []

pytestmark = pytest.mark.thorough

TOML = """\
[app]
name = "odd"
required = ["page.html"]

[service.api]
code = { "." = "/srv/app" }

[env.test]
tier = "prod"
project = "@PROJECT@"
"""
LINKS = {
    "circle": "ring",
    "ring": "circle",
    "itself": "itself",
    "nowhere": "not/there",
    "absolute": "/srv/app/run",
    "out": "../../../../../../../etc/shadow",
    "up": "..",
    "folders/back": "../../app",
}
MANY = 50_000


def odd(path: Path) -> None:
    """A root file system of links and empty files, and one that can be started."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:

        def add(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> None:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, link, mode
            archive.addfile(member)

        for folder in ("srv", "srv/app", "srv/app/folders", *(f"srv/app/many{n}" for n in range(100))):
            add(folder, tarfile.DIRTYPE, mode=0o755)
        for name, link in LINKS.items():
            add(f"srv/app/{name}", tarfile.SYMTYPE, link)
        for number in range(MANY):
            add(f"srv/app/many{number % 100}/{number}")
        add("srv/app/run", mode=0o755)


@pytest.fixture
def images(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Images]:
    """A project on that image; what is made is removed."""
    project = f"gonogoodd-{secrets.token_hex(4)}"
    odd(tmp_path / "root.tar")
    engine.api.import_image_from_file(str(tmp_path / "root.tar"), repository=project, tag="base")
    repository, state = Repository(tmp_path), State(tmp_path / "state")
    state.create()
    files = {"page.html": "<p>odd</p>", "gonogo.toml": TOML.replace("@PROJECT@", project), "server.py": SERVER}
    root = repository(files)
    yield Images(Gates(tmp_path / "gates"), repository, root, state, project, tmp_path, LocalHost(), ComposeRuntime())
    for release in state.releases():
        for tag in release.tags.values():
            engine.images.remove(tag, force=True)
    engine.images.remove(f"{project}:base", force=True)


def test_odd_image_is_judged_by_its_files(images: Images) -> None:
    """Nothing needs a program in it, no link leads a check astray or out of it, and the gate ends in time."""
    dockerfile = f'FROM {images.project}:base\nCOPY page.html /srv/app/\nUSER 1000\nWORKDIR /srv/app\nCMD ["./run"]\n'
    release = images.release(dockerfile, '[CMD, "/srv/app/run"]')
    begin = time.monotonic()
    run = images.ask("build", release)
    took = time.monotonic() - begin
    found = {check.code: (check.outcome, check.found) for check in run.checks if check.outcome is not Outcome.SKIPPED}

    assert {code: outcome for code, (outcome, _) in found.items() if outcome.is_red} == {}, found
    assert {"B01[api]", "B02[api]", "B08[api]", "B12[api]", "B13[api]", "B14[api]"} <= set(found)
    assert took < 90
