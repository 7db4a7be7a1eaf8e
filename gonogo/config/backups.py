"""What a gonogo.toml may say of backups."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gonogo.config.types import Argv, Duration, Words

__all__ = ["BackupRule"]


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"expected a regular expression ({error})") from error
    return value


class BackupRule(BaseModel):
    """What is kept of the data before a deployment, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    off: bool = False
    """Take none."""
    folder: Words | None = None
    """Where backups are kept; default: ``backups`` in the state folder."""
    databases: tuple[Words, ...] = ()
    """Which: ``service/database``, or a variable with an address; default: what the deployed services name."""
    sqlite: tuple[Words, ...] = ()
    """SQLite files: ``service:/path`` in a container, or a path from the folder on the host."""
    folders: tuple[Words, ...] = ()
    """Folders that come along (uploads): ``service:/path`` in a container, or a path from the folder on the host."""
    made: Words | None = None
    """Files that the team's own backups leave, as a pattern from the folder on the host; gonogo takes none then."""
    fresh: Duration | None = None
    """How old the newest of them may be; default: an hour in prod, a day elsewhere."""
    command: Argv | None = None
    """The team's own backup, instead."""
    success: Annotated[str, AfterValidator(_pattern)] | None = None
    """What its text, or that of the newest file of ``made``, must say: some programs exit 0 whatever happens."""
    prove: bool | None = None
    """Restore each into a scratch server before anything is touched; default: in prod."""
    copy_to: Argv | None = None
    """A command that brings a backup elsewhere; ``{folder}`` is filled in."""
    keep: Annotated[int, Field(ge=1)] = 5
    """How many stay, beside those that a kept release needs."""
    keep_for: Duration | None = None
    """Younger ones stay as well."""
    timeout: Duration = 1800.0
    """The longest that one database may take."""

    @model_validator(mode="after")
    def _whole(self) -> BackupRule:
        own = bool(self.databases or self.sqlite or self.folders)
        if self.success is not None and self.command is None and self.made is None:
            raise ValueError("backup.success judges what backup.command says, or backup.made holds; there is neither")
        if own and (self.command is not None or self.made is not None):
            raise ValueError(
                "backup.command and backup.made are instead of databases, sqlite and folders; name one of both"
            )
        if self.command is not None and self.made is not None:
            raise ValueError("backup.command makes a backup, backup.made looks for one; name one of both")
        if self.fresh is not None and self.made is None:
            raise ValueError("backup.fresh says how old what backup.made names may be; there is none")
        return self
