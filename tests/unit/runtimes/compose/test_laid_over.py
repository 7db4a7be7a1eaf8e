"""What a service mounts over its image: which files, and as which archive."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from gonogo.runtimes.compose.copies import keep_copy
from gonogo.runtimes.compose.laid_over import archive_of, laid_over, merged

__all__: list[str] = []


@pytest.fixture
def host(tmp_path: Path) -> dict[str, Path]:
    """A checkout with a file of its own, the release's source, and the state folder."""
    places = {name: tmp_path / name for name in ("checkout", "release", "state")}
    for name in ("checkout", "release"):
        (places[name] / "src").mkdir(parents=True)
        (places[name] / "src/a.py").write_text(f"# {name}\n")
    (places["checkout"] / ".env").write_text("A=1\n")
    (places["checkout"] / "data").mkdir()
    (places["checkout"] / "data/app.db").write_text("rows")
    places["state"].mkdir()
    return places


def found_in(host: dict[str, Path], **mounts: str) -> list[tuple[str, str, str]]:
    """Source, target and path of what is laid over, for targets and their sources."""
    volumes = [{"type": "bind", "source": source, "target": f"/{target}"} for target, source in mounts.items()]
    model = {"services": {"web": {"volumes": volumes}, "other": {}}}
    found = laid_over(model, "web", root=host["release"], path=host["checkout"], state=host["state"])
    return [(str(one.source), one.target, one.path) for one in found]


def test_code_is_the_releases_wherever_the_mount_points(host: dict[str, Path]) -> None:
    """A folder of the checkout is read at the release's commit, a kept copy where it stands; both know their path."""
    release, checkout = host["release"], host["checkout"]
    copy = keep_copy(release / "src", ["a.py"], state=host["state"], own=checkout / "src")

    assert found_in(host, code=str(checkout / "src")) == [(str(release / "src"), "/code", "src")]
    assert found_in(host, code=str(copy)) == [(str(copy), "/code", "src")]


def test_a_module_of_the_hosts_own_is_seen_in_a_folder_that_stays_the_hosts(host: dict[str, Path]) -> None:
    """Settings that each machine writes (``local.py``, ignored by git); no caches, and no folder that the commit has not."""
    checkout, release = host["checkout"], host["release"]
    (checkout / "src/local.py").write_text("DEBUG = False\n")
    (checkout / "src/__pycache__").mkdir()
    (checkout / "src/__pycache__/x.py").write_text("")
    (checkout / "data/tool.py").write_text("")
    seen = found_in(host, app=str(checkout))

    assert seen == [(str(release), "/app", "."), (str(checkout / "src/local.py"), "/app/src/local.py", "")]


def test_of_the_host_only_single_files_are_laid_over(host: dict[str, Path]) -> None:
    """Settings are needed to start; folders of data, devices and what is not there are left alone."""
    checkout = host["checkout"]

    assert found_in(host, env=str(checkout / ".env")) == [(str(checkout / ".env"), "/env", "")]
    assert found_in(host, data=str(checkout / "data"), gone=str(checkout / "gone"), null="/dev/null") == []


def test_files_are_seen_as_the_service_sees_them(host: dict[str, Path]) -> None:
    """A mount hides what the image has there; other files stay."""
    model = {"services": {"web": {"volumes": [{"type": "bind", "source": str(host["release"]), "target": "/app"}]}}}
    found = list(laid_over(model, "web", root=host["release"], path=host["checkout"], state=host["state"]))
    image = dict.fromkeys(("/app/old.py", "/usr/lib/x.py"), next(iter(found[0].files(["/app"]).values())))

    assert set(merged(found, ["/app", "/usr"], image)) == {"/app/src/a.py", "/usr/lib/x.py"}
    with tarfile.open(fileobj=io.BytesIO(archive_of(found))) as archive:
        assert "app/src/a.py" in archive.getnames()
    assert archive_of([]) == b""
