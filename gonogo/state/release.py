"""What is deployed: a release, pinned with everything a rollback needs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gonogo.words import Stage

__all__ = ["FORMAT", "Brought", "Release", "release_id"]

FORMAT = 1


class Brought(BaseModel):
    """An image that was built elsewhere, and where it came from."""

    model_config = ConfigDict(extra="ignore")

    name: str
    """What was asked for, by tag or by digest."""
    labelled: bool = True
    """Its label must name the commit."""
    digest: str = ""
    """What the registry gave."""
    archive: str = ""
    """The file that it was loaded from instead."""
    revision: str = ""
    """The commit that its label names."""

    alike: bool = False
    """With that commit, the files that it is built from are those of the release's."""

    def is_of(self, commit: str) -> bool:
        """Whether it says that it was made of what a commit has, where it must."""
        return not self.labelled or self.revision == commit or self.alike

    def told(self, service: str) -> str:
        """Where it came from, for the record."""
        made = f"its label names {self.revision}" if self.revision else "its label names no commit"
        alike = ", which has the same of what it is built from" if self.alike else ""
        asked = "" if self.labelled else "; that was not asked for (revision = false)"
        origin = self.digest or (self.archive and f"from {self.archive}")
        digest = f" ({origin})" if origin and origin not in self.name else ""
        return f"{service} was not built here: {self.name}{digest}; {made}{alike}{asked}."


class Release(BaseModel):
    """One release as its ``release.json`` says it; paths are absolute on the host."""

    model_config = ConfigDict(extra="ignore")

    format: int = FORMAT
    id: str
    commit: str
    summary: str = ""
    """The commit's subject line."""
    env: str
    runtime: str
    created: datetime
    folder: Path
    root: Path
    """The folder of gonogo.toml inside the release's own source."""
    app: str | None = None
    """Where the application stands below ``root``."""
    services: tuple[str, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)
    """Service → image tag (runtime compose)."""
    images: dict[str, str] = Field(default_factory=dict)
    """Service → image id (runtime compose)."""
    brought: dict[str, Brought] = Field(default_factory=dict)
    """Service → the image that it was not built into, but came as (runtime compose)."""
    deaf: tuple[str, ...] = ()
    """Services whose entry point does not run a command that it is given (runtime compose)."""
    migrating: tuple[str, ...] = ()
    """One-shot services that do nothing but migrate (runtime compose)."""
    beside: str = ""
    """What the names of its services end in, where releases take turns; empty for those of the compose file."""
    given: dict[str, str] = Field(default_factory=dict)
    """Files of the host that it was made with, beside the env file → the digest of each."""
    heads: tuple[str, ...] = ()
    """The migration heads in the source."""
    accepted: tuple[str, ...] = ()
    """Revisions of the database that this release runs on although they are not its own (after a rollback)."""
    took: dict[str, int] = Field(default_factory=dict)
    """Bytes that making it took: of ``folder``, its own, and of ``images``, in layers that were not there before."""
    routes: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    """Service → the routes that its artifact registers, measured by the build gate."""
    started: datetime | None = None
    """When its instances were last started."""
    healthy: datetime | None = None
    """When they were all healthy after that; until then it was still being moved."""
    went_go: datetime | None = None
    replaced: str | None = None
    """The id of the release that served until this one did."""
    backup: str | None = None
    """The id of the backup that was taken before it was started."""
    bad: str | None = None
    """Why its checks turned it back, if they did."""
    adopted: bool = False
    """It ran before gonogo came, started by hand; no gate of gonogo ever let it go."""
    assumed: bool = False
    """Nothing says what it was built from; ``commit`` is the checkout's."""
    foreign: bool = False
    """Its commit has no configuration for this environment: another commit's judges it."""
    unsure: tuple[str, ...] = ()
    """What of it could not be kept as it was when it was adopted; a rollback to it reads that as it stands then."""
    said: tuple[str, ...] = ()
    """How it was adopted, for people."""

    @property
    def is_good(self) -> bool:
        """Whether it may be gone back to: it went GO or was adopted, and was not turned back."""
        return (self.went_go is not None or self.adopted) and self.bad is None

    @property
    def commits(self) -> tuple[str, ...]:
        """Its commit, and those that its images may name as well."""
        return (self.commit, *(one.revision for one in self.brought.values() if one.alike))

    @property
    def is_judged_anew(self) -> bool:
        """Whether its checks are another commit's, or may be: what they say of it was never true of it for certain."""
        return self.adopted and (self.assumed or self.foreign)

    def left_out(self, outgoing: Release | None) -> tuple[str, ...]:
        """The one-shot migrations that are not run when this release replaces a newer one.

        Their code does not know the newer schema and could only refuse it.
        """
        back = outgoing is not None and self.created < outgoing.created
        return self.migrating if back else ()

    @property
    def worktree(self) -> Path:
        """The top of the release's source: the commit's files."""
        return self.folder / "source"

    def source_root(self, app: str) -> Path:
        """The application's folder; ``app`` is where it stands below ``root`` if the release does not say."""
        return self.root / (app if self.app is None else self.app)

    @property
    def gate(self) -> Path:
        """What its own post-deploy gate said when it went GO; it is judged by that in the rollback."""
        return self.gate_of(Stage.POSTDEPLOY)

    def gate_of(self, stage: Stage) -> Path:
        """What the last gate of a stage said of it when it went GO."""
        return self.folder / ("gate.json" if stage is Stage.POSTDEPLOY else f"gate-{stage}.json")

    @property
    def short(self) -> str:
        """The commit as people read it."""
        return self.commit[:7]


def release_id(commit: str, *, now: datetime | None = None) -> str:
    """``<UTC yyyymmddThhmmss>-<short commit>``, the name of a release and the tag of its images."""
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%S}-{commit[:7]}"
