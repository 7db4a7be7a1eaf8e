"""OpenSSH's own client: how it is called, and what its refusals mean."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from gonogo.config.hosts import Address
from gonogo.errors import CommandError
from gonogo.host.runner import Command, this_machine

__all__ = ["BEGINS", "argv", "explained", "for_git", "known_as"]

PROGRAM = "GONOGO_SSH"
"""The command that is ``ssh``, where it is another one or needs options: ``ssh -F deploy/ssh_config``."""
BEGINS = "--- gonogo begins ---"
"""The line after which what is said is ours: the shell's start-up files may have printed before."""
_OPTIONS = (
    "BatchMode=yes",
    "LogLevel=INFO",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ConnectTimeout=15",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "ControlPersist=no",
)
"""It asks nothing, accepts no key, notices within 20 s that nobody answers, and starts nothing of the user's own."""


def argv(address: Address, socket: Path, *, master: bool, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The words up to the host; one connection is the master, and the others go through it."""
    program = shlex.split(environ.get(PROGRAM, "")) or ["ssh"]
    own = (*_OPTIONS, f"ControlMaster={'yes' if master else 'no'}", f"ControlPath={socket}")
    options = [word for option in own for word in ("-o", option)]
    who = [*(["-l", address.user] if address.user else []), *(["-p", str(address.port)] if address.port else [])]
    return (*program, "-T", *options, *who, "--", address.name)


def for_git(address: Address, socket: Path) -> dict[str, str]:
    """How git reaches the host: through the master, and past what the shell's start-up files print."""
    words = shlex.join(argv(address, socket, master=False))
    drop = f'while IFS= read -r line; do [ "$line" = "{BEGINS}" ] && break; done; exec cat'
    here = shlex.quote(str(Path.cwd()))  # git goes elsewhere, and an option may name a file from here
    told = f"gonogo() {{ shift; cd {here}; {words} \"echo '{BEGINS}'; $1\" | {{ {drop}; }}; }}; gonogo"
    return {"GIT_SSH_COMMAND": told, "GIT_SSH_VARIANT": "simple"}


def explained(address: Address, said: str, *, env: str) -> str:
    """Why there is no connection, and what to do."""
    tail = _last(said)
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in said:
        return (
            f"{address}: found another host key than the one that is known, expected the same: {tail} Somebody may "
            f"stand in between. Where the machine was made anew: `ssh-keygen -R {_entry(address)}`, then "
            f"`gonogo host check --env {env}` shows the new key's fingerprint."
        )
    if "Host key verification failed" in said:
        return (
            f"{address}: found a host key that is not known here, expected one in known_hosts. Its fingerprint is "
            f"{known_as(address)}\nCompare it with what the host says of itself (there: for key in "
            "/etc/ssh/ssh_host_*.pub; do ssh-keygen -lf $key; done), then accept it: "
            f"`{shlex.join(_scan(address))} >> ~/.ssh/known_hosts`"
        )
    if "Permission denied" in said or "Too many authentication failures" in said:
        return (
            f"{address}: found {tail!r}, expected a key that it accepts; nobody is asked for a password. "
            f"Give the host your public key: `ssh-copy-id {_typed(address)}`, or load it: `ssh-add`."
        )
    return (
        f"{address}: found no connection ({tail or 'it ended without a word'}), expected one. "
        f"`ssh {_typed(address)} true` must end well."
    )


def known_as(address: Address) -> str:
    """The fingerprints of its keys, as it tells them now."""
    host = this_machine(timeout=20.0)
    try:
        keys = host.run(Command(argv=_scan(address))).output
        marks = host.run(Command(argv=("ssh-keygen", "-l", "-f", "-"), stdin=keys.encode())).output
    except CommandError:
        marks = ""
    return "\n".join(("", *(f"    {line}" for line in marks.splitlines()))) if marks else "not told to ssh-keyscan."


def _scan(address: Address) -> tuple[str, ...]:
    return ("ssh-keyscan", "-T", "10", *(("-p", str(address.port)) if address.port else ()), address.name)


def _entry(address: Address) -> str:
    return f"'[{address.name}]:{address.port}'" if address.port not in {None, 22} else address.name


def _typed(address: Address) -> str:
    who = f"{address.user}@{address.name}" if address.user else address.name
    return f"-p {address.port} {who}" if address.port else who


_NOISE: Sequence[str] = ("Warning: Permanently added", "mux_client", "debug1:", "@@@@")


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith(tuple(_NOISE))]
    text = next(reversed([line for line in lines if not re.match(r"Connection (?:to .* )?closed", line)]), "")
    return text or next(reversed(lines), "")
