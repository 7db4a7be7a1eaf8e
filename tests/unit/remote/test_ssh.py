"""How ``ssh`` is called, and what its refusals mean."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gonogo.config.hosts import Address
from gonogo.remote.ssh import BEGINS, argv, explained, for_git

HERE = Address("there", "me", 2222)


def test_ssh_asks_nothing_and_accepts_no_key() -> None:
    """Its own configuration holds but for that; the host is no option, whatever it is called."""
    words = argv(HERE, Path("/run/x/s"), master=True, environ={"GONOGO_SSH": "ssh -F 'a b'"})

    assert words[:4] == ("ssh", "-F", "a b", "-T")
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "ControlMaster=yes", "ControlPath=/run/x/s"} <= {*words}
    assert words[-6:] == ("-l", "me", "-p", "2222", "--", "there")
    assert "ControlMaster=no" in argv(HERE, Path("/run/x/s"), master=False, environ={})


def test_git_is_led_past_what_a_shell_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines before the mark are dropped, every byte after it is git's."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\necho "welcome"\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GONOGO_SSH", str(ssh))
    told = for_git(HERE, tmp_path / "s")["GIT_SSH_COMMAND"]
    words = ["sh", "-c", f'{told} "$@"', told, "gonogo", "printf 'a\\000b\\n'; cat"]
    done = subprocess.run(words, input=b"\xff\n", capture_output=True, check=True)

    assert done.stdout == b"a\0b\n\xff\n"
    assert BEGINS.encode() not in done.stdout


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("me@there: Permission denied (publickey).", "`ssh-copy-id -p 2222 me@there`"),
        ("@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n", "`ssh-keygen -R '[there]:2222'`"),
        ("ssh: Could not resolve hostname there: Name or service not known", "Name or service not known"),
        ("", "it ended without a word"),
    ],
)
def test_a_refusal_says_what_to_do(said: str, expected: str) -> None:
    """Each has its own way out."""
    text = explained(HERE, said, env="prod")

    assert text.startswith("me@there (port 2222): found ")
    assert expected in text
