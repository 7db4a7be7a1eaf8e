"""Files of images that go to a host."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from gonogo.inspection.probe_answers import script
from gonogo.remote import images
from gonogo.remote.connection import Connection, Said
from gonogo.runtimes.archive import images_in, manifest_of
from tests.unit.runtimes.test_archive import LISTED, ONE, TWO, How, saved


@dataclass
class Host:
    """The other side, which keeps what it is sent."""

    known: bool
    sent: list[tuple[bool, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = "host"

    def ask(self, do: str, kind: str, data: bytes = b"", **facts: Any) -> Said:
        """An answer."""
        if do == "probe":
            self.asked += facts["ids"]
            return Said(kind=kind, facts={"code": 0}, data=json.dumps({"known": self.known}).encode())
        self.sent.append((facts["first"], data))
        return Said(kind=kind, facts={"path": f"/there/{facts['id']}/{facts['name']}"})


def brought(host: Host, file: Path) -> str:
    """Where it is there."""
    return images.bring_images(cast("Connection", host), file, run="r", place={}, say=lambda _: None)


@pytest.mark.parametrize("how", ["w", "w:gz"])
def test_a_file_goes_in_pieces_and_compressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: How) -> None:
    """One that is compressed goes as it is; the first piece begins the file."""
    monkeypatch.setattr(images, "_PIECE", 100)
    file, host = saved(tmp_path / "shop", LISTED, how=how), Host(known=False)

    assert brought(host, file) == "/there/r/shop"
    assert sorted(host.asked) == [f"sha256:{ONE}", f"sha256:{TWO}"]
    assert [first for first, _ in host.sent] == [True, *[False] * (len(host.sent) - 1)]
    whole = b"".join(piece for _, piece in host.sent)
    assert whole == file.read_bytes() if how == "w:gz" else gzip.decompress(whole) == file.read_bytes()


def test_what_the_host_has_is_not_sent(tmp_path: Path) -> None:
    """Its list alone tells the host which name means which image."""
    host = Host(known=True)
    file = saved(tmp_path / "shop", LISTED)
    brought(host, file)

    ((_, sent),) = host.sent
    there = tmp_path / "there"
    there.write_bytes(sent)
    with tarfile.open(fileobj=io.BytesIO(sent)) as archive:
        assert archive.getnames() == ["manifest.json"]
    assert images_in(manifest_of(there)) == images_in(manifest_of(file))


def test_the_agent_adds_pieces_to_one_file(tmp_path: Path) -> None:
    """Closed to others, in the folder of the run; a first piece begins it anew."""
    facts = {"do": "append", "id": "r", "name": "images.tar", "state": str(tmp_path), "app": "a", "env": "e"}
    pieces = ((b"old", True), (b"one", True), (b"two", False))
    told = b"".join(
        json.dumps({**facts, "size": len(data), "first": first}).encode() + b"\n" + data for data, first in pieces
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script("agent.py")], input=told, capture_output=True, check=True, timeout=60
    )

    path = tmp_path / "remote/runs/r/brought/images.tar"
    assert path.read_bytes() == b"onetwo"
    assert path.stat().st_mode & 0o777 == 0o600
    assert done.stdout.count(json.dumps({"path": str(path)})[1:-1].encode()) == 3
    assert list(path.parent.iterdir()) == [path]
