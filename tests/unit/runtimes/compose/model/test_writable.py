"""Which mounts hold data, and what of them a service can no longer write to."""

from __future__ import annotations

from typing import Any

from gonogo.runtimes.compose.model.writable import Data, data_mounts, judged, tracked_folders

__all__: list[str] = []


def volume(source: str, target: str, **more: Any) -> dict[str, Any]:
    """A named volume as Compose renders it."""
    return {"type": "volume", "source": source, "target": target, **more}


def bind(source: str, target: str, **more: Any) -> dict[str, Any]:
    """A folder or file of the host."""
    return {"type": "bind", "source": source, "target": target, **more}


MODEL = {
    "name": "shop",
    "volumes": {"uploads": {}, "static": {"name": "shop_static"}, "certs": {"external": True, "name": "certs"}},
    "services": {
        "web": {
            "volumes": [
                volume("uploads", "/app/uploads"),
                volume("static", "/app/static"),
                volume("certs", "/certs", read_only=True),
                volume("", "/app/.venv"),
                bind("/srv/shop/media", "/app/media"),
                bind("/srv/shop/app", "/app/app"),
                bind("/srv/shop/state/files/ab/x", "/app/x"),
                bind("/srv/shop/nginx.conf", "/etc/nginx/nginx.conf"),
                bind("/var/run/docker.sock", "/var/run/docker.sock"),
                bind("/", "/host", read_only=True),
            ]
        },
        "front": {"volumes": [volume("static", "/usr/share/nginx/html", read_only=True)]},
    },
}
UPLOADS = Data(source="shop_uploads", target="/app/uploads", is_here=True, is_elsewhere=False)
SHUT = Data(source="shop_uploads", target="/app/uploads", is_here=False, is_elsewhere=False)
SHARED = Data(source="shop_static", target="/html", is_here=False, is_elsewhere=True)


def test_volumes_and_folders_of_data() -> None:
    """Not code, copies of tracked files, configuration, sockets, anonymous volumes, or what others fill."""
    own = {"of_release": ("/srv/shop/state",), "tracked": ("/srv/shop", "/srv/shop/app")}

    assert [str(one) for one in data_mounts(MODEL, "web", **own)] == [
        "/app/uploads (volume shop_uploads)",
        "/app/static (volume shop_static)",
        "/app/media (folder /srv/shop/media)",
    ]
    assert list(data_mounts(MODEL, "front", **own)) == [
        Data(source="shop_static", target="/usr/share/nginx/html", is_here=False, is_elsewhere=True)
    ]


def test_folders_that_git_only_keeps_hold_data() -> None:
    """One with nothing in it but a placeholder is for what containers write."""
    assert tracked_folders(["app/main.py", "media/.gitkeep", "data/in/seed.csv"]) == {".", "app", "data", "data/in"}


def test_what_could_be_written_before_is_red() -> None:
    """The owner changed, or the model mounts it read-only, and nobody else writes there."""
    shut, before = {"/app/uploads": False}, {"shop_uploads": True}

    assert judged([UPLOADS], shut, before)[0] == [
        "/app/uploads (volume shop_uploads) cannot be written to by its user; expected as before, where it could"
    ]
    assert judged([SHUT], shut, before)[0] == [
        "/app/uploads (volume shop_uploads) is mounted read-only by every service; expected as before, where it could"
    ]


def test_what_may_be_meant_is_not_red() -> None:
    """The first deploy is told of it; what the serving release could not either, and what others write, is well."""
    shut = {"/app/uploads": False, "/html": False}
    first = ["/app/uploads (volume shop_uploads) cannot be written to by its user"]

    assert judged([UPLOADS, SHARED], shut, {}) == ([], first)
    assert judged([UPLOADS, SHARED], shut, {"shop_uploads": False, "shop_static": True}) == ([], [])
    assert judged([UPLOADS], {"/app/uploads": True}, {"shop_uploads": True}) == ([], [])
    assert judged([UPLOADS], {}, {"shop_uploads": True}) == ([], [])
