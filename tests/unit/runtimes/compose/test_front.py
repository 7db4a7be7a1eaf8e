"""What a release changes of the proxy in front of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gonogo.runtimes.compose.front import changes_of

__all__: list[str] = []


def model(source: Path, **settings: Any) -> dict[str, Any]:
    """A model whose proxy mounts one file, or a folder."""
    mount = {"type": "bind", "source": str(source), "target": "/etc/nginx/conf.d", "read_only": True}
    return {"name": "shop", "services": {"front": {"image": "nginx:1", "volumes": [mount], **settings}}}


def test_a_changed_file_is_shown_with_its_lines(tmp_path: Path) -> None:
    """Only the lines that differ; a file that is the same, or that is no text, is left out."""
    for name, port in (("old", 8000), ("new", 9000)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "app.conf").write_text(f"server {{\n  proxy_pass http://web:{port};\n}}\n")
        (folder / "same.conf").write_text("gzip on;\n")
        (folder / "logo.png").write_bytes(b"\x89PNG\xff" + name.encode())

    assert list(changes_of("front", model(tmp_path / "old"), model(tmp_path / "new"))) == [
        ("/etc/nginx/conf.d/app.conf", "-  proxy_pass http://web:8000;\n+  proxy_pass http://web:9000;")
    ]


def test_changed_settings_and_a_new_proxy_are_named(tmp_path: Path) -> None:
    """Another image is a change too; what was not there before has no difference to show."""
    before = model(tmp_path)

    assert list(changes_of("front", before, model(tmp_path, image="nginx:2"))) == [("image", '-"nginx:1"\n+"nginx:2"')]
    assert list(changes_of("front", before, before)) == []
    (new,) = changes_of("front", {"name": "shop", "services": {}}, before)
    assert new == ("front", "the release before had no such service")


def test_another_tag_of_an_image_that_each_release_builds_is_no_change(tmp_path: Path) -> None:
    """It would send people to the image, whatever is wrong."""
    tags = ("shop-front:20261128T225603-e9119aa", "shop-front:20261128T225642-bb34620")
    before, after, other = (model(tmp_path, image=image) for image in (*tags, "proxy-front:20261128T225642-bb34620"))

    assert list(changes_of("front", before, after)) == []
    assert [key for key, _ in changes_of("front", before, other)] == ["image"]
