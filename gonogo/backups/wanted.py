"""Whether an environment wants backups: what its configuration says, nothing is looked at."""

from __future__ import annotations

from gonogo.config import Environment
from gonogo.words import Tier

__all__ = ["is_asked", "is_proven", "is_wanted"]


def is_asked(environment: Environment) -> bool:
    """Whether somebody asked for backups: what cannot be made then is red."""
    return environment.backup is not None and not environment.backup.off


def is_wanted(environment: Environment) -> bool:
    """Whether a deployment begins with a backup: where somebody asked for it, or an Engine runs databases.

    A team whose own step is called a backup or a dump makes its own.
    """
    if environment.backup is not None:
        return not environment.backup.off and environment.backup.made is None
    own = any(word in step.name for step in environment.step for word in ("backup", "back-up", "dump"))
    return environment.tier is not Tier.DEV and environment.has("a Docker Engine") and not own


def is_proven(environment: Environment) -> bool:
    """Whether a backup is restored into a scratch server before anything is touched."""
    told = environment.backup.prove if environment.backup is not None else None
    return is_wanted(environment) and (environment.tier is Tier.PROD if told is None else told)
