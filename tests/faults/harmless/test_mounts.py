"""Mounts of healthy applications: nothing of them is red, held or hidden; each kind has its red twin."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
ASKED = ("-m", "predeploy", "-k", "mounts_are_what_they_should_be")
VOLUMES = {
    "nginx": (
        "./nginx.conf:/etc/nginx/nginx.conf:ro",
        "./certs:/etc/nginx/certs:ro",  # of the host, ignored
        "./static:/srv/static:ro",  # tracked, with an upload folder in it
        "./static/uploads:/srv/uploads:ro",
        "/etc/hosts:/hosts:ro",
    ),
    "web": (
        "./static/uploads:/uploads",  # of a placeholder only
        "./templates:/srv/templates:ro",
        "./later:/later",  # Docker makes it
        "./old.toml:/srv/old.toml:ro",  # tracked once, by mistake; ignored since
        "box:/box",
    ),
    "db": ("./init:/docker-entrypoint-initdb.d", "./data:/data", "./graph.db:/data/graph.db"),
}


def model(volumes: Mapping[str, tuple[str, ...]]) -> str:
    """A compose file whose services mount these."""
    lines = [f"  {name}: {{image: shop, volumes: [{', '.join(mounts)}]}}\n" for name, mounts in volumes.items()]
    return f"services:\n{''.join(lines)}volumes: {{box: }}\n"


@pytest.fixture
def shop(repository: Repository) -> Path:
    """A repository with files of its own, and a host with files of its own beside them."""
    files = {"nginx.conf": "x", "static/a.css": "a", "static/uploads/.gitkeep": "", "templates/a.html": "a"}
    files |= {"init/01.sql": "select 1", "old.toml": "of a commit", "gonogo.toml": repository.minimal}
    root = repository({**files, "docker-compose.yml": model(VOLUMES)})
    repository.write(root, {".gitignore": "graph.db\ncerts\nold.toml\n"})
    repository.git(root, "rm", "--quiet", "--cached", "old.toml")
    repository.commit(root)
    host = {"data/a": "rows", "graph.db/store": "a folder", "certs/key.pem": "secret", "static/uploads/a.jpg": "a"}
    repository.write(root, host)
    return root


def test_usual_mounts_pass(shop: Path, gate: Gates) -> None:
    """Configuration, pages with an upload folder, certificates, data of the host, and what Docker will make: no word."""
    check = gate(shop, *ASKED).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, ""), check
    stands = {(service, source): how for service, source, _, how in check.evidence[0].value[1:]}
    assert stands["nginx", "./static"] == "the commit's; the host's are in it: uploads"
    assert stands["nginx", "./certs"] == stands["web", "./static/uploads"] == "the host's"


def test_their_twins_are_red(shop: Path, repository: Repository, gate: Gates) -> None:
    """A certificate that is not there, a folder that Docker made of a file, and another commit's file: each is named."""
    wrong = {
        "nginx": ("./certs/cert.pem:/etc/nginx/cert.pem:ro", "./made.conf:/etc/nginx/made.conf", "./gone.ini:/x.ini")
    }
    repository.write(shop, {"gone.ini": "of a commit"})
    repository.commit(shop)
    repository.git(shop, "rm", "--quiet", "--cached", "gone.ini")
    repository.write(shop, {"docker-compose.yml": model(wrong)})
    repository.git(shop, "add", "docker-compose.yml")
    repository.git(shop, "commit", "--quiet", "--message=wrong")
    (shop / "made.conf").mkdir()

    check = gate(shop, *ASKED).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"nginx: ./certs/cert.pem at /etc/nginx/cert.pem: found nothing at {shop}/certs/cert.pem, of which Docker makes a "
        "folder; expected a file; "
        f"nginx: ./made.conf at /etc/nginx/made.conf: found a folder ({shop}/made.conf), expected a file, which is what "
        "stands there in the container; "
        f"nginx: ./gone.ini at /x.ini: found no such file in this commit, but {shop}/gone.ini of another commit; "
        "expected the commit's own, or one that no commit ever tracked"
    )
