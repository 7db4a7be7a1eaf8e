"""What a host has, and gonogo brought to it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gonogo
from gonogo.config import Environment
from gonogo.errors import RefusedError
from gonogo.remote.connection import Connection
from gonogo.remote.probing import probed
from gonogo.remote.run import reached
from gonogo.remote.wheels import digest, gather
from gonogo.state.release import FORMAT

__all__ = ["Found", "Need", "check", "prepare"]

_MIB = 1024 * 1024
_TOOL_MIB = 300
"""MiB that gonogo and all that it needs take, twice: the former one stays until the next."""

_STAYS = "The one that is there now stays until this one answers."


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that a deployment needs of the host."""

    what: str
    found: str
    remedy: str = ""
    """How to get it; empty where it is there."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was looked at."""

    host: str
    needs: list[Need] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        width = max(len(one.what) for one in self.needs)
        rows = [f"  {'MISSING' if one.remedy else 'ok':<8} {one.what:<{width}}  {one.found}" for one in self.needs]
        remedies = [f"\n{one.what}: {one.remedy}" for one in self.needs if one.remedy]
        return [f"host    {self.host}", *rows, *remedies]

    @property
    def missing(self) -> bool:
        """Whether anything is."""
        return any(one.remedy for one in self.needs)


def check(environment: Environment) -> Found:
    """Looks at all that a deployment needs there.

    Raises:
        RefusedError: the host lets nobody in, or has no Python.
        LostError: there is no connection.
    """
    with Connection(reached(environment), env=environment.name) as connection:
        seen = _look(connection, environment)
        return Found(host=str(connection.address), needs=_needs(connection, environment, seen))


def _look(connection: Connection, environment: Environment) -> dict[str, Any]:
    asked = {
        "path": environment.path,
        "env_file": environment.env_file,
        "docker": environment.has("compose files"),
    }
    return probed(connection, "look", **asked)


def _needs(connection: Connection, environment: Environment, seen: dict[str, Any]) -> list[Need]:
    python = next(iter(seen["pythons"]), None)
    tool = connection.hello["tool"]
    prepare_it = f"`gonogo host prepare --env {environment.name}` brings it."
    room = environment.min_free_disk + 2 * _TOOL_MIB
    apart = connection.apart
    return [
        Need(
            what="Python 3.11",
            found=f"{python['version']} ({python['path']})" if python else "none, or one without venv",
            remedy="" if python else "there: `apt-get install python3 python3-venv`, or another one on PATH.",
        ),
        _state("git", found=connection.hello["git"], remedy="there: `apt-get install git`."),
        Need(
            what="gonogo",
            found=f"{tool['version']}, {'this one' if _is_this(tool) else 'another one'}" if tool else "none",
            remedy="" if tool and _is_this(tool) else prepare_it,
        ),
        *_extras(environment, tool),
        _state("state folder", found=seen["writable"], remedy="make it one that this user may write to (`state`)."),
        _state("path", found=seen["path"], remedy=f"there: `mkdir -p {environment.path}`"),
        *_env_file(environment, seen),
        *_engine(environment, seen),
        Need(
            what="room",
            found=f"{seen['free'] // _MIB} MiB free",
            remedy="" if seen["free"] >= room * _MIB else f"expected {room} MiB: `df -h`, `docker system df`.",
        ),
        Need(
            what="clock",
            found=f"{apart:.0f} s apart from here",
            remedy="" if apart <= environment.max_clock_offset else "set one by NTP: `timedatectl set-ntp true`.",
        ),
        *_kills(seen),
    ]


def _extras(environment: Environment, tool: dict[str, Any] | None) -> list[Need]:
    lacks = _lacking(environment, tool)
    found = "not brought" if lacks else "there"
    remedy = f"`gonogo host prepare --env {environment.name}` brings it." if lacks else ""
    return [Need(what=f"gonogo[{one}]", found=found, remedy=remedy) for one in _wanted(environment)]


def _wanted(environment: Environment) -> list[str]:
    """The extras of gonogo that an environment uses on its host."""
    traffic = environment.traffic
    return ["front"] if traffic is not None and traffic.kind == "own" else []


def _lacking(environment: Environment, tool: dict[str, Any] | None) -> list[str]:
    there = tool.get("extras", ()) if tool is not None else ()
    return [one for one in _wanted(environment) if one not in there]


def _state(what: str, *, found: bool, remedy: str) -> Need:
    return Need(what=what, found="there" if found else "not there", remedy="" if found else remedy)


def _env_file(environment: Environment, seen: dict[str, Any]) -> list[Need]:
    if seen["env_file"] is None:
        return []
    bring = f"`gonogo env push --env {environment.name} FILE` brings it."
    return [_state(f"env file {environment.env_file}", found=seen["env_file"], remedy=bring)]


def _engine(environment: Environment, seen: dict[str, Any]) -> list[Need]:
    return [
        Need(
            what=what,
            found=said["said"].partition("\n")[0] if said else "none",
            remedy="" if said and not said["code"] else remedy,
        )
        for what, said, remedy in (
            (
                "Docker Engine",
                seen["engine"],
                "install it, or let this user reach its socket: `usermod -aG docker $USER`.",
            ),
            ("Docker Compose", seen["plugin"], "there: `apt-get install docker-compose-plugin`, or your system's."),
        )
        if environment.has("compose files")
    ]


def _kills(seen: dict[str, Any]) -> list[Need]:
    if not seen["kills"]:
        return []
    return [
        Need(
            what="runs that stay",
            found="systemd ends what a user leaves (KillUserProcesses=yes)",
            remedy="there: `loginctl enable-linger $USER`",
        )
    ]


def _is_this(tool: dict[str, Any]) -> bool:
    return bool(tool.get("version") == gonogo.__version__ and tool.get("digest") == digest())


def prepare(environment: Environment, *, say: Callable[[str], None]) -> bool:
    """Brings this gonogo to the host; whether there was anything to do.

    Raises:
        RefusedError: the host has no Python for it, or it does not answer there; the former one stays.
    """
    with Connection(reached(environment), env=environment.name) as connection:
        tool = connection.hello["tool"]
        lacks = _lacking(environment, tool)
        if tool is not None and _is_this(tool) and not lacks:
            say(f"{connection.address} has gonogo {gonogo.__version__}, this one; nothing to do.")
            return False
        seen = _look(connection, environment)
        python = next(iter(seen["pythons"]), None)
        if python is None or seen["system"] != "Linux":
            raise RefusedError(
                f"{connection.address}: found {seen['system']} without Python 3.11 or newer, expected Linux with one; "
                "none comes along. There: `apt-get install python3 python3-venv`."
            )
        extras = sorted({*(tool.get("extras", ()) if tool is not None else ()), *lacks})
        name = "-".join((gonogo.__version__, digest(), *extras))
        say(
            f"{connection.address}: brings gonogo {gonogo.__version__}{''.join(f' with {one}' for one in extras)} and "
            "what it needs, for Python "
            f"{python['version']} on {seen['machine']}, into ~/.local/state/gonogo/.tools/{name}: a virtual "
            f"environment, nothing else. {_STAYS if tool else 'None is there now.'}"
        )
        _bring(connection, name, extras, python=python, seen=seen, say=say)
        return True


def _bring(
    connection: Connection,
    name: str,
    extras: Sequence[str],
    *,
    python: dict[str, str],
    seen: dict[str, Any],
    say: Callable[[str], None],
) -> None:
    with tempfile.TemporaryDirectory(prefix="gonogo-wheels-") as aside:
        machine, libc = seen["machine"], seen["libc"]
        own = gather(Path(aside), extras=extras, python=python["version"], machine=machine, libc=libc)
        files = sorted(Path(aside).iterdir())
        say(f"{len(files)} wheels, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")
        for path in files:
            to = f".tools/{name}.wheels/{path.name}"
            connection.ask("put", "written", path.read_bytes(), seconds=600.0, path=to, former="")
    facts = {"version": gonogo.__version__, "format": FORMAT, "digest": digest(), "extras": list(extras)}
    done = probed(
        connection, "install", name=name, wheels=f"{name}.wheels", own=own, python=python["path"], facts=facts
    )
    if done["problem"]:
        raise RefusedError(f"{connection.address}: {done['problem']}\nThe gonogo that was there is as it was.")
    kept = f" The former one ({done['former']}) is kept beside it." if done["former"] else ""
    say(f"{connection.address}: gonogo {gonogo.__version__} answers.{kept}")
