"""What linters that are installed beside gonogo say of Dockerfiles, workflows, SQL migrations and secrets."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from gonogo.errors import last_words
from gonogo.host.runner import Command, Host
from gonogo.inspection.code.linters import LINTERS, accepted_secrets, without
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source

__all__: list[str] = []

_SECONDS = 40.0
_MOST = 8
_AT_ONCE = 1000
_BASELINE = ".secrets.baseline"


@pytest.mark.predeploy(
    "P50",
    severity="advisory",
    needs=("the extra gonogo[linters]",),
    remedy="Mend it, or accept it as the linter's own documentation says (an ignore comment, its configuration file)",
)
@pytest.mark.parametrize("name", LINTERS)
def test_linter_has_nothing_to_say(name: str, source: Source, runner: Host, evidence: Collected) -> None:
    """A linter finds nothing in the files that it knows.

    Catches what only somebody who knows that one format sees: a workflow that runs a pull request's title, an index
    that locks a table. It is advice, told once.

    Before (Dockerfile, as hadolint sees it (DL3042)):

        RUN pip install -r requirements.txt

    After (Dockerfile):

        RUN pip install --no-cache-dir -r requirements.txt
    """
    linter = LINTERS[name]
    files = linter.chosen(source.tracked)
    if not files:
        pytest.skip(f"there is no file for {name}")
    program = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{name} is not installed: pip install {linter.package}")
    found = []
    for at in range(0, len(files), _AT_ONCE):
        words = (program, *linter.command[1:], *files[at : at + _AT_ONCE])
        command = Command(argv=words, cwd=str(source.root), timeout=_SECONDS)
        done = runner.run(command, output_limit=None)
        if done.timed_out:
            pytest.skip(f"{name} did not end within {_SECONDS:g} s")
        try:
            found += linter.findings(done.output)
        except ValueError:
            pytest.skip(f"{name} ended with exit code {done.code}: {last_words(done.errors or done.output)}")
    if name == "detect-secrets" and _BASELINE in source.tracked:
        found = without(found, accepted_secrets(source.text(_BASELINE)))
    evidence.table(f"What {name} found", found)
    said = list(dict.fromkeys(map(str, found)))
    for line in said[:_MOST]:
        evidence.advise(line)
    if len(said) > _MOST:
        evidence.advise(f"{name} found more in {len({one.file for one in found})} files")
