"""Who is let in, and what a host says that is no answer."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gonogo.state.release import FORMAT
from tests.support.sshd import Cable

from .conftest import Far


@pytest.mark.thorough
def test_what_a_shell_prints_is_no_answer(far: Far) -> None:
    """A banner, and start-up files that print text and end with it, change nothing; a commit still arrives."""
    far.server.stop()
    (far.server.folder / "banner").write_text("No entry!\n")
    shell = far.server.folder / "shell"
    shell.write_text('#!/bin/sh\necho "welcome, 3 updates"\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')
    shell.chmod(0o755)
    far.server.start(f"Banner {far.server.folder}/banner\nForceCommand {shell}")
    far.git("remote", "add", "origin", "https://ada:secret@example.com/tiny.git")

    ended = far.gonogo("status", "--env", "test", "--json")

    assert ended.code == 0, ended
    assert [one["env"] for one in json.loads(ended.out)] == ["test"]
    told = (far.state / "remote" / "repository.git" / "config").read_text()
    assert "https://example.com/tiny.git" in told


def test_whoever_has_no_key_is_told_so(far: Far) -> None:
    """Nobody is asked for a password; what the host says is shown, with the way in."""
    far.server.make_key("key")
    ended = far.gonogo("status", "--env", "test")

    assert ended.code == 1, ended
    assert "Permission denied (publickey)" in ended.err
    assert "`ssh-copy-id -p" in ended.err


def test_an_unknown_host_is_never_accepted(far: Far) -> None:
    """Its fingerprint is shown, and the command that accepts it; known_hosts stays as it was."""
    known = far.server.folder / "known_hosts"
    known.write_text("")
    ended = far.gonogo("host", "check", "--env", "test")

    assert ended.code == 1, ended
    assert "found a host key that is not known here" in ended.err
    assert "(ED25519)" in ended.err
    assert f"`ssh-keyscan -T 10 -p {far.server.port} 127.0.0.1 >> ~/.ssh/known_hosts`" in ended.err
    assert known.read_text() == ""


def test_a_changed_host_key_is_refused(far: Far) -> None:
    """Somebody may stand in between: nothing is brought."""
    far.server.stop()
    far.server.make_key("host_key")
    far.server.start()
    ended = far.gonogo("status", "--env", "test")

    assert ended.code == 1, ended
    assert "found another host key than the one that is known" in ended.err
    assert not far.state.exists()


@pytest.mark.thorough
def test_a_host_without_python_is_told_so(far: Far) -> None:
    """There is nothing that the agent could run with."""
    far.server.stop()
    empty = far.server.folder / "programs"
    empty.mkdir()
    (empty / "sh").symlink_to("/bin/sh")
    far.server.start(environ=f"PATH={empty}")
    ended = far.gonogo("status", "--env", "test")

    assert ended.code == 1, ended
    assert "found no Python, expected 3.11 or newer; none comes along." in ended.err


def test_a_host_that_does_not_answer_is_no_verdict(far: Far) -> None:
    """Nothing was touched; what must work first is named."""
    far.server.stop()
    ended = far.gonogo("deploy", "--env", "test")

    assert ended.code == 1, ended
    assert "Connection refused" in ended.err
    assert " true` must end well." in ended.err


def test_a_user_without_a_shell_is_told_so(far: Far) -> None:
    """What is said instead of a shell is passed on."""
    far.server.stop()
    far.server.start('ForceCommand echo "This account is currently not available."; exit 1')
    ended = far.gonogo("status", "--env", "test")

    assert ended.code == 1, ended
    assert "(This account is currently not available.)" in ended.err


@pytest.mark.thorough
def test_another_format_is_refused(far: Far) -> None:
    """A gonogo that keeps releases in another way must not touch them; another version is named only."""
    far.server.has_gonogo(format=FORMAT + 1)
    refused = far.gonogo("status", "--env", "test")
    far.server.has_gonogo(version="0.0.1")
    older = far.gonogo("status", "--env", "test")

    assert refused.code == 1, refused
    assert f"expected format {FORMAT}" in refused.err
    assert "`gonogo host prepare --env test` brings this one." in refused.err
    assert older.code == 0
    assert "The host has gonogo 0.0.1" in older.err


@pytest.mark.thorough
def test_two_deployers_at_once(far: Far) -> None:
    """One holds the environment; the other is told who, and ends with 7."""
    with ThreadPoolExecutor() as pool:
        first = pool.submit(far.gonogo, "deploy", "--env", "test")
        far.wait_for("run-began")
        second = far.gonogo("deploy", "--env", "test")
        ended = first.result()

    assert (ended.code, second.code) == (0, 7), second
    assert "holds tiny/test since" in second.err


@pytest.mark.thorough
def test_a_plan_takes_hardly_longer(far: Far) -> None:
    """At 50 ms to the host: one connection, and at most two seconds more than on the host itself."""
    cable = Cable(far.server.port, delay=0.025)
    far.server.accept(cable.port)
    far.at = cable.port
    far.configure()
    far.commit("a longer way")
    far.gonogo("plan", "--env", "test")
    before = far.server.connections()
    begin = time.monotonic()
    there = far.gonogo("plan", "--env", "test")
    took = time.monotonic() - begin
    begin = time.monotonic()
    here = far.finish(far.start("plan", "--env", "test", environ={"GONOGO_ON_HOST": "1"}))
    more = took - (time.monotonic() - begin)
    cable.close()

    assert (there.code, here.code) == (0, 0)
    assert far.server.connections() - before == 1
    assert more < 4, "twice what is promised: other tests run beside this one"
