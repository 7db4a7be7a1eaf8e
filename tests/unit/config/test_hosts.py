"""Where an environment lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.config.hosts import ON_HOST, Address, address_of
from gonogo.errors import ConfigError

TOML = """\
[app]
name = "shop"

[env.prod]
project = "shop"
host = "{host}"
path = "{path}"
"""


def _read(host: str, path: str = "/opt/shop") -> str:
    text = TOML.format(host=host, path=path)
    return parse_project(text, root=Path("/nowhere")).environments["prod"].host


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ssh://deploy@app.example.com:2222", Address("app.example.com", "deploy", 2222)),
        ("ssh://Web_1", Address("Web_1")),
        ("ssh://me@[fe80::1%eth0]:22", Address("fe80::1%eth0", "me", 22)),
        ("local", None),
    ],
)
def test_a_host_is_what_ssh_is_told(host: str, expected: Address | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its case stays, because a name may be an alias; on the host itself it is this machine."""
    assert address_of(_read(host)) == expected
    monkeypatch.setenv(ON_HOST, "1")
    assert address_of(_read(host)) is None


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("ssh://me:hunter2@there", "expected no password in it: ssh asks for a key, or its agent does"),
        ("ssh://there/opt", 'expected nothing after the host: the folder there is the key "path"'),
        ("ssh://-oProxyCommand=x", 'expected "local", or "ssh://user@host"'),
        ("ssh://-x@there", "expected the name of a user before the @"),
        ("ssh://there:99999", 'expected "local", or "ssh://user@host"'),
        ("there", 'expected "local", or "ssh://user@host"'),
        ("ssh://a b", 'expected "local", or "ssh://user@host"'),
    ],
)
def test_what_is_no_host_is_refused(host: str, said: str) -> None:
    """The mistake is named, and a password is not repeated."""
    with pytest.raises(ConfigError) as found:
        _read(host)

    assert said in str(found.value)
    assert "gonogo.toml:6: env.prod.host" in str(found.value)
    assert "hunter2" not in str(found.value)


def test_a_host_needs_a_folder_of_its_own() -> None:
    """A relative path would mean another folder on each machine."""
    with pytest.raises(ConfigError, match='path: found "opt", expected one that begins with / or ~/'):
        _read("ssh://there", "opt")
    assert _read("ssh://there", "~/it's a shop") == "ssh://there"
