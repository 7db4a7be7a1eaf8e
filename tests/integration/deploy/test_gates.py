"""How the gates of a run are started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from .conftest import App

pytestmark = pytest.mark.integration

TELLS = '''\
import builtins, os, pathlib, sys, pytest

import helping

@pytest.mark.predeploy
@pytest.mark.parametrize("number", [1])
def test_before(number):
    """Nothing is left of another gate."""
    told("predeploy")

@pytest.mark.postdeploy
def test_after():
    """Nothing is left of another gate."""
    told("postdeploy")

def told(stage):
    left = getattr(builtins, "left", "nothing")
    builtins.left = stage
    with pathlib.Path("{file}").open("a") as file:
        file.write(f"{{stage}} {{os.getppid()}} {{os.getpid() == os.getsid(0)}} {{left}} {{sys.modules['helping'].__name__}}\\n")
'''


def test_a_runs_gates_are_forked_from_one_process_and_know_nothing_of_each_other(app: App) -> None:
    """Each is a session of its own, imports the team's modules for itself, and nothing is there after the run."""
    (app.root / "checks").mkdir()
    (app.root / "checks" / "test_tells.py").write_text(TELLS.format(file=app.state / "told"))
    (app.root / "checks" / "helping.py").write_text("")
    app.commit("checks that tell")

    done, _ = app.deploy()

    assert done.code == 0, done
    lines = [line.split() for line in (app.state / "told").read_text().splitlines()]
    assert [line[0] for line in lines] == ["predeploy", "postdeploy"]
    assert {tuple(line[2:]) for line in lines} == {("True", "nothing", "helping")}
    (server,) = {int(line[1]) for line in lines}
    assert not psutil.pid_exists(server)
