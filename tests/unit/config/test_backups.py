"""What ``[env.NAME.backup]`` may say together."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.errors import ConfigError

__all__: list[str] = []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('success = "x"', "backup.success judges what backup.command says, or backup.made holds; there is neither"),
        ('success = "("\ncommand = "x"', "expected a regular expression"),
        ('command = "x"\nsqlite = ["a.db"]', "are instead of databases, sqlite and folders; name one of both"),
        ('command = "x"\nmade = "a"', "backup.command makes a backup, backup.made looks for one; name one of both"),
        ('fresh = "1h"', "backup.fresh says how old what backup.made names may be; there is none"),
        ('keep_for = "7"', "expected a duration with its unit"),
        ("keep = 0", "greater than or equal to 1"),
        ('kept = "7d"', "kept"),
    ],
)
def test_what_makes_no_sense_together_is_refused(text: str, said: str) -> None:
    """The message says which keys, and that one has to go or to come."""
    toml = f'[app]\nname = "a"\n[env.x]\nproject = "a"\n[env.x.backup]\n{text}\n'

    with pytest.raises(ConfigError) as caught:
        parse_project(toml, root=Path("/srv"))

    assert said in str(caught.value)
    assert "env.x.backup" in str(caught.value)
