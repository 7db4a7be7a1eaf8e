"""What a run on a host leaves, brought here."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gonogo.remote.connection import Said
from gonogo.remote.follow import Follower


class Answers:
    """A connection whose agent hands out one archive."""

    def __init__(self, archive: bytes) -> None:
        """Every question is answered with it."""
        self._archive = archive

    def ask(self, _do: str, kind: str, **_facts: Any) -> Said:
        """The archive, whatever was asked."""
        return Said(kind=kind, facts={}, data=self._archive)


def packed(members: dict[str, tuple[bytes, bytes]]) -> bytes:
    """An archive of members: type and content by name."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, (kind, content) in members.items():
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(content) if kind == tarfile.REGTYPE else 0
            member.linkname = "/etc" if kind == tarfile.SYMTYPE else ""
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def test_reports_come_home_and_nothing_leaves_their_folder(tmp_path: Path) -> None:
    """Pages land in ``reports/``, a README that is there stays, and links and paths upwards lead nowhere."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "README.md").write_text("ours")
    file, link = tarfile.REGTYPE, tarfile.SYMTYPE
    members = {
        "prod/run/page": (file, b"page"),
        "../../out": (file, b"x"),
        "etc": (link, b""),
        "README.md": (file, b""),
    }
    archive = packed(members)
    told: list[str] = []
    answers: Any = Answers(archive)
    project: Any = SimpleNamespace(root=tmp_path, app=SimpleNamespace(name="shop"))
    environment: Any = SimpleNamespace(name="prod", state=None)
    follower = Follower(answers, project, environment, vantage=SimpleNamespace(), say=told.append)  # type: ignore[arg-type]

    follower._bring_home("run", {})

    files = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        "reports/README.md": "ours",
        "reports/out": "x",
        "reports/prod/run/page": "page",
    }
    assert not (tmp_path / "reports" / "etc").exists()
    assert told == []
