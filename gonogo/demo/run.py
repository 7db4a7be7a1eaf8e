"""``gonogo demo``: three deployments of a guestbook, played on this machine with real parts."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gonogo.demo.deploying import deploy, instances_stopped
from gonogo.demo.guestbook import Guestbook, Note
from gonogo.demo.interrupts import Interrupts
from gonogo.demo.ports import free_port
from gonogo.demo.postgres import postgres
from gonogo.demo.programs import git, postgres_package, program
from gonogo.demo.repository import make_repository
from gonogo.demo.settings import gonogo_toml
from gonogo.demo.visitor import Visitor, visiting
from gonogo.errors import GonogoError, InterruptedRunError
from gonogo.words import Exit

__all__ = ["demo"]

_NOTES = (
    ("Ada", "The view is splendid."),
    ("Grace", "We found a moth in the attic."),
    ("Edsger", "Simple, and therefore good."),
)


def demo(*, keep: bool) -> int:
    """Deploys version 1, 2 and 3, of which the last never gets its turn; returns 0 when all went as shown.

    Args:
        keep: leave the folder with repository, database and logs.

    Raises:
        UsageError: the extra ``gonogo[demo]`` is not installed.
        GonogoError: something went otherwise than the demo tells.
        InterruptedRunError: Ctrl-C, SIGTERM or SIGHUP; everything that was started is stopped.
    """
    begin = time.monotonic()
    with Interrupts() as interrupts:
        _require_parts()
        try:
            with _home(keep=keep) as home:
                _play(home, interrupts)
        except InterruptedRunError as error:
            raise InterruptedRunError(f"{error}: what the demo started is stopped") from error
    _say(f"All as told, in {time.monotonic() - begin:.0f} s.")
    return int(Exit.GO)


def _require_parts() -> None:
    """What is missing before anything is started."""
    program("caddy")
    program("uv")
    git()
    postgres_package()


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """What the acts play on."""

    repository: Path
    commits: dict[str, str]
    url: str
    guestbook: Guestbook
    interrupts: Interrupts

    def deploy(self, version: str, *, expected: Exit) -> None:
        """One deployment of a version."""
        _say(f"    $ gonogo deploy --env demo --ref {version}\n")
        arguments = ("--env", "demo", "--ref", version)
        deploy(self.repository, *arguments, expected=expected, interrupts=self.interrupts)
        _say("")


def _play(home: Path, interrupts: Interrupts) -> None:
    """Sets everything up, plays the acts, stops everything."""
    _head("Set up: PostgreSQL and a git repository of three commits, all on loopback")
    state, database = home / "state", home / "postgres"
    database.mkdir()
    port, public = free_port(), free_port()
    with postgres(database) as server, instances_stopped(state):
        interrupts.check()
        repository = home / "guestbook"
        url = f"http://127.0.0.1:{public}"
        config = gonogo_toml(url=url, port=port, state=state, uv=program("uv"))
        env_file = f"DATABASE_URL={server.create('guestbook')}\n"
        commits = make_repository(repository, config=config, env_file=env_file)
        _say(f"    PostgreSQL  127.0.0.1:{server.port}\n    repository  {repository}")
        _say(f"    Caddy       {url}, started by the first deployment\n")
        guestbook = Guestbook(url)
        _acts(_Scene(repository=repository, commits=commits, url=url, guestbook=guestbook, interrupts=interrupts))


def _acts(scene: _Scene) -> None:
    _head("Version 1: the first deployment")
    scene.deploy("v1", expected=Exit.GO)
    for author, body in _NOTES:
        scene.guestbook.write(author, body)
    _say(f"    {len(_NOTES)} notes written through {scene.url}\n")

    with visiting(scene.url) as visitor:
        _head("Version 2: a new column, which version 1 could live with")
        scene.deploy("v2", expected=Exit.GO)
        scene.guestbook.write("Barbara", "I came by train.", place="Utrecht")
        before = scene.guestbook.notes()
        _say(f"    1 note more, with its place: {len(before)} in all\n")

        _head("Version 3: it starts and says that it is healthy, but it cannot show the notes")
        scene.deploy("v3", expected=Exit.NO_GO)

    _head("Afterwards: who serves, are the notes there, and was anybody turned away?")
    _require_unharmed(scene, before)
    _require_all_answered(visitor)
    _say(f"    GET /healthz  commit {scene.commits['v2'][:7]}, that is version 2")
    _say(f"    GET /notes    200, the same {len(before)} notes as before")
    _say(f"    GET /         {visitor.answered} requests of a visitor meanwhile, none of them lost\n")


def _require_all_answered(visitor: Visitor) -> None:
    """Nobody was turned away while releases took turns.

    Raises:
        GonogoError: somebody was.
    """
    if visitor.lost:
        raise GonogoError(
            f"GET /: found {len(visitor.lost)} of {visitor.answered + len(visitor.lost)} requests lost, expected none; "
            f"the first: {visitor.lost[0]}."
        )


def _require_unharmed(scene: _Scene, before: list[Note]) -> None:
    """Version 2 serves with the notes as they were.

    Raises:
        GonogoError: it does not.
    """
    commit = scene.guestbook.commit()
    if commit != scene.commits["v2"]:
        raise GonogoError(f"{scene.url}: found commit {commit[:7]}, expected version 2 ({scene.commits['v2'][:7]}).")
    after = scene.guestbook.notes()
    if after != before:
        raise GonogoError(f"{scene.url}/notes: found {after}, expected the notes as before: {before}.")


@contextlib.contextmanager
def _home(*, keep: bool) -> Iterator[Path]:
    """A temporary folder; in the end its reports are brought to safety and it is removed."""
    home = Path(tempfile.mkdtemp(prefix="gonogo-demo-")).resolve()
    try:
        if os.geteuid() == 0:
            home.chmod(0o711)  # as root, PostgreSQL runs below it as nobody
        yield home
    finally:
        _rescue_reports(home / "guestbook" / "reports" / "demo")
        if keep:
            _say(f"Kept as asked: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)
            if home.exists():
                _say(f"{home}: could not be removed completely; rm -rf {home}")


def _rescue_reports(made: Path) -> None:
    if not made.is_dir():
        return
    try:
        kept = Path.cwd() / "reports" / "demo"
        shutil.copytree(made, kept, dirs_exist_ok=True)
    except OSError:
        kept = Path(tempfile.mkdtemp(prefix="gonogo-demo-reports-"))
        shutil.copytree(made, kept, dirs_exist_ok=True)
    _say(f"Reports, a folder for each run: {kept}")
    for page in sorted(kept / run.name / "index.html" for run in made.iterdir()):
        if page.exists():
            _say(f"    {page}")


def _head(text: str) -> None:
    _say(f"{text}\n{'-' * len(text)}")


def _say(text: str) -> None:
    """Tells people; a terminal that is gone must not keep anything from being stopped."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
