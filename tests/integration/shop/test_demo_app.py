"""The demo application: version 1 and 2 are good, version 3 is broken where no health page looks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    Command = Callable[..., subprocess.CompletedProcess[str]]
    Serve = Callable[[Path, Mapping[str, str]], httpx.Client]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "gonogo" / "demo" / "app"
CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
NOTE = {"author": "Ada", "body": "The view is splendid."}


def files(folder: Path) -> dict[str, bytes]:
    """Return a folder's files by relative path, those of caches aside."""
    found = (path for path in folder.rglob("*") if path.is_file() and not CACHES & set(path.parts))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture
def trees(tmp_path: Path) -> dict[str, Path]:
    """Return the three versions as whole trees: each overlay laid over the one before."""
    made: dict[str, Path] = {}
    for version in ("v1", "v2", "v3"):
        made[version] = tmp_path / version
        for layer in ("v1", "v2", "v3")[: len(made)]:
            shutil.copytree(DEMO / layer, made[version], dirs_exist_ok=True)
    return made


@pytest.mark.parametrize(("older", "newer"), [("v1", "v2"), ("v2", "v3")])
def test_an_overlay_holds_only_what_changes(trees: dict[str, Path], older: str, newer: str) -> None:
    """Every file of an overlay is new or differs from the version before."""
    before = files(trees[older])
    overlay = files(DEMO / newer)

    assert overlay
    assert [name for name, content in overlay.items() if before.get(name) == content] == []


def test_only_version_two_migrates() -> None:
    """Version 2 brings one migration, version 3 none."""
    brought = {v: sorted(n for n in files(DEMO / v) if n.startswith("alembic/versions/")) for v in ("v1", "v2", "v3")}

    assert brought == {
        "v1": ["alembic/versions/0001_notes.py"],
        "v2": ["alembic/versions/0002_place.py"],
        "v3": [],
    }


def stand(client: httpx.Client) -> dict[str, Any]:
    """Return the status of each page, and what the guestbook counts."""
    pages = {path: client.get(path).status_code for path in ("/", "/healthz", "/readyz", "/notes", "/notes/1")}
    return {**pages, "notes": client.get("/stats").json()["notes"]}


@pytest.mark.thorough
def test_three_deployments(
    trees: dict[str, Path], new_database: Callable[[], str], run_in: Command, serve: Serve
) -> None:
    """Versions 1 and 2 serve; 3 is ready and only /notes is 500; 2 and 1 serve again on the newer schema."""
    variables = {"DATABASE_URL": new_database(), "GONOGO_RELEASE": "r1", "GONOGO_COMMIT": "abc"}
    good = {"/": 200, "/healthz": 200, "/readyz": 200, "/notes": 200, "/notes/1": 200}

    run_in(trees["v1"], variables, "alembic", "upgrade", "head")
    client = serve(trees["v1"], variables)
    assert client.post("/notes", json=NOTE).status_code == 201
    assert client.get("/healthz").json() == {"status": "ok", "release": "r1", "commit": "abc"}
    assert stand(client) == {**good, "/notes/1": 404, "notes": 1}

    behind = serve(trees["v2"], variables)
    assert behind.get("/readyz").status_code == 503

    run_in(trees["v2"], variables, "alembic", "upgrade", "head")
    client = serve(trees["v2"], variables)
    assert client.post("/notes", json={**NOTE, "place": "Utrecht"}).json()["place"] == "Utrecht"
    assert stand(client) == {**good, "notes": 2}

    run_in(trees["v3"], variables, "alembic", "upgrade", "head")
    assert stand(serve(trees["v3"], variables)) == {**good, "/notes": 500, "notes": 2}

    client = serve(trees["v2"], variables)
    assert stand(client) == {**good, "notes": 2}
    assert [note["place"] for note in client.get("/notes").json()] == ["Utrecht", None]

    assert stand(serve(trees["v1"], variables)) == {**good, "/notes/1": 404, "notes": 2}


def test_readiness_names_its_components(trees: dict[str, Path], new_database: Callable[[], str], serve: Serve) -> None:
    """On an empty database /readyz is 503: the database is well, the migrations are not."""
    answer = serve(trees["v1"], {"DATABASE_URL": new_database()}).get("/readyz")

    found = answer.json()
    assert answer.status_code == 503
    assert found["ok"] is False
    assert {check["name"]: check["ok"] for check in found["checks"]} == {"db": True, "migrations": False}


@pytest.mark.thorough
def test_version_three_imports(trees: dict[str, Path], run_in: Command) -> None:
    """Nothing static sees the fault: version 3 compiles and imports."""
    run_in(trees["v3"], {}, "compileall", "-q", "app")
    run_in(trees["v3"], {}, "timeit", "-n", "1", "-r", "1", "import app.main")


def test_every_file_arrives_in_the_wheel(tmp_path: Path) -> None:
    """A wheel carries all files of the demo application, those whose name starts with a dot too, and no bytecode."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("gonogo", "checks", "plugins"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True, text=True)

    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = {name.removeprefix("gonogo/demo/app/") for name in wheel.namelist() if "/demo/app/" in name}

    assert packed == set(files(DEMO))
