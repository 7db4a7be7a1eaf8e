"""The build checks, asked of a real environment by real gates: green, and red with the whole message."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.records.findings import findings
from gonogo.words import Exit, Outcome

from .deployed import API, SERVER, Deployed

pytestmark = pytest.mark.integration

MIGRATIONS = ("P35", "B15", "B19", "B20")
FASTAPI = 'framework = "fastapi"\nentrypoint = "api:app"\nmin_routes = 1\n'


@pytest.fixture(scope="module")
def built(deploy: Callable[..., Deployed]) -> Deployed:
    """A release with a FastAPI application and a job runner, built and not started."""
    jobs = '\n[service.jobs]\ncommand = "{python} jobs.py"\nentrypoint = "jobs:main"\n'
    job = 'def main():\n    raise SystemExit("a job runner must not be run to be seen")\n'
    return deploy(files={"api.py": API, "jobs.py": job}, service=FASTAPI + jobs, packages=("fastapi",))


def found(site: Deployed, code: str, chosen: str) -> tuple[Outcome, str]:
    """One check's outcome and message."""
    check = site.ask("build", chosen).check(code)
    return check.outcome, check.found


def edited(path: Path, text: str) -> Callable[[], None]:
    """Write into a file, and return what undoes it."""
    before = path.read_text()
    path.write_text(text)
    return lambda: (path.write_text(before), None)[1]


def test_all_is_green(built: Deployed) -> None:
    """Nothing is red in an environment that was made from the commit; every skip says why."""
    run = built.ask("build")
    skips = {check.code: check.found for check in run.checks if check.outcome is Outcome.SKIPPED}
    images = [
        f"{code}[{name}]" for code in ("B01", "B10", "B11", "B12", "B13", "B14", "B22") for name in ("jobs", "web")
    ]
    passed = sorted(check.code or "" for check in run.checks if check.outcome is Outcome.PASSED)

    assert run.code == Exit.GO
    assert passed == [
        *("B02[jobs]", "B02[web]", "B03[jobs]", "B03[web]", "B04[jobs]", "B04[web]", "B05[jobs]", "B05[web]"),
        *("B06[web]", "B08[jobs]", "B08[web]", "B09[jobs]", "B09[web]", "B24[jobs]", "B24[web]"),
    ]
    assert skips == {
        **dict.fromkeys(images, "runtime process builds no image"),
        "B06[jobs]": 'service.jobs has framework = "none"',
        **{f"{code}[{name}]": f"service.{name} has no migrations" for code in MIGRATIONS for name in ("jobs", "web")},
        "B07[jobs]": "service.jobs has no FastAPI entrypoint with a url",
        "B07[web]": "first deploy: nothing serves clients yet",
        "B17": "no Dockerfile of this repository is known to make an image of it",
        "B18": "runtime process starts no proxy",
        **dict.fromkeys(("B21[jobs]", "B21[web]"), "tier dev: a debug mode is nobody's mistake there"),
        "B23[none]": "no command is configured for build",
    }


def test_the_routes_are_handed_on(built: Deployed) -> None:
    """B06 attaches the routes as JSON, for the wrapper to keep with the release."""
    pieces = [piece for piece in built.ask("build", "routes").check("B06[web]").evidence if piece.title == "routes"]

    assert [piece.kind for piece in pieces] == ["json"]
    assert [(row["methods"], row["path"]) for row in pieces[0].value if row["handler_module"] == "api"] == [
        (["GET"], "/items")
    ]


def test_a_file_that_is_not_the_commits_is_red(built: Deployed) -> None:
    """A tracked file with other bytes is found, though time and size are the old ones."""
    path = built.release.root / "api.py"
    status = path.stat()
    undo = edited(path, path.read_text().replace("items", "itemz"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    outcome = found(built, "B02[web]", "holds_the_commit")
    undo()
    label, commit = f"environment of release {built.release.id}", built.release.commit[:7]
    said = f"{path}: found another content, expected what commit {commit} has"

    assert outcome == (Outcome.FAILED, f"1 files in {label} are not those of {commit}; {said}")


@pytest.mark.thorough
def test_any_name_of_a_file_is_compared(deploy: Callable[..., Deployed]) -> None:
    """One whose bytes are no UTF-8 is compared byte for byte, and so is one that is called like a password."""
    files = {"caf\udce9.txt": "one", "templates/page.html": "two"}
    site = deploy(files=files, env="DB_PASSWORD=templates\n")
    contents = site.ask("build", "holds_the_commit", workers=2)
    undo = edited(site.release.root / "caf\udce9.txt", "other")
    changed = site.ask("build", "holds_the_commit", workers=2)
    undo()
    label, commit = f"environment of release {site.release.id}", site.release.commit[:7]
    said = f"{site.release.root}/caf?.txt: found another content, expected what commit {commit} has"

    assert (contents.check("B02[web]").outcome, contents.check("B02[web]").found) == (Outcome.PASSED, "")
    assert contents.check("B02[web]").evidence[0].value == f"4 tracked files, 0 not in {label}"
    assert changed.check("B02[web]").found == f"1 files in {label} are not those of {commit}; {said}"


def test_a_file_that_is_lost_is_red(built: Deployed) -> None:
    """A tracked and required file that is gone is red in B02 and B08."""
    path = built.release.root / "server.py"
    text = path.read_text()
    path.unlink()
    contents = found(built, "B02[web]", "holds_the_commit")
    required = found(built, "B08[web]", "required")
    path.write_text(text)
    label, commit = f"environment of release {built.release.id}", built.release.commit[:7]

    assert contents == (
        Outcome.FAILED,
        f"1 files in {label} are not those of {commit}; {path}: found nothing, expected what commit {commit} has",
    )
    assert required == (Outcome.FAILED, f"{label}: found no server.py; expected 1 required paths")


def test_the_impostor_is_red(built: Deployed, tmp_path: Path) -> None:
    """Bytecode of another source with the same time and size is caught by the code itself."""
    source = built.release.root / "api.py"
    other = tmp_path / "api.py"
    other.write_text(source.read_text().replace("items", "itemz"))
    status = source.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    cached = source.parent / "__pycache__" / f"api.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(str(other), cfile=str(cached), dfile=str(source), doraise=True)
    outcome, message = found(built, "B03[web]", "bytecode")
    cached.unlink()

    assert outcome is Outcome.FAILED
    assert message.startswith(
        f"1 compiled files in environment of release {built.release.id}: {cached}: not the code of {source}: "
    )


def test_an_import_that_fails_is_red(built: Deployed) -> None:
    """B04 names error and line; B06 cannot know the routes for the same cause, and does not say that they are gone."""
    path = built.release.root / "api.py"
    undo = edited(path, "import nowhere_to_be_found\n")
    run = built.ask("build", "imports or registered")
    undo()
    label = f"environment of release {built.release.id}"
    error = f"ModuleNotFoundError: No module named 'nowhere_to_be_found' at {path}:1"

    assert (run.check("B04[web]").outcome, run.check("B04[web]").found) == (
        Outcome.FAILED,
        f"{label}: api:app: found {error}, expected an import without errors",
    )
    assert run.check("B04[web]").remedy.startswith(
        "Add the package that brings nowhere_to_be_found to what the build installs, or mend the import, commit, then: "
    )
    assert (run.check("B06[web]").outcome, run.check("B06[web]").found) == (
        Outcome.SKIPPED,
        f"not asked: {label}: the routes are not known: {error}",
    )


def test_an_import_that_fails_for_the_migrations_too_is_one_finding(deploy: Callable[..., Deployed]) -> None:
    """B19 follows B04 where env.py imports the same module; an error of its own stays a finding of its own."""
    files = {
        "shelf.py": "from sqlalchemy import MetaData\n\nmetadata = MetaData()\n",
        "api.py": "import shelf\n\n\ndef app():\n    return shelf\n",
        "alembic.ini": "[alembic]\nscript_location = db\n",
        "db/env.py": "import shelf\nfrom alembic import context\n\ncontext.configure(url='sqlite://')\n",
        "db/versions/0001.py": "revision, down_revision = '0001', None\n\n\ndef upgrade():\n    pass\n",
    }
    service = 'entrypoint = "api:app"\nmigrations = "alembic"\n'
    site = deploy(files=files, service=service, env="PYTHONPATH=.\n", packages=("alembic",))
    undo = edited(site.release.root / "shelf.py", "import nowhere_to_be_found\n")
    same = site.ask("build", "entry_point_imports or migrations_can_be_run")
    undo()
    edited(site.release.root / "db" / "env.py", "import nowhere_either\n")
    own = site.ask("build", "entry_point_imports or migrations_can_be_run")
    edited(site.release.root / "shelf.py", files["shelf.py"] + "\n\ndef mapped():\n    return metadata.lamps\n")
    edited(site.release.root / "db" / "env.py", "import shelf\n\nshelf.mapped()\n")
    called = site.ask("build", "entry_point_imports or migrations_can_be_run").check("B19[web]")
    edited(site.release.root / "db" / "env.py", "import shelf\n\nif shelf:\n    shelf.mapped()\n")
    perhaps = site.ask("build", "entry_point_imports or migrations_can_be_run").check("B19[web]")

    assert (called.outcome, "found AttributeError: 'MetaData' object has no attribute 'lamps'" in called.found) == (
        Outcome.FAILED,
        True,
    )
    assert perhaps.outcome is Outcome.SKIPPED  # what is run without a database may be another way
    assert same.check("B19[web]").outcome is Outcome.FAILED
    assert [(one.check.code, [also.code for also in one.red]) for one in findings(same.checks)] == [
        ("B04[web]", ["B19[web]"])
    ]
    assert [one.check.code for one in findings(own.checks)] == ["B19[web]"]


@pytest.mark.thorough
def test_a_nested_import_of_nothing_is_red_in_prod(deploy: Callable[..., Deployed]) -> None:
    """B05 names the import in a function that nobody calls at the start; what the serving release lacks as well warns."""
    lost = "\n\ndef report() -> None:\n    from jobs import nightly\n"
    site = deploy(files={"api.py": API + lost, "jobs.py": ""}, service=FASTAPI, packages=("fastapi",), tier="prod")
    where = f"jobs.nightly (api.py:{API.count(chr(10)) + 4})"
    first = site.ask("build", "nested").check("B05[web]")
    serving, label = site.release, f"environment of release {site.release.id}"
    site.another({"server.py": "# the next release\n"})
    again = site.ask("build", "nested", serving=serving).check("B05[web]")

    assert (first.outcome, first.found) == (
        Outcome.FAILED,
        f"{label}: found imports of what it has not: {where}; expected each to find its module",
    )
    assert first.remedy.startswith("Commit what api.py:")
    assert (again.outcome, again.found) == (
        Outcome.WARNED,
        f"{where[14:-1]}: found an import of jobs.nightly, which the artifact of web has not",
    )


def test_a_source_that_is_imported_later_and_does_not_compile_is_red(deploy: Callable[..., Deployed]) -> None:
    """B24 names what a function imports, with and without an entry point; what is beside the application warns."""
    late = "\n\ndef report():\n    from rows import nightly\n"
    wrong = {"rows/nightly.py": "x = 1\nx = = 2\n", "tests/bad.py": "x = = 2\n", "tool.py": "print 'x'\n"}
    site = deploy(files={"jobs.py": late})
    good, broken = site.release, site.another({**wrong, "rows/__init__.py": "", "server.py": SERVER + late})
    red = site.ask("build", "sources_compile", serving=good).check("B24[web]")
    again = site.ask("build", "sources_compile", serving=broken).check("B24[web]")
    site.another({"rows/nightly.py": "x = 1\n"})
    mended = site.ask("build", "sources_compile").check("B24[web]")

    version = ".".join(map(str, sys.version_info[:3]))
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f"environment of release {broken.id}: found rows/nightly.py:2: SyntaxError: invalid syntax; "
        f"expected sources that its Python {version} compiles",
    )
    assert again.outcome is Outcome.WARNED
    assert (mended.outcome, mended.found) == (
        Outcome.WARNED,
        f"found tests/bad.py: SyntaxError: invalid syntax, which Python {version} refuses; nothing that is started "
        f"leads to it; found tool.py: SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?, "
        f"which Python {version} refuses; nothing that is started leads to it",
    )


def test_an_import_that_needs_the_network_warns(built: Deployed) -> None:
    """A database that cannot be reached while the artifact is imported is not the release's fault; it is told once."""
    path = built.release.root / "api.py"
    undo = edited(path, 'import socket\nsocket.create_connection(("127.0.0.1", 1), timeout=5)\n')
    run = built.ask("build", "imports or registered")
    undo()
    message = run.check("B04[web]").found

    assert run.check("B04[web]").outcome is Outcome.WARNED
    assert message.startswith("api:app needs a network to be imported (ConnectionRefusedError: ")
    assert message.endswith("; D11 asks the running process")
    assert run.check("B04[web]").advice == (message,)
    assert (run.check("B06[web]").outcome, run.check("B06[web]").found) == (
        Outcome.WARNED,
        "the routes are not known before it runs (ConnectionRefusedError); D11 counts them in what runs",
    )


def test_a_router_that_was_never_included_is_a_warning(built: Deployed) -> None:
    """On a first deploy nothing can have been lost; the floor is red, names what it counted, and has its own remedy."""
    path = built.release.root / "api.py"
    undo = edited(path, API.replace("app.include_router(router)\n", ""))
    check = built.ask("build", "registered").check("B06[web]")
    undo()

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"environment of release {built.release.id}: 0 routes of the application's own are registered, "
        "expected at least 1",
    )
    assert check.remedy.endswith("; fewer on purpose: min_routes = 0 under [service.web]")


def test_a_router_that_the_serving_release_had_is_lost(deploy: Callable[..., Deployed]) -> None:
    """A release that noted no routes (it was adopted) is asked; what it had no router for either is no loss."""
    more = "\nother = APIRouter()\n\n\n@other.get('/other')\ndef unused() -> None: ...\n"
    site = deploy(files={"api.py": API + more}, service=FASTAPI.replace("1", "0"), packages=("fastapi",))
    serving = site.release.model_copy(update={"adopted": True})
    first = site.ask("build", "registered").check("B06[web]")
    site.another({"api.py": API.replace("app.include_router(router)\n", "") + more})
    lost = site.ask("build", "registered", serving=serving).check("B06[web]")

    assert (first.outcome, first.found) == (
        Outcome.WARNED,
        "api.py:17: GET /other (unused) is declared and not registered; nothing that serves had it. Is its router "
        "included?",
    )
    assert (lost.outcome, lost.found) == (
        Outcome.FAILED,
        f"environment of release {site.release.id}: GET /items api.items: its handler stands in the source but is not "
        "registered in the image",
    )


PRICES = """\
from fastapi import FastAPI
from pydantic import BaseModel


class Price(BaseModel):
    id: int
    cents: int


app = FastAPI()


@app.get("/prices")
def prices(unit: str = "m2") -> list[Price]:
    return []
"""
CLIENTS = "clients_of_the_api"


def test_what_clients_trip_over_is_warned_of(deploy: Callable[..., Deployed]) -> None:
    """Beside the document that what serves shows; where it shows none, and on a first deploy, nothing is known."""
    site = deploy(files={"api.py": PRICES}, service=FASTAPI, packages=("fastapi",))
    site.start()
    serving = site.release
    first = site.ask("build", CLIENTS).check("B07[web]")
    hidden = site.ask("build", CLIENTS, serving=serving).check("B07[web]")
    python = serving.folder / "venv" / "bin" / "python"
    shown = subprocess.run(
        [python, "-c", "import api, json; print(json.dumps(api.app.openapi()))"],
        cwd=serving.root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    site.answer({"/openapi.json": [200, {"Content-Type": "application/json"}, shown, 0]})
    same = site.ask("build", CLIENTS, serving=serving).check("B07[web]")
    site.another({"api.py": PRICES.replace("    cents: int", "    euros: int").replace('str = "m2"', "str")})
    other = site.ask("build", CLIENTS, serving=serving).check("B07[web]")

    assert [one.outcome for one in (first, hidden, same)] == [Outcome.SKIPPED, Outcome.SKIPPED, Outcome.PASSED]
    assert hidden.found == "web shows no OpenAPI document of now"
    assert (other.outcome, other.found) == (
        Outcome.WARNED,
        "web: found GET /prices: now needs unit in query; GET /prices: no longer answers cents; expected what clients know",
    )


def test_a_floor_without_a_framework_is_red(deploy: Callable[..., Deployed]) -> None:
    """Routes that nobody can count are not taken as counted."""
    site = deploy(service="min_routes = 3\n")

    assert found(site, "B06[web]", "registered") == (
        Outcome.FAILED,
        'service.web: found min_routes = 3 and framework = "none", expected a framework whose routes can be counted',
    )


def test_pointer_of_git_lfs_is_not_the_file(deploy: Callable[..., Deployed]) -> None:
    """Where git-lfs did not fetch a file, its pointer is the commit's byte for byte, and no picture."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"
    site = deploy(files={"logo.png": pointer, "notes.txt": f"A pointer begins with {pointer}"})
    at = site.release.root / "logo.png"

    outcome, message = found(site, "B02[web]", "holds_the_commit")
    assert outcome is Outcome.FAILED
    assert message.endswith(
        f"; {at}: found a pointer of Git LFS, expected the file it stands for (git lfs install, where gonogo runs)"
    )
    assert message.startswith("1 files in ")


def test_an_application_in_its_debug_mode_is_red_in_prod(deploy: Callable[..., Deployed]) -> None:
    """B21 asks the application itself: whatever variable or line it comes from, and whatever DEBUG means to it."""
    debugging = API.replace("app = FastAPI()", "import os\n\napp = FastAPI(debug=os.environ['DEBUG'] == '1')")
    site = deploy(
        files={"api.py": debugging},
        service=FASTAPI.replace("1", "0"),
        env="DEBUG=1\n",
        packages=("fastapi",),
        tier="prod",
    )
    check = site.ask("build", "in_no_debug_mode").check("B21[web]")

    assert (check.outcome, check.found) == (
        Outcome.FAILED,
        f"environment of release {site.release.id}: found api:app: fastapi's debug mode is on (web); "
        "expected no debug mode in tier prod",
    )
