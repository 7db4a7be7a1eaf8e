"""What a gate is asked about; the wrapper writes it, the pytest side reads it. It holds no secrets."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gonogo.config import Environment, Project, load_project
from gonogo.release import Release
from gonogo.words import Role

__all__ = ["Subject"]


class Subject(BaseModel):
    """One question's subject: which configuration asks, and about what."""

    model_config = ConfigDict(frozen=True)

    role: Role = Role.BARE
    env: str
    root: Path
    """The folder of the gonogo.toml that asks: the release's worktree in a deploy, the checkout otherwise."""
    path: Path
    """The folder on the host that holds the env file and what is not in git."""
    state: Path
    checkout: Path
    """The repository's own checkout, where the operator stands."""
    release: Release | None = None
    """What is judged: the candidate, or the serving release in a baseline or a rollback."""
    serving: Release | None = None
    """The release that served before this run."""
    run: Path | None = None
    """The run's folder (journal, results, probe)."""
    hotfix: bool = False
    force: bool = False
    """The operator deploys although gonogo would refuse, and has said why."""
    lock_pid: int | None = None
    """The run that asks holds the lock itself."""

    def load(self) -> tuple[Project, Environment]:
        """The configuration that asks."""
        project = load_project(self.root)
        return project, project.environments[self.env]
