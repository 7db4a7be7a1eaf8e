"""The same bytes under another path are the mapping."""

from __future__ import annotations

import hashlib

from gonogo.inspection.code.contents import FileDigest
from gonogo.inspection.code.located import located

__all__: list[str] = []


def of(*paths: str, size: int = 100) -> dict[str, FileDigest]:
    """Files whose content is their name's, longer."""
    return {path: digest(path.rpartition("/")[2], size) for path in paths}


def digest(text: str, size: int = 100) -> FileDigest:
    """A digest that is told by a text."""
    return FileDigest(sha256=hashlib.sha256(text.encode()).hexdigest(), size=size)


SOURCE = of("nginx.conf", "README.md", "backend/app/main.py", "backend/app/views/home.py", "web/robots.txt")


def test_folders_are_found_by_their_files() -> None:
    """Each part of the repository where most of its files stand, the innermost folder that they share."""
    image = of("/srv/app/main.py", "/srv/app/views/home.py", "/usr/share/nginx/html/robots.txt", "/bin/sh")

    assert located(SOURCE, image) == {"backend/app": "/srv/app", "web": "/usr/share/nginx/html"}


def test_the_repository_itself_is_found() -> None:
    """Files of several folders are all below one."""
    image = {f"/app/{path}": digest for path, digest in SOURCE.items()}

    assert located(SOURCE, image) == {".": "/app"}


def test_a_file_may_have_another_name() -> None:
    """`COPY nginx.conf /etc/nginx/conf.d/default.conf`."""
    image = {"/etc/nginx/conf.d/default.conf": digest("nginx.conf")}

    assert located(SOURCE, image) == {"nginx.conf": "/etc/nginx/conf.d/default.conf"}


def test_small_files_tell_nothing() -> None:
    """Empty files are alike everywhere."""
    assert located(of("app/__init__.py", size=0), of("/usr/lib/x/__init__.py", size=0)) == {}
    assert located(SOURCE, {"/etc/motd": digest("else")}) == {}
