"""What a host has, and gonogo brought to it."""

from __future__ import annotations

import shutil

import pytest

import gonogo

from .conftest import Far


@pytest.fixture
def bare(far: Far) -> Far:
    """A host to which nobody has brought anything."""
    shutil.rmtree(far.server.home / ".local")
    return far


def test_a_host_without_gonogo_is_told_from_one_that_has_it(bare: Far) -> None:
    """A check names what is missing, each with its remedy; a deployment is refused, and names the command."""
    checked = bare.gonogo("host", "check", "--env", "test")

    assert checked.code == 1, checked
    assert "MISSING  gonogo" in checked.err
    assert "gonogo: `gonogo host prepare --env test` brings it." in checked.err
    assert "ok       git" in checked.err

    ended, run = bare.deploy()

    assert ended.code == 1
    assert f"found no gonogo, expected {gonogo.__version__}. `gonogo host prepare --env test` brings it." in ended.err
    assert run["exit_code"] == 1
    assert bare.serving_text() is None


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_gonogo_is_brought_and_deploys(bare: Far) -> None:
    """Its wheel and those of its dependencies are all that the host needs; a second time there is nothing to do."""
    prepared = bare.gonogo("host", "prepare", "--env", "test", timeout=300)

    assert prepared.code == 0, prepared
    assert f"gonogo {gonogo.__version__} answers." in prepared.err
    again = bare.gonogo("host", "prepare", "--env", "test")
    assert "nothing to do" in again.err
    assert bare.gonogo("host", "check", "--env", "test").code == 0
    ended, run = bare.deploy()
    assert (ended.code, run["ended"]["kind"]) == (0, "go"), ended


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_the_front_of_gonogos_own_comes_along_where_an_environment_uses_it(bare: Far) -> None:
    """A host that has this gonogo without it lacks it, and gets it beside the one that answers; it stays from then on."""
    begun = bare.gonogo("host", "prepare", "--env", "test", timeout=300)
    toml = bare.root / "gonogo.toml"
    text = toml.read_text()
    own = f'strategy = "bluegreen"\ntraffic = {{ kind = "own", upstreams = {{ web = "web:{bare.port}" }} }}\n'
    toml.write_text(text.replace('project = "tiny"\n', f'project = "tiny"\n{own}'))
    lacking = bare.gonogo("host", "check", "--env", "test")
    brought = bare.gonogo("host", "prepare", "--env", "test", timeout=300)
    well = bare.gonogo("host", "check", "--env", "test")
    toml.write_text(text)
    again = bare.gonogo("host", "prepare", "--env", "test")
    tools = bare.server.home / ".local/state/gonogo/.tools"

    assert (begun.code, lacking.code, brought.code, well.code) == (0, 1, 0, 0), (lacking, brought, well)
    assert "MISSING  gonogo[front]" in lacking.err
    assert "nothing to do" in again.err
    assert (tools / "current/bin/caddy").is_file()
