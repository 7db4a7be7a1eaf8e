"""What a release of the runtime ``process`` installs, under which Python, and from which folder it is run."""

from __future__ import annotations

import contextlib
import posixpath
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from gonogo.detect.dependencies import dependencies
from gonogo.detect.facts import Question
from gonogo.detect.tree import Tree
from gonogo.detect.unnamed import is_installed
from gonogo.runtimes.process.install import Needs, needs_of

__all__ = ["Installing", "installing"]

_NEWEST, _OLDEST = 14, 6


@dataclass(frozen=True, kw_only=True)
class Installing:
    """The commands that take the place of gonogo's own, and what is to be known of them."""

    where: str = ""
    commands: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()


def installing(tree: Tree, folder: str, server: str, runs: Callable[[str], bool]) -> tuple[str, Installing]:
    """The application's folder, and what is installed for it.

    Args:
        tree: The whole repository.
        folder: Where the program finds its modules.
        server: The program that serves.
        runs: Whether a Python of this name can be run here.
    """
    here = _needs(tree.within(folder))
    top = _needs(tree)
    if folder != "." and top.project and not _names(here):
        folder, here = ".", top  # a package of the repository's, which is installed itself
    commands: dict[str, str] = {}
    notes: list[str] = []
    questions: list[Question] = []
    up = "/".join(".." for _ in folder.split("/")) if folder != "." else ""
    if not _names(here) and up and _names(top):
        commands["install"] = (
            f"{{python}} -m pip install -r {up}/{top.file}" if top.file else f"{{python}} -m pip install {up}"
        )
        here = top
    elif not _names(here):
        questions.append(_question())
    inner = tree.within(folder) if not commands else tree
    extra = _file_of(inner, here, server)
    if extra:
        commands["install"] = f"{{python}} -m pip install -r {extra}"
    elif _names(here) and not is_installed(server, dependencies(inner), inner):
        where = here.file or "the dependencies"
        notes.append(f"no file asks for {server}, which starts it: add it to {where}, or it will not start")
    if _names(here):
        notes.append(f"installed: {commands.get('install') or _said(here)}")
    commands |= _python(tree.within(folder), questions, runs)
    why = f"{folder}/ is where its modules are imported from; the paths here are seen from there"
    return folder, Installing(where=why, commands=commands, questions=tuple(questions), notes=tuple(notes))


def _needs(tree: Tree) -> Needs:
    """What ``gonogo`` would install in a folder by itself."""
    tops: dict[str, bool] = {}
    for path in tree.files:
        name, slash, rest = path.partition("/")
        if slash and not name.startswith("."):
            tops[name] = tops.get(name, False) or (rest.endswith(".py") and "/" not in rest)
    return needs_of(lambda name: tree.text(name) if name in tree else None, tops)


def _names(needs: Needs) -> bool:
    return bool(needs.file or needs.requirements or needs.project)


def _said(needs: Needs) -> str:
    if needs.project:
        return "the project itself, as its pyproject.toml or setup.py says"
    within = ", in the versions of its lock file" if needs.pinned else ""
    return needs.file or f"the dependencies of pyproject.toml or Pipfile.lock{within}"


def _question() -> Question:
    text = (
        "what is to be installed? Neither requirements.txt, Pipfile.lock, setup.py nor pyproject's dependencies say it"
    )
    return Question(about="commands.install", text=text, line='install = "{python} -m pip install gunicorn flask"')


def _file_of(tree: Tree, needs: Needs, server: str) -> str:
    """The file of requirements that names the server, where another one would be installed that does not."""
    name = {"waitress-serve": "waitress"}.get(server, server)
    where = dependencies(tree).get(name, "").rpartition(":")[0]
    if not needs.file or where in {"", needs.file} or not where.endswith(".txt") or name in _closure(tree, needs.file):
        return ""
    return where if re.search(r"prod|deploy|server|requirements/", where) else ""


def _closure(tree: Tree, path: str) -> set[str]:
    """The packages that a file of requirements names, with those that it includes."""
    found: set[str] = set()
    work, seen = [path], set()
    while work:
        current = work.pop()
        if current in seen:
            continue
        seen.add(current)
        for line in tree.text(current).splitlines():
            included = re.match(r"\s*-r\s*(\S+)", line)
            if included:
                work.append(posixpath.normpath(posixpath.join(posixpath.dirname(current), included[1])))
            elif name := re.match(r"\s*([A-Za-z0-9][\w.-]*)", line):
                found.add(re.sub(r"[-_.]+", "-", name[1]).casefold())
    return found


def _python(tree: Tree, questions: list[Question], runs: Callable[[str], bool]) -> dict[str, str]:
    """Another Python for the release's environment, where the project refuses the one that gonogo has."""
    wanted = _wanted(tree)
    if wanted is None or wanted[0].contains(".".join(map(str, sys.version_info[:3]))):
        return {}
    allowed, where = wanted
    names = [f"python3.{minor}" for minor in _minors(allowed)]
    found = next((name for name in names if runs(name)), "")
    if found:
        return {"environment": f"{found} -m venv --clear {{venv}}"}
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    text = f"{where} asks for Python {allowed}; gonogo has {own}, and no other runs here"
    line = f'environment = "{(names or ["python3"])[0]} -m venv --clear {{venv}}"'
    questions.append(Question(about="commands.environment", text=text, line=line))
    return {}


def _minors(allowed: SpecifierSet) -> Iterator[int]:
    yield from (minor for minor in range(_OLDEST, _NEWEST + 1) if allowed.contains(f"3.{minor}.50"))


def _wanted(tree: Tree) -> tuple[SpecifierSet, str] | None:
    """Which Python the project allows, else which one it says that it is run with."""
    try:
        document = tomllib.loads(tree.text("pyproject.toml"))
    except tomllib.TOMLDecodeError:
        document = {}
    said = str(document.get("project", {}).get("requires-python", ""))
    poetry = str(document.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python", ""))
    for text, where in (
        (said, tree.where("pyproject.toml", "requires-python")),
        (_of_poetry(poetry), tree.where("pyproject.toml", "python =", "python=")),
        (_of_version(tree.text(".python-version")), ".python-version"),
        (_of_version(tree.text("runtime.txt")), "runtime.txt"),
    ):
        with contextlib.suppress(InvalidSpecifier):
            if text not in {"", "*"}:
                return SpecifierSet(text), where
    return None


def _of_poetry(text: str) -> str:
    caret = re.fullmatch(r"\^\s*(\d+)((?:\.\d+)*)", text.strip())
    if caret:
        return f">={caret[1]}{caret[2]},<{int(caret[1]) + 1}"
    return re.sub(r"^~\s*(\d+\.\d+).*$", r"==\1.*", text.strip())


def _of_version(text: str) -> str:
    """``3.12``, ``3.12.4`` or ``python-3.12.4``: any patch of it."""
    match = re.search(r"(?m)^\s*(?:python-|cpython-)?(3\.\d+)", text)
    return f"=={match[1]}.*" if match else ""
