"""P15: what a release mounts is there, of the right kind, and the commit's own; asked of a real Compose's model."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gonogo.runtimes.compose.copies import keep_copy, moved_out
from gonogo.runtimes.compose.files import COMPOSE, write_model
from gonogo.state.store import State
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)
ASKED = ("-m", "predeploy", "-k", "mounts_are_what_they_should_be")


def model(*volumes: str) -> str:
    """A compose file whose one service mounts these."""
    return f"services:\n  web:\n    image: shop\n    volumes: [{', '.join(volumes)}]\n"


def test_file_of_another_commit_is_no_mount_of_this_one(repository: Repository, gate: Gates) -> None:
    """P15 is red where the checkout tracks what this commit lacks: it would run with another commit's file."""
    mounts = model("./nginx.conf:/etc/nginx/nginx.conf:ro")
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": mounts, "a": ""})
    repository.write(root, {"nginx.conf": "x"})
    repository.commit(root)
    repository.git(root, "rm", "--quiet", "--cached", "nginx.conf")
    repository.git(root, "commit", "--quiet", "--message=deleted")

    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"web: ./nginx.conf at /etc/nginx/nginx.conf: found no such file in this commit, but {root}/nginx.conf of another "
        "commit; expected the commit's own, or one that no commit ever tracked",
    )


def test_folder_over_a_file_is_named(repository: Repository, gate: Gates) -> None:
    """P15 is red over the folder that Docker made of a file, and over a file that is not there: it would make one."""
    mounts = model("./nginx.conf:/etc/nginx/nginx.conf:ro", "./site.toml:/srv/site.toml")
    mounts += "  jobs:\n    image: shop\n    volumes: [./site.toml:/srv/site.toml]\n"
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": mounts})
    (root / "nginx.conf").mkdir()

    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"jobs, web: ./site.toml at /srv/site.toml: found nothing at {root}/site.toml, of which Docker makes a folder; "
        "expected a file; "
        f"web: ./nginx.conf at /etc/nginx/nginx.conf: found a folder ({root}/nginx.conf), expected a file, which is what "
        "stands there in the container",
    )


def test_tracked_folder_that_stays_the_hosts_is_named(repository: Repository, gate: Gates) -> None:
    """P15 warns where a tracked folder cannot be the commit's, since something is written there."""
    root = repository(
        {"gonogo.toml": repository.minimal, "docker-compose.yml": model("./static:/srv/static"), "static/a.css": "a"}
    )

    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (
        Outcome.WARNED,
        "./static stays the host's as it is, whichever release runs, and a rollback does not take it back: "
        "containers may write there, and none of its files is code",
    )


def test_code_that_is_not_the_commits_is_red_beforehand(repository: Repository, gate: Gates) -> None:
    """P15 is red where code that stays the host's differs from the commit's: it would run something else."""
    root = repository(
        {"gonogo.toml": repository.minimal, "docker-compose.yml": model("./app:/srv/app"), "app/main.py": "new"}
    )
    repository.write(root, {"app/main.py": "desk", "app/data.db": "rows"})
    state = gate.state_home / "gonogo/shop/test"
    release = repository.checked_out(root, State(state), "HEAD", runtime="compose")

    check = gate(root, *ASKED, subject=gate.subject(release.root, path=root, release=release)).only()

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"web: ./app at /srv/app: found main.py in {root}/app other than this commit has it (the host has files of its own "
        "in it (data.db)), expected the commit's",
    )


def test_what_was_written_into_a_copy_is_named_until_it_is_on_the_host(repository: Repository, gate: Gates) -> None:
    """P15 is red over a database that the next release would not see; once somebody put it on the host it only warns.

    From then on each start mounts it from there: a rollback shows no older one.
    """
    files = {"gonogo.toml": repository.minimal, "app/main.py": "x", "docker-compose.yml": model("./app:/srv/app")}
    root = repository(files)
    state = State(gate.state_home / "gonogo/shop/test")
    serving = repository.checked_out(root, state, "HEAD", runtime="compose")
    copy = keep_copy(serving.root / "app", ["main.py"], state=state.root, own=root / "app")
    mount = {"type": "bind", "source": str(copy), "target": "/srv/app"}
    write_model(serving.folder / COMPOSE, {"name": "shop", "services": {"web": {"volumes": [mount]}}})
    repository.write(copy, {"data.db": "rows", "app.log": "passes"})
    asked = gate.subject(root, path=root, serving=serving)

    lost = gate(root, *ASKED, subject=asked).only()
    repository.write(root, {"app/data.db": "rows"})
    moved = gate(root, *ASKED, subject=asked).only()

    assert (lost.outcome, lost.found) == (
        Outcome.FAILED,
        f"web wrote data.db at /srv/app, which stands in {copy} only, and belongs into {root}/app "
        "(cp --archive --no-clobber): found data that this release would not see, expected it on the host or in a volume",
    )
    assert (moved.outcome, "the host has files of its own in it (data.db)" in moved.found) == (Outcome.WARNED, True)
    assert moved_out(copy) == {"data.db": root / "app/data.db"}


def uploads(web: str, more: str = "", volume: str = "") -> str:
    """A compose file whose services mount a volume for uploads."""
    return (
        f"services:\n  web: {{image: shop, volumes: ['uploads:/data{web}']}}\n{more}volumes:\n  uploads: {{{volume}}}\n"
    )


def test_uploads_that_nobody_may_write_are_advised_of(repository: Repository, gate: Gates) -> None:
    """P15 warns of a volume for uploads that is read-only wherever it is mounted."""
    proxy = "  proxy: {image: nginx, volumes: ['uploads:/srv/media:ro']}\n"
    root = repository({"gonogo.toml": repository.minimal, "docker-compose.yml": uploads(":ro", proxy)})
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (
        Outcome.WARNED,
        "volume uploads: mounted read-only by proxy, web, and by nobody who may write; uploads into it would fail",
    )


@pytest.mark.parametrize(
    "compose",
    [
        uploads("", "  proxy: {image: nginx, volumes: ['uploads:/srv/media:ro']}\n"),
        uploads(":ro", volume="external: true"),
        uploads(":ro", volume="name: shared-uploads"),
        uploads(":ro").replace("uploads", "models"),
    ],
)
def test_volumes_that_somebody_fills_are_fine(repository: Repository, gate: Gates, compose: str) -> None:
    """P15 says nothing where another service writes, another project may, and where it is not for uploads."""
    check = gate(repository({"gonogo.toml": repository.minimal, "docker-compose.yml": compose}), *ASKED).only()

    assert (check.outcome, check.found) == (Outcome.SKIPPED, "no container mounts a file or folder of this machine")
