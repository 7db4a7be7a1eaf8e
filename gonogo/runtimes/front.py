"""The proxy that gonogo runs itself (``kind = "own"``): started once, found again by its pid file, ended for good."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from gonogo.config.hosts import LOCAL
from gonogo.config.traffic import Traffic
from gonogo.errors import CommandError
from gonogo.host.busy import patient
from gonogo.host.programs import find_program
from gonogo.host.runner import Command
from gonogo.runtimes.base import InstanceState, Place
from gonogo.runtimes.process.health import addresses_of, last_lines, listeners
from gonogo.runtimes.process.instances import MARK, Instance, Instances, end, end_strays, is_alive, launch
from gonogo.runtimes.protocols import Action
from gonogo.state.release import Release
from gonogo.state.store import write_atomically
from gonogo.traffic.base import Upstreams
from gonogo.traffic.own import CONFIG, SOCKET, OwnCaddy, caddyfile, run_words, variables, version_words
from gonogo.traffic.send import Proxy, forget_loaded, note_loaded, send, write

__all__ = ["SLOT", "OwnFront", "ending", "front_of", "holding", "is_own"]

SLOT = "@front"
"""Its pid file: no service is called so."""
_SERVICE = "front"
_SERVES_WITHIN = 15.0
_GRACE = 10.0
_POLL = 0.02
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class OwnFront:
    """One environment's."""

    place: Place
    traffic: Traffic

    @property
    def home(self) -> Path:
        """Where its files are."""
        return _home(self.place)

    @property
    def address(self) -> str:
        """Where it listens."""
        host, port = self.traffic.listens
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        return f"http://{self._reached[0]}:{self._reached[1]}"

    def doubts(self, service: str, serving: Release | None) -> Iterator[str]:
        """Why it cannot stand in front of a service, one sentence each."""
        environment = self.place.environment
        if find_program("caddy") is None:
            how = (
                f"gonogo host prepare --env {environment.name}"
                if environment.host != LOCAL
                else "pip install 'gonogo[front]'"
            )
            yield (
                'traffic.kind = "own": found no program caddy, expected the proxy that gonogo runs. Install it beside '
                f"gonogo: {how}"
            )
        elif self.running() is None and self._is_kept_from_us():
            yield (
                f"traffic.listen: found {self.address}, on which this user may not listen, expected a port that it may "
                f"have: `sudo sysctl net.ipv4.ip_unprivileged_port_start={self._port}` lets every user (also after a "
                f"restart: in /etc/sysctl.d), `sudo setcap cap_net_bind_service=+ep {find_program('caddy')}` this "
                f'program; or listen = "0.0.0.0:8080", behind what has port {self._port} now'
            )
        wide = sorted(addresses_of(self._port) - _LOOPBACK)
        if wide and self.traffic.listen is None:
            yield (
                f"traffic.listen: found nothing, and {service} is reached at {wide[0]}:{self._port} now, expected "
                f'where the front listens: listen = "0.0.0.0:{self._port}" for every address of this machine, '
                f'"127.0.0.1:{self._port}" for itself alone'
            )
        if environment.canary is not None and serving is not None and not serving.beside:
            yield (
                f"canary: found the release that serves at {self.address} itself, expected the front there: deploy "
                "once without canary"
            )

    @property
    def proxy(self) -> Proxy:
        """How it is told where requests go."""
        return Proxy(
            host=self.place.host,
            adapter=OwnCaddy(self.traffic, version=self._version),
            name="the front (Caddy)",
            folder=self.home,
            inside=str(self.home),
            cwd=str(self.home),
        )

    @cached_property
    def _version(self) -> str:
        """What the program says of itself; nothing where it does not, or is nowhere."""
        try:
            return self.place.host.run(Command(argv=version_words(), timeout=_GRACE)).output
        except CommandError:
            return ""

    def running(self) -> Instance | None:
        """Its process, where it lives."""
        found = Instances(self.place.state).read(SLOT)
        return found if found is not None and is_alive(found) else None

    def state(self) -> InstanceState:
        """How it is, beside the release's own instances."""
        found = Instances(self.place.state).read(SLOT)
        alive = found is not None and is_alive(found)
        return InstanceState(
            service=_SERVICE,
            name=f"{_SERVICE} (Caddy, pid {found.pid})" if found is not None else f"{_SERVICE} (Caddy)",
            status="running" if alive else "missing" if found is None else "exited",
            health=None,
            restarts=0,
            started_at=found.started_at.isoformat() if found is not None else "",
            image=None,
            release=None,
            exit_code=None if alive or found is None else 1,
        )

    def described(self) -> tuple[str, ...]:
        """What ``ensure`` would run, as a person would type it."""
        if self.running() is not None:
            return ()
        return (
            f"# {self.address} changes hands, and nobody is served for that moment: what listens there ends first",
            f"cd {self.home} && {self._command()}",
        )

    def ensure(self, upstreams: Upstreams, free_port: Callable[[], None]) -> None:
        """Starts it where it does not run, sending requests there; one that runs is left, or told a new address.

        Args:
            upstreams: where requests go from the first one on.
            free_port: ends whatever of ours listens on its port, once all else was found well.

        Raises:
            CommandError: its configuration is refused, its port is taken, or it does not serve.
        """
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        config, text = self.home / CONFIG, caddyfile(self.traffic)
        former = config.read_text(encoding="utf-8") if config.is_file() else None
        present = self.running()
        if present is not None and former == text:
            return
        forget_loaded(self.proxy)
        write_atomically(config, text)
        try:
            if present is None:
                self._start(upstreams, free_port)
            else:
                self._move(present, upstreams, free_port)
        except BaseException:
            if present is not None and former is not None:
                write_atomically(config, former)
            raise

    def _start(self, upstreams: Upstreams, free_port: Callable[[], None]) -> None:
        proxy, instances = self.proxy, Instances(self.place.state)
        write(proxy, upstreams)
        done = self.place.host.run(proxy.command(proxy.adapter.test()))
        if not done.ok:
            raise CommandError(
                f"{self.home / CONFIG}: found `{done.command}` to fail ({done.errors.strip()[-300:]}), expected exit "
                "code 0. Nothing was stopped for it."
            )
        free_port()
        end_strays(instances.mark(SLOT), grace=_GRACE)
        (self.home / SOCKET).unlink(missing_ok=True)
        launched = launch(
            instances, self.place.host, self._command(), service=SLOT, slot=SLOT, release=_SERVICE, port=self._port
        )
        try:
            self._wait(launched)
            note_loaded(proxy)
        except BaseException:
            self.end()
            raise

    def _move(self, present: Instance, upstreams: Upstreams, free_port: Callable[[], None]) -> None:
        """Has the one that runs read its own part again, which may say another address."""
        instances = Instances(self.place.state)
        if present.port != self._port:
            free_port()
        send(self.proxy, upstreams)
        instances.write(present.model_copy(update={"port": self._port}))

    def _wait(self, launched: Instance) -> None:
        deadline = time.monotonic() + patient(_SERVES_WITHIN)
        while is_alive(launched) and time.monotonic() < deadline:
            try:
                socket.create_connection(self._reached, timeout=1.0).close()
            except OSError:
                time.sleep(_POLL)
                continue
            heard = listeners(self._port)
            if heard is None or launched.pid in heard:  # a stranger's answer is not its own
                return
            time.sleep(_POLL)
        found = "no answer" if is_alive(launched) else "its end"
        raise CommandError(
            f"{self.address}: found {found} of the front, expected it to serve. {last_lines(launched, self.place.host)}"
        )

    def end(self) -> None:
        """Ends it; its files stay.

        Raises:
            CommandError: it is still there after KILL.
        """
        _end(self.place)

    @property
    def _port(self) -> int:
        return self.traffic.listens[1]

    def _is_kept_from_us(self) -> bool:
        """Whether the kernel keeps the port from this user, and the program has no right of its own."""
        host, port = self.traffic.listens
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, port))
            except PermissionError:
                return not _has_rights(find_program("caddy"))
            except OSError:  # who has it now is another matter
                return False
        return False

    @property
    def _reached(self) -> tuple[str, int]:
        host, port = self.traffic.listens
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 (only compared)

    def _command(self) -> Command:
        instances = Instances(self.place.state)
        return Command(
            argv=run_words(),
            cwd=str(self.home),
            env={**variables(self.home), MARK: str(instances.mark(SLOT))},
            clean_env=True,
            detach=instances.log(SLOT, _SERVICE),
        )


def holding(place: Place) -> dict[int, str]:
    """The port that a front of this environment has, which it gives up; nothing where none runs."""
    found = Instances(place.state).read(SLOT)
    return {found.port: str(found)} if found is not None and found.port is not None and is_alive(found) else {}


def ending(place: Place) -> tuple[Action, ...]:
    """Ends whatever front was started here, also one that is configured no more; nothing where none was."""
    if not _home(place).is_dir():
        return ()
    known = Instances(place.state).read(SLOT) is not None
    return (Action(said=(f"kill -TERM <pid of {SLOT}>",) if known else (), do=partial(_end, place)),)


def _has_rights(program: Path | None) -> bool:
    """Whether a file carries capabilities: ``setcap``."""
    try:
        return program is not None and bool(os.getxattr(program.resolve(), "security.capability"))
    except OSError:
        return False


def _home(place: Place) -> Path:
    return place.state / "front"


def _end(place: Place) -> None:
    instances = Instances(place.state)
    found = instances.read(SLOT)
    if found is not None:
        end(found, grace=_GRACE)
        instances.forget(SLOT)
    end_strays(instances.mark(SLOT), grace=_GRACE)  # of a run that was killed before it wrote the pid file


def is_own(traffic: Traffic | None) -> bool:
    """Whether gonogo runs the proxy itself."""
    return traffic is not None and traffic.kind == "own"


def front_of(place: Place) -> OwnFront | None:
    """The environment's; None where it has another proxy, or none."""
    traffic = place.environment.traffic
    return OwnFront(place=place, traffic=traffic) if traffic is not None and is_own(traffic) else None
