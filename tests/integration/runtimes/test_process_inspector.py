"""What runs, and what an environment holds, with real processes."""

from __future__ import annotations

import psutil
import pytest

from gonogo.errors import CommandError
from tests.support.sites import Site, eventually, runs

pytestmark = pytest.mark.integration


def test_the_inspector_sees_what_runs(site: Site) -> None:
    """A running instance is running and healthy; its log, address and port are known."""
    release = site.release()
    site.start(release)
    inspector = site.inspect(release)
    (state,) = inspector.instances()

    assert (state.service, state.status, state.health, state.release) == ("web", "running", "healthy", release.id)
    assert state.name == f"web (pid {site.record().pid})"
    assert inspector.logs(None)["web"][0] == "starting v1"
    assert inspector.holders(None) == {site.port: state.name}
    assert inspector.published() == [("web", "127.0.0.1", site.port)]
    assert inspector.url() == inspector.url("web") == f"http://127.0.0.1:{site.port}"


def test_the_inspector_weighs_what_runs(site: Site) -> None:
    """An instance weighs what all its processes hold together; one that nobody asks for is left out."""
    release = site.release("MODE=heavy\n", worker=True)
    site.start(release)
    inspector = site.inspect(release)
    web, jobs = (state.name for state in inspector.instances(health=False))

    eventually(lambda: 48 << 20 <= inspector.memory([web])[web] < 96 << 20)
    assert list(inspector.memory([web])) == [web]
    assert list(inspector.memory([web, jobs, "else"])) == [web, jobs]


def test_the_inspector_sees_what_does_not_run(site: Site) -> None:
    """An instance that was killed is exited, one that was never started is missing, and neither has an inside."""
    release = site.release(worker=True)
    inspector = site.inspect(release)
    before = [state.status for state in inspector.instances()]
    site.start(release)
    psutil.Process(site.record().pid).kill()
    eventually(lambda: not runs(site.record().pid))
    web, jobs = inspector.instances()

    assert before == ["missing", "missing"]
    assert (web.status, web.health, web.exit_code) == ("exited", None, -9)
    assert (jobs.status, jobs.health) == ("running", None)
    assert inspector.holders(None) == {}
    with pytest.raises(CommandError) as caught:
        inspector.inside("web")
    assert str(caught.value) == (
        f"web: found {site.record()} ended, expected a running instance. "
        f"See its log below {site.state.root / 'instances' / 'web'}."
    )


def test_artifact_is_asked_under_its_own_python(site: Site) -> None:
    """An artifact runs scripts under the environment's Python; only when not isolated as the application would."""
    release = site.release("GREETING=hello\n")
    (artifact,) = site.inspect(release).artifacts()
    script = "import sys, os; print(sys.prefix, os.getcwd(), sys.argv[1:]); import version; print(version.NAME)"
    isolated = artifact.python(script, "a", "b c")
    plain = artifact.python(script + "; print(os.environ['GREETING'])", isolated=False)
    folder = release.worktree / "site"

    assert artifact.label == f"environment of release {release.id}"
    assert artifact.facts is None
    assert artifact.code == {".": str(folder)}
    assert isolated.output == f"{release.folder / 'venv'} {folder} ['a', 'b c']\n"
    assert "No module named 'version'" in isolated.errors
    assert plain.output == f"{release.folder / 'venv'} {folder} []\nv1\nhello\n"
    assert not list(release.worktree.rglob("*.pyc"))


def test_artifact_shows_its_files_and_programs(site: Site) -> None:
    """Files are digested below folders and by name, missing ones left out; programs are found as a shell would."""
    release = site.release()
    (artifact,) = site.inspect(release).artifacts()
    folder = release.worktree / "site"
    found = artifact.files([str(folder), str(folder / "nothing"), str(release.root / "gonogo.toml")])
    top = artifact.files([str(release.worktree)])

    assert set(found) == {
        *(str(folder / name) for name in ("server.py", "version.py", "worker.py")),
        str(release.root / "gonogo.toml"),
    }
    assert found[str(folder / "version.py")].size == len('NAME = "v1"\n')
    assert str(release.worktree / ".git") not in top
    assert [artifact.exists(name) for name in ("python", "git", "server.py", "nothing-of-this-name")] == [
        *(True, True, False, False)
    ]
    assert artifact.exists(str(folder / "server.py"))
    assert not artifact.exists("/nothing/of/this/name")


def test_inside_is_the_release_that_runs(site: Site) -> None:
    """While the old release runs, the inside of a service is the old release, whichever release asks."""
    old = site.release()
    new = site.release()
    site.start(old)
    inside = site.inspect(new).inside("web")
    (state,) = site.inspect(new).instances()

    assert inside.code == {".": str(old.worktree / "site")}
    assert inside.label == f"web (pid {site.record().pid}) of release {old.id}"
    assert (state.release, state.health) == (old.id, "healthy")


def test_artifact_is_asked_where_its_server_imports(site: Site) -> None:
    """A folder that the server moves to stands first on its import path; isolated scripts stay where they are."""
    site.repository.write(site.root, {"site/lib/lamps.py": 'NAME = "lamp"\n'})
    release = site.release()
    (artifact,) = site.inspect(release).artifacts()
    moved = artifact.importing("lamps:NAME", "lib")
    done = moved.python("import lamps, os; print(lamps.NAME, os.getcwd())", isolated=False)
    isolated = moved.python("import os; print(os.getcwd())")

    assert done.output == f"lamp {release.worktree / 'site' / 'lib'}\n"
    assert isolated.output == f"{release.worktree / 'site'}\n"
    assert artifact.importing("version:NAME").python("import version; print(version.NAME)", isolated=False).ok
