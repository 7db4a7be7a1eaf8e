"""A release is built from one model and started from another, which nothing can change later."""

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gonogo.runtimes.compose.model.pinned import pin, with_build

DATA = Path(__file__).parent / "data" / "compose"
IMAGES = dict.fromkeys(("api", "jobs", "migrate"), "shop-api:20261121T221003-9a41b7d")
COMMIT = "9a41b7d2f1c9e09a41b7d2f1c9e09a41b7d2f1c9"
RELEASE = "20261121T221003-9a41b7d"


@pytest.fixture
def shop() -> dict[str, Any]:
    """The shop's model as `docker compose config --format json` rendered it."""
    model: dict[str, Any] = json.loads((DATA / "shop.json").read_text())
    return model


def _pinned(model: dict[str, Any]) -> dict[str, Any]:
    return pin(
        model,
        images=IMAGES,
        worktree="/srv/worktree/",
        project_dir="/opt/shop",
        files={"caddy": "/state/files/caddy", "config.toml": "/state/files/config.toml"},
        release=RELEASE,
        commit=COMMIT,
    )


def test_pin_names_images_and_builds_nothing(shop: dict[str, Any]) -> None:
    """Deployed services run the release's images, and nothing is left that would build or pull them."""
    services = _pinned(shop)["services"]

    assert {name: services[name]["image"] for name in IMAGES} == IMAGES
    assert not [name for name, service in services.items() if "build" in service]
    assert "pull_policy" not in services["api"]
    assert services["db"]["image"] == "postgres:16"


def test_pin_names_the_release(shop: dict[str, Any]) -> None:
    """Deployed services carry release and commit as labels and in their environment; others are left as they are."""
    services = _pinned(shop)["services"]

    assert services["api"]["labels"] == {"gonogo.release": RELEASE, "gonogo.commit": COMMIT}
    assert services["api"]["environment"] == {
        "DATABASE_URL": "postgresql://postgres:x@db/postgres",
        "PASSED": None,
        "PRICE": "$$5",
        "GONOGO_RELEASE": RELEASE,
        "GONOGO_COMMIT": COMMIT,
    }
    assert services["jobs"]["environment"] == {"GONOGO_RELEASE": RELEASE, "GONOGO_COMMIT": COMMIT}
    assert services["db"] == shop["services"]["db"]


def test_pin_maps_paths(shop: dict[str, Any]) -> None:
    """Paths of the worktree become those of the project directory, or of the pinned copies."""
    pinned = _pinned(shop)

    assert [volume["source"] for volume in pinned["services"]["api"]["volumes"]] == [
        "/state/files/config.toml",
        "/opt/shop/uploads",
    ]
    assert pinned["services"]["web"]["volumes"][0]["source"] == "/state/files/caddy"
    assert pinned["secrets"]["jwt"]["file"] == "/opt/shop/jwt.txt"
    assert "/srv/worktree" not in json.dumps(pinned)


def test_pin_maps_whole_path_parts_only(shop: dict[str, Any]) -> None:
    """`/srv/worktree-2` is another folder, and the copy nearest to a file is the one that is used."""
    shop["services"]["web"]["volumes"][0]["source"] = "/srv/worktree-2/caddy"
    shop["services"]["api"]["volumes"][0]["source"] = "/srv/worktree/a/b/c"
    pinned = pin(
        shop,
        images={},
        worktree="/srv/worktree",
        project_dir="/opt/shop",
        files={"a": "/copy/a", "a/b": "/copy/b"},
        release=RELEASE,
        commit=COMMIT,
    )

    assert pinned["services"]["web"]["volumes"][0]["source"] == "/srv/worktree-2/caddy"
    assert pinned["services"]["api"]["volumes"][0]["source"] == "/copy/b/c"


def test_a_service_that_is_left_alone_keeps_its_image(shop: dict[str, Any]) -> None:
    """A service with `build` that is not deployed runs its own image, under Compose's name if it has no other."""
    del shop["services"]["api"]["image"]
    pinned = pin(shop, images={}, worktree="/w", project_dir="/p", files={}, release=RELEASE, commit=COMMIT)

    assert pinned["services"]["api"]["image"] == "shop-api"
    assert "labels" not in pinned["services"]["api"]


def test_the_model_itself_stays(shop: dict[str, Any]) -> None:
    """Both functions work on a copy."""
    before = copy.deepcopy(shop)

    _pinned(shop)
    with_build(shop, {"api": "x"}, {"a": "b"})

    assert shop == before


def test_with_build(shop: dict[str, Any]) -> None:
    """The release's tag and labels are added, the commit where the build asks for it; other tags would move a name."""
    model = with_build(
        shop, {"api": "shop-api:1"}, {"org.opencontainers.image.revision": COMMIT, "gonogo.release": RELEASE}
    )

    assert model["services"]["api"]["image"] == "shop-api:1"
    assert model["services"]["api"]["build"] == {
        "context": "/srv/worktree",
        "dockerfile": "Dockerfile",
        "args": {"GIT_COMMIT": COMMIT},
        "labels": {"team": "shop", "org.opencontainers.image.revision": COMMIT, "gonogo.release": RELEASE},
    }
    assert model["services"]["jobs"] == shop["services"]["jobs"]


def test_a_build_that_asks_for_no_commit_gets_none() -> None:
    """An argument that the service does not declare would spoil the cache."""
    model = {"name": "x", "services": {"a": {"build": "/src"}}}

    assert with_build(model, {"a": "a:1"}, {"org.opencontainers.image.revision": COMMIT})["services"]["a"] == {
        "build": {"context": "/src", "labels": {"org.opencontainers.image.revision": COMMIT}},
        "image": "a:1",
    }


def _compose() -> list[str] | None:
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]):
            answer = subprocess.run([*words, "version"], capture_output=True, text=True, check=False)
            if answer.returncode == 0 and "v1" not in answer.stdout and "version 1" not in answer.stdout:
                return words
    return None


@pytest.mark.parametrize("name", ["shop", "startup"])
def test_compose_renders_the_fixture_and_reads_the_pinned_model(name: str, tmp_path: Path) -> None:
    """The fixtures are what Compose renders, and a pinned model is valid and renders to itself."""
    compose = _compose()
    if compose is None:
        pytest.skip("docker compose is not installed here")
    folder = tmp_path / "worktree"
    folder.mkdir()
    shutil.copy(DATA / f"{name}.yml", folder)

    rendered = _render(compose, folder / f"{name}.yml")
    deployed = {service: "x:1" for service in rendered["services"] if "build" in rendered["services"][service]}
    pinned = pin(
        rendered, images=deployed, worktree=str(folder), project_dir="/opt/app", files={}, release="r", commit="c"
    )
    (tmp_path / "pinned.json").write_text(json.dumps(pinned))
    again = _render(compose, tmp_path / "pinned.json")

    fixture = json.loads((DATA / f"{name}.json").read_text().replace("/srv/worktree", str(folder)))
    assert _core(rendered) == _core(fixture)
    assert _core(again) == _core(pinned)


def _render(compose: list[str], file: Path) -> dict[str, Any]:
    command = [*compose, "-f", str(file), "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "POSTGRES_PASSWORD": "x"}
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=file.parent)
    model: dict[str, Any] = json.loads(answer.stdout)
    return model


def _core(model: dict[str, Any]) -> dict[str, Any]:
    """Leave out what versions of Compose render differently without meaning anything else."""
    keys = ("image", "build", "command", "environment", "labels", "ports", "depends_on", "restart")
    return {
        name: {key: service.get(key) for key in keys} | {"volumes": [v["source"] for v in service.get("volumes") or ()]}
        for name, service in model["services"].items()
    }
