"""Where files stand in an image: a target that may be a folder is looked up in the image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from gonogo.inspection.code.contents import FileDigest
from gonogo.runtimes.compose.layout import layout_of

__all__: list[str] = []

ONE = FileDigest(sha256="0" * 64, size=1, mode=0o644)


def read(*held: str) -> dict[str, FileDigest]:
    """An image's files."""
    return dict.fromkeys(held, ONE)


@pytest.mark.parametrize(
    ("target", "held", "place"),
    [
        ("/etc/nginx/conf.d", ["/etc/nginx/conf.d/nginx.conf"], "/etc/nginx/conf.d/nginx.conf"),
        ("/etc/nginx/conf.d/", ["/etc/nginx/conf.d/nginx.conf"], "/etc/nginx/conf.d/nginx.conf"),
        ("/etc/nginx/conf.d/site.conf", ["/etc/nginx/conf.d/site.conf"], "/etc/nginx/conf.d/site.conf"),
    ],
)
def test_a_file_that_is_copied_to_a_folder_stands_in_it(
    tmp_path: Path, target: str, held: list[str], place: str
) -> None:
    """Docker puts it there although no slash says so; a new name stays a name."""
    (tmp_path / "nginx.conf").write_text("server {}\n")
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1\nCOPY nginx.conf {target}\n")

    def reader(paths: Iterable[str]) -> dict[str, FileDigest]:
        wanted = tuple(paths)
        return read(*(path for path in held if any(path == one or path.startswith(f"{one}/") for one in wanted)))

    layout = layout_of(None, {"context": str(tmp_path)}, root=tmp_path, workdir="/", read=reader)

    assert layout.code == {"nginx.conf": place}
    assert layout.known_by == "Dockerfile"
