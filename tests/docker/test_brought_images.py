"""Images that CI built and pushed are pulled, judged, kept and gone back to as built ones are."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker as sdk
import pytest

from . import page
from .base_images import ensure
from .page import HEALTH
from .registry import REVISION, Registry, docker, registry_in
from .stack import Ended, Stack, stack, tags

__all__: list[str] = []

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("brought")]

MODEL = f"""\
services:
  web:
    build: .
    init: true
    ports: ["127.0.0.1:@PORT@:8000"]
{HEALTH}"""
TOML = """\
[app]
name = "brought"

[service.web]
image = "@IMAGE@"

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
keep = 2
health = { stable_for = "100ms", timeout = "60s" }

[[env.staging.endpoint]]
request = "GET /price"
contains = "cents"
"""
WELL, ILL = "'5 cents'", "'5 marks'"


@dataclass
class Site:
    """The application and the registry that its CI pushes to."""

    stack: Stack
    registry: Registry

    def commit(self, answer: str = WELL, *, image: str = "@HOST@/org/shop:{commit}", more: str = "") -> str:
        """A commit whose page answers so; nothing of it is pushed."""
        toml = TOML.replace("@IMAGE@", image).replace("@HOST@", self.registry.host)
        for name in ("project", "port", "state"):
            toml = toml.replace(f"@{name.upper()}@", str(getattr(self.stack, name)))
        toml = toml.replace("\n[env.staging]", f"{more}\n[env.staging]")
        self.stack.write(
            {
                "server.py": page.server(answer),
                "Dockerfile": page.DOCKERFILE,
                "docker-compose.yml": MODEL.replace("@PORT@", str(self.stack.port)),
                "gonogo.toml": toml,
                ".gitignore": "digest.txt\nreports/\n",
            }
        )
        self.stack.commit(answer)
        return self.stack.git("rev-parse", "HEAD")

    def push(self, commit: str, *, label: str | None = "") -> str:
        """What CI does with a commit: its image, labelled with it (or otherwise); returns the digest."""
        revision = commit if label == "" else label
        labels = () if revision is None else ("--label", f"{REVISION}={revision}")
        return self.registry.push(f"org/shop:{commit}", self.stack.root, *labels)

    def answer(self) -> str:
        """What visitors read; an empty text where nobody answers."""
        with self.stack.client() as client:
            return client.get("/price").text


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """An open registry."""
    with registry_in(tmp_path_factory.mktemp("registry") / "open") as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, engine: sdk.DockerClient, registry: Registry) -> Iterator[Site]:
    """The application's empty repository."""
    ensure("python:3.11-slim")
    with stack(tmp_path, engine, "brought") as made:
        made.create({})
        yield Site(made, registry)


def refused(ended: Ended) -> str:
    """Why nothing was touched."""
    assert ended.code == 1, ended
    assert ended.document["first_touch"] is None, ended
    return str(ended.document["reason"])


def newest(app: Stack) -> str:
    """The release that was made last."""
    return max(path.name for path in (app.state / "releases").iterdir())


def test_an_image_is_pulled_and_a_red_release_goes_back_to_the_one_before(site: Site, engine: sdk.DockerClient) -> None:
    """Nothing is built here; the digest and the commit are on record; the way back needs no registry."""
    good = site.commit()
    digest = site.push(good)
    first = site.stack.deploy()
    served = site.stack.images()
    bad = site.commit(ILL)
    site.push(bad)
    second = site.stack.deploy()

    assert first.code == 0, first
    release = site.stack.release(first.document["release"])
    name = f"{site.registry.host}/org/shop:{good}"
    assert release["brought"]["web"] == {
        "name": name,
        "labelled": True,
        "digest": digest,
        "archive": "",
        "revision": good,
        "alike": False,
    }
    assert f"web was not built here: {name} ({digest}); its label names {good}." in first.document["notes"]
    built = next(step for step in first.document["steps"] if step["name"] == "build")
    assert built["said"] == f"docker pull --quiet {name}"
    assert second.code == 1, second
    assert second.document["ended"]["kind"] == "reverted"
    assert site.stack.images() == served
    assert site.answer() == "5 cents"
    assert not [tag for tag in tags(engine) if tag.startswith(site.registry.host)]


def test_an_image_of_another_commit_is_refused_before_the_first_touch(site: Site) -> None:
    """Whatever its tag says: the label names what it was built from, and what serves goes on."""
    good = site.commit()
    site.push(good)
    assert site.stack.deploy().code == 0
    before = site.stack.lives()
    other = site.commit(ILL)
    site.push(other, label=good)

    assert refused(site.stack.deploy()) == (
        f"B01[web]: image {site.stack.project}-web:{newest(site.stack)}: {REVISION}: found {good}, expected {other}"
    )
    assert site.stack.lives() == before


def test_an_image_without_a_label_goes_where_that_is_said(site: Site) -> None:
    """It is refused with what CI should write; ``revision = false`` lets it go, and the record says so."""
    one = site.commit()
    site.push(one, label=None)
    ended = site.stack.deploy()
    two = site.commit(more="revision = false\n")
    site.push(two, label=None)
    first = site.stack.deploy()

    assert f"{REVISION}: found no such label, expected {one}" in refused(ended)
    assert "revision = false under [service.web]" in ended.document["causes"][0]["remedy"]
    assert first.code == 0, first
    said = "; its label names no commit; that was not asked for (revision = false)."
    assert any(note.startswith("web was not built here") and note.endswith(said) for note in first.document["notes"])


def test_ci_that_builds_only_what_changed_names_the_commit_that_did(site: Site) -> None:
    """The label may name an earlier commit, which has the same of what the image is built from; a file more is red."""
    site.commit()
    site.stack.replace("docker-compose.yml", "build: .", "build: ./shop")
    for name in ("server.py", "Dockerfile"):
        site.stack.write({f"shop/{name}": (site.stack.root / name).read_text()})
    site.stack.commit("In a folder of its own")
    built = site.stack.git("rev-parse", "HEAD")
    site.stack.write({"README.md": "For people.\n"})
    site.stack.commit("Beside it")
    later = site.stack.git("rev-parse", "HEAD")
    context = site.stack.root / "shop"
    site.registry.push(f"org/shop:{later}", context, "--label", f"{REVISION}={built}")
    first = site.stack.deploy()
    site.stack.write({"shop/more.txt": "More.\n"})
    site.stack.commit("In it")
    last = site.stack.git("rev-parse", "HEAD")
    site.registry.push(f"org/shop:{last}", context, "--label", f"{REVISION}={built}")

    assert first.code == 0, first
    assert site.stack.release(first.document["release"])["brought"]["web"]["alike"] is True
    assert f"{REVISION}: found {built}, expected {last}" in refused(site.stack.deploy())


def test_what_a_registry_does_not_hand_out_ends_before_the_first_touch(
    site: Site, engine: sdk.DockerClient, tmp_path: Path
) -> None:
    """A tag that is not there, a registry that is not, one that asks who it is, another machine's image: each says so."""
    commit = site.commit()
    absent = refused(site.stack.deploy())
    site.push(commit, label=commit)
    with registry_in(tmp_path / "locked", locked=True) as locked:
        site.commit(image=f"{locked.host}/shop:{{short}}")
        denied = refused(site.stack.deploy())
    away = refused(site.stack.deploy())
    other = site.commit("'7 cents'")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    site.registry.push(f"org/shop:{other}", tmp_path, "--platform", "linux/s390x", "--label", f"{REVISION}={other}")
    foreign = refused(site.stack.deploy())

    name = f"service.web.image: {site.registry.host}/org/shop"
    assert absent.startswith(f"{name}:{commit}: found no such image in the registry (")
    assert "found a registry that refuses to hand it out to this user (" in denied
    assert f"docker login {locked.host}" in denied
    assert "found no registry that answers (" in away
    assert foreign.startswith(f"{name}:{other}: found an image for linux/s390x, expected one for this machine's linux/")
    assert not site.stack.containers()
    assert not [tag for tag in tags(engine) if tag.startswith(site.registry.host)]


def test_a_digest_is_read_from_a_file_and_a_worker_runs_the_same_image(site: Site) -> None:
    """CI leaves the digest beside the env file; whoever runs an image of that name gets it too; both are gone back to."""
    worker = "  worker:\n    init: true\n    image: shop\n    command: [sleep, infinity]\n"
    more = '[service.worker]\nimage = "@HOST@/org/shop@{file:digest.txt}"\n'.replace("@HOST@", site.registry.host)

    def made(answer: str) -> str:
        site.commit(answer, image="@HOST@/org/shop@{file:digest.txt}", more=more)
        text = (site.stack.root / "docker-compose.yml").read_text().replace("build: .\n", "image: shop\n")
        site.stack.write({"docker-compose.yml": text + worker})
        site.stack.commit("With a worker")
        return site.push(site.stack.git("rev-parse", "HEAD"))

    digest = made(WELL)
    missing = refused(site.stack.deploy())
    site.stack.write({"digest.txt": f"{digest}\n"})
    first = site.stack.deploy()
    served = site.stack.images()
    site.stack.write({"digest.txt": f"{made(chr(34) + '6 cents' + chr(34))}\n"})
    second = site.stack.deploy()
    back = site.stack.gonogo("rollback", "--env", "staging", "--yes", "--json")

    assert missing.startswith("service.web.image: digest.txt: found no such file in the commit, nor as ")
    assert first.code == second.code == back.code == 0, (first, second, back)
    assert served["web"] == served["worker"]
    assert site.stack.release(first.document["release"])["brought"]["worker"]["digest"] == digest
    assert site.stack.images() == served
    assert site.answer() == "5 cents"


def test_a_red_first_release_leaves_nothing_and_what_is_not_kept_goes(site: Site, engine: sdk.DockerClient) -> None:
    """A first deployment of a brought image that goes red is stopped; older releases' images go with them."""
    bad = site.commit(ILL)
    site.push(bad)
    first = site.stack.deploy()
    nobody = site.stack.containers()
    for price in range(4):
        site.push(site.commit(f"'{price} cents'"))
        assert site.stack.deploy().code == 0
    kept = {tag.partition(":")[2] for tag in tags(engine) if tag.startswith(f"{site.stack.project}-web:")}

    assert first.code == 1, first
    assert not nobody
    assert kept == {path.name for path in (site.stack.state / "releases").iterdir()}
    assert len(kept) < 5


def test_a_file_of_images_needs_no_registry(site: Site, engine: sdk.DockerClient, tmp_path: Path) -> None:
    """What `docker save` wrote is loaded, judged and gone back to; no name of it stays, and another image is refused."""
    name = f"{site.stack.project}-saved"
    file = tmp_path / "shop.tar.gz"

    def saved(answer: str) -> None:
        commit = site.commit(answer, image=f"{name}:{{commit}}")
        reference = f"{name}:{commit}"
        docker("build", "--quiet", "--tag", reference, "--label", f"{REVISION}={commit}", str(site.stack.root))
        with gzip.open(file, "wb", 1) as out:
            out.write(subprocess.run(["docker", "save", reference], check=True, capture_output=True).stdout)
        docker("image", "rm", reference)

    saved(WELL)
    first = site.stack.deploy("--images", str(file))
    served = site.stack.images()
    saved(ILL)
    second = site.stack.deploy("--images", str(file))
    wanted = site.commit("'7 cents'", image=f"{name}:{{commit}}")
    other = refused(site.stack.deploy("--images", str(file)))

    assert first.code == 0, first
    brought = site.stack.release(first.document["release"])["brought"]["web"]
    assert (brought["archive"], brought["digest"]) == ("shop.tar.gz", "")
    assert second.code == 1, second
    assert second.document["ended"]["kind"] == "reverted"
    assert site.stack.images() == served
    assert not [tag for tag in tags(engine) if tag.startswith(name)]
    assert other.startswith(f"--images: shop.tar.gz: found {name}:")
    assert f"expected {name}:{wanted}, as service.web.image says" in other
