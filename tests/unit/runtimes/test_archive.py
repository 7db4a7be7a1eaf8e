"""Files that `docker save` writes."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Literal

import pytest

from gonogo.errors import UsageError
from gonogo.runtimes.archive import MANIFEST, familiar, images_in, manifest_of

How = Literal["w", "w:gz", "w:bz2", "w:xz"]
ONE, TWO = "1" * 64, "2" * 64
LISTED = [
    {"Config": f"{ONE}.json", "RepoTags": ["shop:1", "registry.example.com/shop:1"], "Layers": []},
    {"Config": f"blobs/sha256/{TWO}", "RepoTags": ["docker.io/library/web:2"], "Layers": []},
    {"Config": f"blobs/sha256/{TWO}", "RepoTags": None, "Layers": []},
]


def saved(file: Path, listed: object, *, name: str = MANIFEST, how: How = "w:gz") -> Path:
    """A file as it would be written, without layers."""
    text = json.dumps(listed).encode()
    with tarfile.open(file, how) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return file


@pytest.mark.parametrize("how", ["w", "w:gz", "w:bz2", "w:xz"])
def test_names_lead_to_ids(tmp_path: Path, how: How) -> None:
    """In the older layout and in that of OCI, however the file is compressed."""
    assert images_in(manifest_of(saved(tmp_path / "shop", LISTED, how=how))) == {
        "shop:1": f"sha256:{ONE}",
        "registry.example.com/shop:1": f"sha256:{ONE}",
        "web:2": f"sha256:{TWO}",
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("docker.io/library/web:1", "web:1"),
        ("docker.io/org/web:1", "org/web:1"),
        ("r.example.com/web:1", "r.example.com/web:1"),
    ],
)
def test_a_name_is_written_as_docker_lists_it(name: str, shown: str) -> None:
    """Without the registry that goes without saying."""
    assert familiar(name) == shown


def test_what_docker_save_did_not_write_is_refused(tmp_path: Path) -> None:
    """No file, no archive, half an archive, one without a list, a list of something else: what is expected is said."""
    whole = saved(tmp_path / "whole", LISTED)
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "half").write_bytes(whole.read_bytes()[:40])
    saved(tmp_path / "other", LISTED, name="other.json")
    saved(tmp_path / "strange", {"Config": 1})

    for name in ("none", "text", "half", "other", "strange"):
        with pytest.raises(UsageError, match=f"--images: .*/{name}: found .*, expected what `docker save` wrote"):
            manifest_of(tmp_path / name)
