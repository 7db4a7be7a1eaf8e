"""What a move is, and what it works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from gonogo.backups.shelf import Shelf
from gonogo.backups.written import ProvenDowngrade
from gonogo.errors import GonogoError
from gonogo.gates.ladder import Answer, Rung
from gonogo.gates.pending_migrations import Standing
from gonogo.gates.subject import today
from gonogo.host.busy import BusyWatch
from gonogo.host.runner import Command, Completed, Host
from gonogo.records.results import Attestation, GateResult
from gonogo.run.downtime_probe import Moving
from gonogo.run.notify import Notices
from gonogo.run.screen import Screen
from gonogo.runtimes.base import Place
from gonogo.runtimes.protocols import Runtime
from gonogo.secrets.known import Redactor
from gonogo.state.journal import Journal
from gonogo.state.progress import Progress
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Stage

__all__ = ["Move", "Options", "Work", "run_all"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the operator asked for."""

    no_cache: bool = False
    hotfix: bool = False
    force: bool = False
    reason: str = ""
    attest: tuple[str, ...] = ()
    images: Path | None = None
    """The file that has the images which were built elsewhere."""


@dataclass(kw_only=True)
class Work:
    """One run's surroundings; moves read it and note what they learn."""

    place: Place
    runtime: Runtime
    state: State
    shelf: Shelf
    """The environment's backups."""
    journal: Journal
    release: Release
    """What is being deployed, or gone back to."""
    serving: Release | None
    """What served when the run began."""
    folder: Path
    """The run's folder in the state."""
    reports: Path
    checkout: Path
    redactor: Redactor = field(repr=False)
    options: Options = field(default_factory=Options)
    notices: Notices = field(default_factory=Notices)
    """The team's channels."""
    screen: Screen = field(default_factory=Screen)
    """Where the run tells what it does."""
    attested: tuple[Attestation, ...] = ()
    day: date = field(default_factory=today)
    """On which the run began; its waivers are judged by it."""
    baselines: dict[Stage, GateResult] = field(default_factory=dict)
    """What each stage said of the serving release in this run."""
    pin_problem: GonogoError | None = None
    """Why the release could not be pinned; told after the predeploy gate, which says it better."""
    epoch: str = ""
    """The runtime's when the run began, or when the one that was cut off touched its target."""
    answer: Answer | None = None
    """What the ladder said when it was asked."""
    ladder: str = ""
    rung: int = 0
    proven_downgrade: ProvenDowngrade | None = None
    """The downgrades that a rehearsal has shown to lose nothing."""
    standings: tuple[Standing, ...] = ()
    """Where the databases stood when the ladder was asked, and what was pending then."""
    half_done: tuple[str, ...] = ()
    """What a migration that failed left in databases, although no revision says so."""
    notes: list[str] = field(default_factory=list)
    cut_gate: bool = False
    """Whether a gate did not come to its end, and may have left in the runtime through what it looked."""
    busy: BusyWatch = field(default_factory=BusyWatch)
    """How busy the machine is meanwhile."""
    moving: Moving = field(default_factory=Moving)
    """Whether a release is being replaced just now."""
    progress: Progress = field(default_factory=Progress)
    """What has begun, and what of it went well to its end."""

    def baseline(self, stage: Stage = Stage.POSTDEPLOY) -> GateResult | None:
        """What a stage said of the serving release; of one that was not asked, what the post-deploy checks did."""
        return self.baselines.get(stage) or self.baselines.get(Stage.POSTDEPLOY)

    def stand_on(self, rung: Rung, said: str) -> None:
        """Notes what a rollback would do to the data, for the rollback, for the record and for whoever goes on."""
        self.ladder, self.rung = said, int(rung)
        self.journal.write("ladder", rung=self.rung, said=said)

    def forbid_downgrade(self, why: str) -> None:
        """What a rehearsal allowed is not possible after all."""
        self.proven_downgrade = None
        self.stand_on(Rung.FORWARD_ONLY, f"forward-only: no downgrade by itself, since {why}; it was: {self.ladder}")

    @property
    def host(self) -> Host:
        """Where the environment's commands run."""
        return self.place.host


class Move(Protocol):
    """Changes something. It inherits from this and states what is so of it; the journal writes that when it begins."""

    name: str
    touches: bool = False
    """It changes the target: from the first such step on, what goes wrong goes back."""
    replaces: bool = False
    """It puts another release's instances in the place of those that serve."""
    starts: bool = False
    """It starts the release that comes; where it fails, the record tells how its services are started."""
    migrates: bool = False
    """It may change the schema of a database."""
    downgrades: bool = False
    """It takes a schema back to where an earlier release knows it."""
    repeatable: bool = False
    """It is made again where a run was cut off in it, or after it: it changes nothing of what serves."""

    def describe(self, work: Work) -> tuple[str, ...]:
        """What it would run, as a person would type it."""

    def do(self, work: Work) -> str:
        """Does it; returns one line for people.

        Raises:
            GonogoError: it failed.
        """


def run_all(work: Work, commands: Iterable[Command]) -> list[Completed]:
    """Runs commands one after the other.

    Raises:
        CommandError: at the first that fails.
    """
    return [work.host.run(command).require() for command in commands]
