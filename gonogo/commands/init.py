"""``gonogo init``: look at a repository, write its gonogo.toml and a first check, and ask what can be asked at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gonogo import git
from gonogo.commands.first_look import Looked, look
from gonogo.config import parse_project
from gonogo.config.runtimes import RUNTIMES, has
from gonogo.detect import Given, Question, survey
from gonogo.detect.starter import NAME, first_check, prove
from gonogo.detect.workflows import workflow
from gonogo.detect.writing import GUESS, toml_of
from gonogo.errors import GonogoError, UsageError
from gonogo.host.runner import Host, this_machine
from gonogo.host.terminal import is_terminal
from gonogo.words import CONFIG_NAME, Exit

if TYPE_CHECKING:
    from gonogo.detect import Found

__all__ = ["Asked", "Written", "has_terminal", "init"]

_IGNORED = "reports/"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How the command was called, the facts aside."""

    given: Given
    yes: bool = False
    output: str = CONFIG_NAME
    kind: str = ""
    """``github``, ``gitlab``, or nothing."""
    gates: bool = True


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written, and what the first look at it said."""

    found: Found
    files: tuple[str, ...]
    said: tuple[str, ...]
    """Lines for people, in order."""
    exit_code: Exit

    def document(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"exit_code": int(self.exit_code), "files": list(self.files), "found": self.found.document()}


def init(folder: Path, asked: Asked, *, say: Callable[[str], None], ask: Callable[[str, str], str] | None) -> Written:
    """Writes the configuration of an application that gonogo has never seen.

    Args:
        folder: The application's folder.
        asked: How the command was called.
        say: Tells people what was found before anything is written.
        ask: Puts a question with its default to the operator; None where there is no terminal.

    Raises:
        UsageError: there is a configuration already, nothing that could be deployed, or nobody to ask.
    """
    _nothing_there(folder, asked.output)
    if asked.given.runtime not in {"", *RUNTIMES}:
        raise UsageError(f'--runtime: found "{asked.given.runtime}", expected {" or ".join(RUNTIMES)}.')
    host = this_machine(timeout=120.0)
    found = survey(folder, asked.given, host)
    if not asked.yes:
        if ask is None:
            raise UsageError(_would_ask(found, asked))
        asked = _answered(found, asked, ask)
        found = survey(folder, asked.given, host)
    text = toml_of(found, asked.given.env)
    parse_project(text, root=folder, name=asked.output)
    return _write(folder, found, text, asked, host, say)


def _nothing_there(folder: Path, output: str) -> None:
    path = folder / output
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path}: found one already, expected none: init overwrites nothing. `gonogo plan` shows what it does; "
            f"to compare, write another: `gonogo init --output {_beside(output)}`."
        )


def _beside(output: str) -> str:
    return "gonogo.new.toml" if output == CONFIG_NAME else f"new-{Path(output).name}"


def _write(folder: Path, found: Found, text: str, asked: Asked, host: Host, say: Callable[[str], None]) -> Written:
    files, said = [asked.output], list(_missing(found))
    _create(folder / asked.output, text)
    say(f"wrote {asked.output}: {_summary(found, text)}")
    if asked.output == CONFIG_NAME:
        files += [name for name, line in _beside_it(folder, found, asked, host) if _told(say, line) and name]
    looked = _first_look(folder, found, asked, host) if asked.gates and asked.output == CONFIG_NAME else Looked()
    lines = (*looked.lines, *said, *_next(files, asked, found, looked))
    return Written(found=found, files=tuple(files), said=lines, exit_code=looked.exit_code)


def _told(say: Callable[[str], None], line: str) -> bool:
    say(line)
    return True


def _first_look(folder: Path, found: Found, asked: Asked, host: Host) -> Looked:
    if found.to_do:
        return Looked(lines=("what it needs first is missing, so nothing was asked yet",), exit_code=Exit.NO_GO)
    return look(folder, asked.given.env, serves=bool(found.running), host=host)


def _create(path: Path, text: str) -> None:
    """Writes a file that is not there yet; one that appeared meanwhile is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: found one already, expected none: init overwrites nothing.") from None


def _beside_it(folder: Path, found: Found, asked: Asked, host: Host) -> Iterator[tuple[str, str]]:
    """Writes what belongs to it; yields each file's name (empty for one that was left alone) and what is told."""
    if (folder / NAME).exists() or ((folder / "checks").exists() and not (folder / "checks").is_dir()):
        yield "", f"left {NAME} alone: it is there already"
    elif not (text := first_check(found)):
        yield "", f"wrote no {NAME}: no page is known that it could ask for"
    else:
        problem = prove(text, host)
        if problem:
            raise GonogoError(f"the first check is no proof: {problem}. Please report it.")
        _create(folder / NAME, text)
        yield NAME, f"wrote {NAME}: a first check, which was seen to go red"
    if _ignore(folder, host):
        yield ".gitignore", f"added {_IGNORED} to .gitignore"
    if asked.kind:
        name, text = workflow(asked.kind, asked.given.env)
        if (folder / name).exists():
            yield "", f"left {name} alone: it is there already"
        else:
            _create(folder / name, text)
            yield name, f"wrote {name}"


def _ignore(folder: Path, host: Host) -> bool:
    """Adds the reports to .gitignore, where git does not ignore them yet."""
    asked = host.run(git.ask(folder, "check-ignore", "--quiet", "reports/x", timeout=30.0))
    if asked.ok:
        return False
    path = folder / ".gitignore"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    gap = "" if not before or before.endswith("\n") else "\n"
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{gap}{_IGNORED}\n")
    return True


def _summary(found: Found, text: str) -> str:
    serving = [one.name for one in found.services if one.role == "web"]
    kinds = ", ".join(f"{one.name} ({one.framework.value})" for one in found.services if one.framework is not None)
    return f"{kinds or ', '.join(serving) or 'no service that is known'}; {_left(found, text)}"


def _left(found: Found, text: str) -> str:
    """What is for a person: questions, and the lines that are only likely."""
    asked, likely = len(_questions(found)), text.count(GUESS)
    open_ = f"{asked} question{'' if asked == 1 else 's'} left open in it" if asked else "no question left open"
    return f"{open_}, {likely} guess{'' if likely == 1 else 'es'} to look at" if likely else open_


def _questions(found: Found) -> list[Question]:
    return [*found.questions, *(question for one in found.services for question in one.questions)]


def _missing(found: Found) -> Iterator[str]:
    for text in found.to_do:
        yield f"first    {text}"


def _next(files: Sequence[str], asked: Asked, found: Found, looked: Looked) -> Iterator[str]:
    env = asked.given.env
    if asked.output != CONFIG_NAME:
        return
    for question in _questions(found):
        yield f"open     {question.about}: {question.text}"
    again = "" if looked.asked and not looked.exit_code else f"python -m pytest -m predeploy --env {env}; "
    yield f"next     git add {' '.join(files)} && git commit; {again}gonogo plan --env {env}; gonogo deploy --env {env}"


def _would_ask(found: Found, asked: Asked) -> str:
    lines = [f"    {flag:<22} {text} [{default or 'left open'}]" for flag, text, default in _asks(found, asked)]
    listed = "\n".join(lines)
    return (
        "found no terminal to ask on, expected one, or `--yes`, which takes what stands in brackets; nothing was "
        f"written. It would ask:\n{listed}"
    )


def _asks(found: Found, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """What is asked: the flag that answers it, the question, and what is taken without an answer."""
    yield "--env NAME", "what is this environment called?", asked.given.env
    if found.compose is not None and not found.compose.sure:
        yield "--compose FILE", f"which compose files ({found.compose.where})?", " ".join(found.compose.value)
    if found.profiles is not None and not found.profiles.sure:
        yield "--profile NAME", "which profiles are active?", " ".join(found.profiles.value)
    if has(found.runtime, "commands"):
        yield from _asks_of_processes(found)
    elif found.url is None or not found.url.sure:
        yield "--url URL", "where does it answer?", found.url.value if found.url else ""
    if found.live is not None and not found.live.sure:
        yield "--live PATH", f"which page answers while it lives ({found.live.where})?", found.live.value
    kind = "what is it called among others" if has(found.runtime, "commands") else "which Compose project"
    yield "--project NAME", f"{kind}?", found.project.value
    yield "--workflow KIND", "a CI workflow: github, gitlab, or none?", asked.kind or "none"


def _asks_of_processes(found: Found) -> Iterator[tuple[str, str, str]]:
    web = found.services[0]
    if web.command is not None and not web.command.sure:
        yield "--command TEXT", f"how is it started ({web.command.where})?", web.command.value
    if web.port is not None and not web.port.sure:
        yield "--port N", f"on which port of loopback ({web.port.where})?", str(web.port.value)


def _answered(found: Found, asked: Asked, ask: Callable[[str, str], str]) -> Asked:
    """Puts the questions; an empty answer takes what was found."""
    given = asked.given
    said = {flag.split()[0]: ask(text, default).strip() for flag, text, default in _asks(found, asked)}
    lists = {"--compose": "compose", "--profile": "profiles"}
    known: dict[str, Any] = {name: tuple(said[flag].split()) for flag, name in lists.items() if said.get(flag)}
    for flag, name in {"--env": "env", "--url": "url", "--live": "live"}.items():
        if said.get(flag):
            known[name] = said[flag]
    if said.get("--port", "").isdecimal():
        known["port"] = int(said["--port"])
    if said.get("--command", "") not in {"", found.services[0].command and found.services[0].command.value}:
        known["command"] = said["--command"]
    if said["--project"] != found.project.value:
        known["project"] = said["--project"]
    kind = said["--workflow"] if said["--workflow"] in {"github", "gitlab"} else ""
    return replace(asked, given=replace(given, **known), kind=kind)


def has_terminal() -> bool:
    """Whether somebody can be asked."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)
