"""The services of the runtime ``process`` that will be: each with its command, and the port of those that serve."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from gonogo.detect.envfiles import examples
from gonogo.detect.facts import Fact, Given, Question, guess
from gonogo.detect.listening import DEFAULT_PORTS, Written, written
from gonogo.detect.naming import plain
from gonogo.detect.serving import says_what
from gonogo.detect.start_files import Program
from gonogo.detect.tree import Tree
from gonogo.secrets.known import is_secret_name

__all__ = ["Planned", "planned", "quoted"]

_USUAL_PORT = 8000
_LEAST_PORT = 1024
_ALL_OF_IT = frozenset({"procfile", "unit", "supervisor"})
"""Files that name every program of an application; others name ways to start one."""
_MOST = 4


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A service that will be."""

    name: str
    program: Program
    written: Written
    port: Fact[int] | None = None
    questions: tuple[Question, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The command's words."""
        return self.written.words


class _Ports:
    """Gives each service a port of its own; one that is only likely gives way to whoever listens there."""

    def __init__(self, tree: Tree, holder: Callable[[int], str | None]) -> None:
        self.tree = tree
        self._holder = holder
        self._given: dict[int, str] = {}

    def give(self, name: str, wanted: Fact[int]) -> Fact[int]:
        port, why = wanted.value, ""
        while port in self._given or (not wanted.sure and self._holder(port)):
            why = f"; {wanted.value} is taken by {self._given.get(wanted.value) or 'another program here'}"
            port += 1
        self._given[port] = name
        return Fact(port, wanted.where, wanted.sure) if port == wanted.value else guess(port, f"{wanted.where}{why}")


def planned(
    tree: Tree, main: Program, found: Sequence[Program], given: Given, holder: Callable[[int], str | None]
) -> Iterator[Planned]:
    """What serves first, then what else the same file names, or another that names all programs.

    ``holder`` says who listens on a port of this machine.
    """
    ports = _Ports(tree, holder)
    yield _one(ports, "web", main, given)
    same = [one for one in found if one.kind == main.kind and one.kind in _ALL_OF_IT and one is not main]
    others = [one for one in found if one.kind in _ALL_OF_IT and one.start.role == "worker"]
    more = same or [one for one in others if one.kind == others[0].kind]
    names, texts = {"web"}, {main.start.text}
    for one in more:
        known = one.start.where == main.start.where.partition(", ")[0]
        known = known or (one.start.role == "web" and one.start.entrypoint == main.start.entrypoint)
        if known or one.start.text in texts or (one.start.role == "web" and not says_what(one)):
            continue
        texts.add(one.start.text)
        name = plain(one.name)
        while name in names:
            name = f"{name}-{len(names)}"
        names.add(name)
        yield _one(ports, name, one, replace(given, port=0))


def _one(ports: _Ports, name: str, program: Program, given: Given) -> Planned:
    start = program.start
    server = start.server or "python"
    said = written(start.text or program.text, server, folder=program.folder)
    env = [
        f"{key}={value}"
        for key, value in program.env.items()
        if key != "FLASK_APP" and " " not in value and "$" not in value and not is_secret_name(key)
    ]
    if program.kind == "unit" and env:
        said = replace(said, words=("env", *env, *said.words))
    if start.role == "worker" or (start.role == "python" and name != "web"):
        return Planned(name=name, program=program, written=said, questions=tuple(_lost(name, said, start.where)))
    port = ports.give(name, _port(ports.tree, program, said, given))
    return Planned(name=name, program=program, written=said, port=port, questions=tuple(_lost(name, said, start.where)))


def _lost(name: str, said: Written, where: str) -> Iterator[Question]:
    if said.left_out:
        text = f"{where} also says {' '.join(said.left_out[:_MOST])}, which only that shell knows; left out"
        yield Question(about=f"service.{name}.command", text=text)


def _port(tree: Tree, program: Program, said: Written, given: Given) -> Fact[int]:
    where = program.start.where
    if given.port:
        return Fact(given.port, "as you said")
    if said.port and said.port >= _LEAST_PORT:
        return Fact(said.port, where)
    if program.port and program.port >= _LEAST_PORT:
        return guess(program.port, where)
    for path in examples(tree):
        match = re.search(r"(?m)^\s*(?:APP_|WEB_|SERVER_)?PORT\s*=\s*[\"']?(\d{4,5})", tree.text(path))
        if match:
            return guess(int(match[1]), tree.where(path, match[0].strip()))
    server = program.start.server
    return guess(DEFAULT_PORTS.get(server, _USUAL_PORT), f"{where} names none; {server}'s own")


def quoted(word: str) -> str:
    """A word of a command as gonogo.toml has it: what is filled in stays readable."""
    return word if re.fullmatch(r"[\w@%+=:,./{}-]+", word) else shlex.quote(word)
