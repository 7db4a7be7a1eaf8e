"""Secrets in the rollback, tags, and which services a release has."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gonogo.runtimes.compose.copies import keep_copy
from gonogo.runtimes.compose.files import COMPOSE, write_model
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.pinning import startable, tags_of, with_secrets
from gonogo.state.release import Release

__all__: list[str] = []

NOW = datetime(2026, 11, 21, tzinfo=UTC)

MODEL = {
    "name": "shop",
    "services": {
        "api": {
            "build": {"context": "."},
            "environment": {
                "JWT_SECRET": "old-secret",
                "DATABASE_URL": "postgresql://shop:pa$$word@db/shop",
                "LOG_LEVEL": "info",
                "GONE_TOKEN": "revoked",
                "EMPTY": None,
            },
        },
        "jobs": {"image": "shop-api"},
        "web": {"image": "nginx:1"},
    },
}


def test_changed_secrets_keep_todays_value() -> None:
    """A rotated key does not return, neither by its name nor inside an address; a revoked one is left out."""
    changed = {
        "JWT_SECRET": ("old-secret", "new-secret"),
        "POSTGRES_PASSWORD": ("pa$word", "n$w-one"),
        "GONE_TOKEN": ("revoked", None),
    }
    today = with_secrets(MODEL, changed)

    assert today["services"]["api"]["environment"] == {
        "JWT_SECRET": "new-secret",
        "DATABASE_URL": "postgresql://shop:n$$w-one@db/shop",
        "LOG_LEVEL": "info",
        "EMPTY": None,
    }
    assert MODEL["services"]["api"]["environment"]["JWT_SECRET"] == "old-secret"  # type: ignore[index]


def test_value_that_the_model_sets_itself_stays() -> None:
    """A variable whose value did not come from the env file is not replaced."""
    today = with_secrets(MODEL, {"JWT_SECRET": ("another", "new")})

    assert today == MODEL


def test_tags_name_the_release_where_the_image_is_built() -> None:
    """A built service has its own tag, one that runs another's image shares it, one from elsewhere keeps its name."""
    made = roles.built_by(MODEL)
    tags = tags_of(MODEL, ("api", "jobs", "web"), made, project="Shop", release="20261121T221003-9a41b7d")

    assert tags == {
        "api": "shop-api:20261121T221003-9a41b7d",
        "jobs": "shop-api:20261121T221003-9a41b7d",
        "web": "nginx:1",
    }


def test_what_was_moved_out_of_a_copy_is_mounted_from_the_host(tmp_path: Path) -> None:
    """A release that comes back sees the host's data, not what stood in its copy when it was left."""
    for name in ("worktree/app", "host/app"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "worktree/app/main.py").write_text("x")
    copy = keep_copy(tmp_path / "worktree/app", ["main.py"], state=tmp_path, own=tmp_path / "host/app")
    for folder in (copy, tmp_path / "host/app"):
        (folder / "data.db").write_text(str(folder))
    mount = {"type": "bind", "source": str(copy), "target": "/srv/app"}
    release = Release(id="1", commit="1", env="x", runtime="compose", created=NOW, folder=tmp_path, root=tmp_path)
    write_model(tmp_path / COMPOSE, {"name": "shop", "services": {"web": {"image": "web", "volumes": [mount]}}})
    place: Any = SimpleNamespace(variables={})

    started = json.loads(startable(place, release).read_text())["services"]["web"]["volumes"]

    assert started == [mount, {**mount, "source": f"{tmp_path}/host/app/data.db", "target": "/srv/app/data.db"}]
