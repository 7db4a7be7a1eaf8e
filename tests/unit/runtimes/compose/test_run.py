"""A service's own command: its folder, and what its entry point makes of it."""

from datetime import UTC, datetime
from pathlib import Path

from gonogo.config import App, Environment, Project
from gonogo.host.runner import this_machine
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.run import run_words, standing
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release

__all__: list[str] = []

ROOT = Path("/srv/source")
BUILD = {"context": "/srv/source/backend"}
ARGV = ("alembic", "upgrade", "head")


def place(code: dict[str, str]) -> Place:
    """An environment whose service maps its code so."""
    environment = Environment.model_validate({"project": "p", "service": {"api": {"code": code}}})
    project = Project(root=ROOT, app=App(name="p"), environments={})
    return make_place(project, environment, state=Path("/s"), path=Path("/p"), host=this_machine())


def release(deaf: tuple[str, ...]) -> Release:
    """A release with deaf entry points."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return Release(id="r", commit="c", env="e", runtime="compose", created=now, folder=Path("/f"), root=ROOT, deaf=deaf)


def test_a_mapped_folder_becomes_the_working_folder() -> None:
    """``code`` says where the folder landed."""
    assert standing(place({"backend": "/app"}), "api", BUILD, ROOT, ARGV, folder="backend") == (
        ("--workdir", "/app"),
        ARGV,
    )


def test_the_build_context_is_where_the_service_works() -> None:
    """Nothing is needed for it, and nothing for the application's own folder."""
    assert standing(place({}), "api", BUILD, ROOT, ARGV, folder="backend") == ((), ARGV)
    assert standing(place({"backend": "/app"}), "api", BUILD, ROOT, ARGV, folder=".") == ((), ARGV)


def test_a_folder_below_the_build_context_is_entered() -> None:
    """Relative to where the service works, which only the container knows."""
    assert standing(place({}), "api", {"context": "/srv/source"}, ROOT, ARGV, folder="back end") == (
        (),
        ("sh", "-c", "cd 'back end' && exec alembic upgrade head"),
    )


def test_a_deaf_entry_point_is_replaced_by_the_command() -> None:
    """Others stay: they may wait for the database or set variables."""
    begin = ("run", "--rm", "--name", "n", "--no-deps", "--no-TTY")

    assert run_words(release(()), "api", (), ARGV, name="n") == (*begin, "api", *ARGV)
    assert run_words(release(("api",)), "api", ("--workdir", "/app"), ARGV, name="n") == (
        *begin,
        "--workdir",
        "/app",
        "--entrypoint",
        "alembic",
        "api",
        "upgrade",
        "head",
    )
