"""What a runtime can do, in small protocols: one for each thing that somebody asks of it, with defaults.

``Builds`` makes what a release is started from, ``Runs`` starts and ends its instances, ``Looks`` sees them,
``Ground`` is what all of them stand on, ``Keeps`` is what a release needs that is kept. Methods that return commands
run none; moves do.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from gonogo.host.runner import Command
from gonogo.runtimes.base import Inspector, Place
from gonogo.state.release import Release

__all__ = ["NONE", "Action", "Builds", "Ground", "Keeps", "Looks", "Runs", "Runtime", "Turns", "do_all", "said_of"]

NONE: Mapping[str, str] = MappingProxyType({})
"""No variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One step of a start or a stop: what a person would type, and what does it."""

    said: tuple[str, ...] = ()
    """Nothing for what only makes sure."""
    do: Callable[[], None]


class Builds(Protocol):
    """Makes the artifact of a release; touches nothing that serves."""

    @abstractmethod
    def pin(self, place: Place, release: Release) -> Release:
        """Writes what starts this release into its folder."""

    def fetching(self, place: Place, release: Release, archive: Path | None) -> tuple[Command, ...]:  # noqa: ARG002 (all is made here)
        """Brings what was made elsewhere: from the file that somebody has it in, else from where it is kept."""
        return ()

    def fetch(self, place: Place, release: Release, archive: Path | None) -> Release:  # noqa: ARG002 (likewise)
        """Does what ``fetching`` lists, and notes where it came from."""
        return release

    @abstractmethod
    def build(self, place: Place, release: Release, *, no_cache: bool) -> tuple[Command, ...]:
        """Makes the artifact."""

    def measure(self, place: Place, release: Release) -> Release:  # noqa: ARG002 (nothing is to be noted)
        """Notes what was built (image ids)."""
        return release

    def image_bytes(self, place: Place, release: Release) -> int:  # noqa: ARG002 (no images)
        """The bytes that its images took, in layers that were not there before."""
        return 0

    @abstractmethod
    def in_service(
        self,
        place: Place,
        release: Release,
        service: str,
        argv: Sequence[str],
        *,
        folder: str = ".",
        variables: Mapping[str, str] = NONE,
    ) -> Command:
        """Runs a command once with a service's code and settings, beside its instances.

        ``folder`` is where it runs: a folder of the application, wherever it landed; ``.`` is where the service runs.
        ``variables`` are set beside the service's own.
        """

    @abstractmethod
    def facts(self, place: Place, release: Release) -> Mapping[str, Any]:
        """What the ladder needs: ``{"entry": {service: (command words…)}, "scripts": {name: text}}``."""


class Runs(Protocol):
    """Starts and ends the instances of a release; what it does is one list, described by the plan and then done.

    Whoever implements it writes the lists; describing and doing them is the same for all.
    """

    @abstractmethod
    def starting(self, place: Place, release: Release, outgoing: Release | None) -> tuple[Action, ...]:
        """Replaces the outgoing release's instances by this one's and waits for health; never builds.

        An action raises ``CommandError`` where a command failed, or an instance did not become healthy in time;
        ``RuntimeUnreachableError`` where the runtime went away meanwhile, and how far it came is not known.
        """

    def restarting(self, place: Place, release: Release, services: Collection[str]) -> tuple[Action, ...]:  # noqa: ARG002 (all)
        """Starts the instances of some services anew, of a release that serves, and whatever of it does not run."""
        return self.starting(place, release, release)

    @abstractmethod
    def stopping(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Stops and removes this release's instances; data (volumes, databases) stay."""

    def retiring(self, place: Place, release: Release) -> tuple[Action, ...]:
        """Stops and removes this release's own instances, so that another runtime can start them; the rest goes on."""
        return self.stopping(place, release)

    @abstractmethod
    def in_instance(
        self, place: Place, release: Release, service: str, argv: Sequence[str], *, folder: str = "."
    ) -> Command:
        """Runs a command inside a service's running instance, in a folder as ``in_service`` has it."""

    def describe_start(self, place: Place, release: Release, outgoing: Release | None) -> tuple[str, ...]:
        """What ``start`` would run, as a person would type it."""
        return said_of(self.starting(place, release, outgoing))

    def start(self, place: Place, release: Release, outgoing: Release | None) -> None:
        """Does what ``starting`` lists."""
        do_all(self.starting(place, release, outgoing))

    def describe_restart(self, place: Place, release: Release, services: Collection[str]) -> tuple[str, ...]:
        """What ``restart`` would run."""
        return said_of(self.restarting(place, release, services))

    def restart(self, place: Place, release: Release, services: Collection[str]) -> None:
        """Does what ``restarting`` lists."""
        do_all(self.restarting(place, release, services))

    def describe_stop(self, place: Place, release: Release) -> tuple[str, ...]:
        """What ``stop`` would run."""
        return said_of(self.stopping(place, release))

    def stop(self, place: Place, release: Release) -> None:
        """Does what ``stopping`` lists."""
        do_all(self.stopping(place, release))

    def retire(self, place: Place, release: Release) -> None:
        """Does what ``retiring`` lists."""
        do_all(self.retiring(place, release))


class Looks(Protocol):
    """Sees what was built and what runs; changes nothing."""

    @abstractmethod
    def inspector(self, place: Place, release: Release | None) -> Inspector:
        """The read-only side."""

    def save_logs(self, place: Place, release: Release | None) -> tuple[Command, ...]:  # noqa: ARG002 (none are written)
        """Shows the logs of what runs now; their output is kept."""
        return ()

    def expected_variables(self, place: Place, release: Release) -> Mapping[str, Mapping[str, str]]:  # noqa: ARG002 (none are given)
        """Service → the variables that an instance of it is started with (secrets!)."""
        return {}

    def found_variables(self, place: Place, release: Release) -> Mapping[str, Sequence[Mapping[str, str]]]:  # noqa: ARG002 (none are given)
        """Service → the variables of each of its running instances (secrets!); what cannot be seen is left out.

        Raises:
            CommandError: the runtime does not say.
        """
        return {}


class Ground(Protocol):
    """What all instances stand on: when that is restarted, every one of them ends. The defaults stand on nothing."""

    ground: str
    """As the subject of a sentence."""

    def epoch(self, place: Place) -> str:  # noqa: ARG002 (nothing is asked)
        """Something that is another one once the ground was restarted; empty where that is not known."""
        return ""

    def lost(self, place: Place, said: str) -> bool:  # noqa: ARG002 (likewise)
        """Whether it is away now, or was by the words of what failed; what it ran may have ended with it."""
        return False

    def wait(self, place: Place) -> None:  # noqa: ARG002 (likewise)
        """Waits, at most as long as a release may take to become healthy, until instances can be started again.

        Raises:
            RuntimeUnreachableError: they cannot; the text says what to do.
        """
        return

    def prepare(self, place: Place, release: Release) -> tuple[Command, ...]:  # noqa: ARG002 (likewise)
        """Starts what migrations need (a database that does not run yet); running services are left alone."""
        return ()

    def make_ready(self, place: Place, release: Release) -> None:  # noqa: ARG002 (likewise)
        """Runs what ``prepare`` names, and waits until it is ready.

        Raises:
            CommandError: it did not become ready in time.
        """
        return

    def disks(self, place: Place, release: Release) -> Mapping[str, Path]:  # noqa: ARG002 (likewise)
        """Where the release and what it stands on write: a name for people, and a path of this machine.

        Raises:
            GonogoError: the runtime does not say.
        """
        return {"the state folder": place.state}

    def free_disk(self, place: Place, red: Release, target: Release) -> tuple[str, ...]:  # noqa: ARG002 (likewise)
        """Frees what a release that is turned back holds of a full disk; one sentence for what was done.

        Raises:
            GonogoError: it could not be freed.
        """
        return ()

    def end_leftovers(self, place: Place, run: str) -> tuple[str, ...]:  # noqa: ARG002 (likewise)
        """Ends what a run that was killed left going on outside its own processes; one sentence for each.

        Raises:
            GonogoError: that could not be found out.
        """
        return ()


class Keeps(Protocol):
    """What a release needs that is kept, and what is left of one that is not."""

    @abstractmethod
    def pinned_files(self, release: Release) -> Mapping[str, Path]:
        """What it is started from, apart from images: a name for people, and where it stands."""

    def stores(self, place: Place, release: Release) -> tuple[str, ...]:  # noqa: ARG002 (likewise)
        """What stays behind when everything of this release is stopped, each in words."""
        return ()

    @abstractmethod
    def remove(self, place: Place, release: Release) -> tuple[Command, ...]:
        """Throws away a release's artifact (retention)."""


class Turns(Protocol):
    """Starts a release beside the one that serves; a runtime with the capability ``beside`` overrides all of it."""

    def aside(self, place: Place, release: Release) -> tuple[Action, ...]:  # noqa: ARG002 (it cannot)
        """Starts it, and waits for its health; nobody is sent to it."""
        return ()

    def switching(self, place: Place, release: Release, outgoing: Release | None) -> tuple[Action, ...]:  # noqa: ARG002 (likewise)
        """Sends everybody to it, and proves that they arrive there."""
        return ()

    def sharing(self, place: Place, release: Release, serving: Release, percent: int) -> tuple[Action, ...]:  # noqa: ARG002 (likewise)
        """Sends so many of a hundred requests to it, and the others to the one that serves."""
        return ()

    def leaving(
        self,
        place: Place,  # noqa: ARG002 (likewise)
        release: Release,  # noqa: ARG002 (likewise)
        serving: Release | None,  # noqa: ARG002 (likewise)
        *,
        served: bool = True,  # noqa: ARG002 (likewise)
    ) -> tuple[Action, ...]:
        """Stops what nobody is sent to any more, once its last requests have ended; at once where it never served."""
        return ()

    def direct(self, place: Place, release: Release) -> Mapping[str, str]:  # noqa: ARG002 (likewise)
        """Service → ``host:port`` where a release itself is asked, past whatever stands in front."""
        return {}


class Runtime(Builds, Runs, Turns, Looks, Ground, Keeps, Protocol):
    """All of it."""

    name: str


def said_of(actions: Sequence[Action]) -> tuple[str, ...]:
    """What a list of actions would run, as a person would type it."""
    return tuple(line for action in actions for line in action.said)


def do_all(actions: Sequence[Action]) -> None:
    """Does one after the other."""
    for action in actions:
        action.do()
