"""gonogo.runtimes.compose.stores: what a first deploy that is stopped leaves for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from gonogo.host.runner import Command, Completed, Host
from gonogo.runtimes.compose.stores import absent, stores_of


def model(**services: Any) -> dict[str, Any]:
    """A rendered model with one declared volume."""
    return {"name": "shop", "services": services, "volumes": {"data": {"name": "shop_data"}}}


def volume(source: str, **more: Any) -> dict[str, Any]:
    """A mounted named volume."""
    return {"type": "volume", "source": source, "target": "/data", **more}


def bind(source: Path, **more: Any) -> dict[str, Any]:
    """A mounted file or folder of the host."""
    return {"type": "bind", "source": str(source), "target": "/data", **more}


def test_service_without_any_store_leaves_nothing() -> None:
    """What a container wrote into itself goes with it; what it may only read is not its doing."""
    web = {"build": {}, "volumes": [volume("data", read_only=True), {"type": "tmpfs", "target": "/tmp"}]}  # noqa: S108

    assert stores_of(model(web=web), ("web",)) == ()


def test_volumes_stay_whoever_mounts_them() -> None:
    """Once each, by the name that the Engine knows; the store behind has one, so nothing more is said of it."""
    web, db = {"build": {}, "volumes": [volume("data")]}, {"image": "postgres", "volumes": [volume("data")]}

    assert stores_of(model(web=web, db=db), ("web",)) == ("the volume shop_data",)


def test_store_without_a_named_volume_keeps_what_its_image_declares() -> None:
    """An anonymous volume is left behind by `docker compose down` as well."""
    assert stores_of(model(web={"build": {}}, db={"image": "postgres"}), ("web",)) == ("what db keeps",)


def test_writable_folders_stay_and_single_files_do_not_count(tmp_path: Path) -> None:
    """Uploads are stored; a socket or a file of settings is not."""
    (tmp_path / "file").touch()
    mounts = [bind(tmp_path), bind(tmp_path / "file"), bind(tmp_path, read_only=True)]

    assert stores_of(model(web={"build": {}, "volumes": mounts}), ("web",)) == (f"the folder {tmp_path}",)


class Engine:
    """A Docker command that knows one image and one container."""

    def run(self, command: Command, **_: object) -> Completed:
        """Answer as the Engine does."""
        what = command.argv[-1]
        if command.argv[1] == "ps":
            return Completed(command=command, code=0, output="cache\n", errors="", seconds=0.0, pid=1)
        known = what == "postgres:16"
        errors = "" if known else f"Error response from daemon: No such image: {what}"
        return Completed(command=command, code=int(not known), output="", errors=errors, seconds=0.0, pid=1)


def test_images_that_a_start_would_pull_are_found() -> None:
    """Not those of what is deployed or built, nor of what has a container, nor what is never pulled."""
    found = absent(
        model(
            web={"image": "web:1"},
            db={"image": "postgres:16"},
            cache={"image": "redis:7"},
            queue={"image": "rabbitmq:4"},
            own={"image": "own", "pull_policy": "never"},
            built={"image": "built", "build": {"context": "."}},
        ),
        ("web",),
        project="shop",
        host=cast("Host", Engine()),
    )

    assert found == ("queue",)
