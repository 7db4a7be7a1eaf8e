"""Which Python an entry command runs (on PATH, a virtual environment's, behind ``uv run``), and where that imports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["ON_PATH", "ImportPlace", "PythonEnvironment", "environment_in", "import_place"]

_RUNNERS = {
    "uv": ("uv", "run", "--no-sync"),
    "poetry": ("poetry", "run"),
    "pipenv": ("pipenv", "run"),
    "pdm": ("pdm", "run"),
}
_RUNNER = re.compile(rf"(?<![\w./-])(?:[\w./-]*/)?({'|'.join(_RUNNERS)})\s+(?:-[\w-]+(?:=\S+)?\s+)*run\b")
_ENVIRONMENT = re.compile(r"(?<![\w./~$-])((?:[\w.-]*/)*[\w.-]*(?:venv|virtualenv|env)[\w.-]*/bin)/[\w.+-]+")
_PYTHON = re.compile(r"python[\d.]*|alembic|flask|django-admin")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_NEXT = re.compile(r"&&|\|\||[;|\n]")
_MOVE = re.compile(r"(?:^|[\s;&|({\"'])cd\s+([^\s;&|)}\"']+)")
_SUBSHELL = re.compile(r"\([^()]*\)")
"""What moves in there comes back."""
_TOLD = re.compile(r"\s--(app-dir|chdir|pythonpath)(?:=|\s+)([^\s\"']+)")
_PLAIN = re.compile(r"[\w./+@-]+")
_EXPORTED = re.compile(
    r"""(?:^|[\s;&|({"'])export\s+(DJANGO_SETTINGS_MODULE|DJANGO_CONFIGURATION|FLASK_APP)=["']?([\w.:/-]+)["']?(?=[\s;&|)}"']|$)""",
    re.MULTILINE,
)
"""What frameworks find their application by. Other variables may be secrets, or are made of others."""
_OPENS = re.compile(r"(?m)(?:^|[;\n&|]|\bthen|\bdo|\belse)\s*(?:(?:if|case|while|for|until)\b|[\w-]+\s*\(\)\s*\{)")
_CLOSES = re.compile(r"(?m)(?:^|[;\n])\s*(?:(?:fi|esac|done)\b|\})")
_CONDITION = re.compile(r"(?:\[|\btest\b|\|\|)[^\n;]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonEnvironment:
    """How a program of the service's Python environment is called."""

    runner: tuple[str, ...] = ()
    """``("uv", "run", "--no-sync")``"""
    folder: str = ""
    """The folder of its programs: ``/opt/venv/bin``."""
    said: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """What says so: the entry command, and the scripts that it names."""
    pythonpath: str = ""
    """``PYTHONPATH``, as the service is started with."""
    exported: tuple[tuple[str, str], ...] = ()
    """Variables that its script exports by which a framework finds its application."""

    def words(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The same command in this environment; programs that are not Python's are called as they are."""
        if not argv or not _PYTHON.fullmatch(argv[0]):
            return tuple(argv)
        given = ("env", *(f"{name}={value}" for name, value in self.exported)) if self.exported else ()
        if self.runner:
            return (*given, *self.runner, *argv)
        return (*given, posixpath.join(self.folder, argv[0]) if self.folder else argv[0], *argv[1:])

    def synced(self) -> PythonEnvironment:
        """The same; where its runner finds no environment it makes one, as it does when the service starts."""
        return replace(self, runner=tuple(word for word in self.runner if word != "--no-sync"))


ON_PATH = PythonEnvironment()


def environment_in(words: Sequence[str], scripts: Mapping[str, str], *, workdir: str) -> PythonEnvironment:
    """The environment that an entry command starts its programs in, by its words or by the scripts that they name.

    ``workdir`` is where relative paths begin. Nothing is guessed from folders that only lie there: a virtual
    environment that no word names may be a desk's.
    """
    named = [text for path, text in scripts.items() if _is_named(posixpath.basename(path), words)]
    texts = tuple(_COMMENT.sub("", text) for text in (" ".join(words), *named))
    exported = _exported(texts)
    for said in texts:
        if found := _ENVIRONMENT.search(said):
            folder = posixpath.normpath(posixpath.join(workdir, found[1]))
            return PythonEnvironment(folder=folder, said=texts, exported=exported)
        if found := _RUNNER.search(said):
            return PythonEnvironment(runner=_RUNNERS[found[1]], said=texts, exported=exported)
    return PythonEnvironment(said=texts, exported=exported)


def _exported(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What is exported to one value, whatever happens before."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for match in _EXPORTED.finditer(text):
            before = text[: match.start(1)]
            open_ones = len(_OPENS.findall(before)) - len(_CLOSES.findall(before))
            sure = open_ones <= 0 and not _CONDITION.search(before.rpartition("\n")[2])
            found.setdefault(match[1], set()).add(match[2] if sure else "")
    known = {name: values.pop() for name, values in sorted(found.items()) if len(values) == 1}
    return tuple((name, value) for name, value in known.items() if value)


def _is_named(script: str, words: Sequence[str]) -> bool:
    return any(script in map(posixpath.basename, re.split(r"[\s;&|()'\"]+", word)) for word in words)


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """Where a server imports its entry point; empty: where the service works."""

    folder: str = ""
    """What it moves to (``cd``, ``--chdir``)."""
    path: str = ""
    """Where it looks besides (``--app-dir``, ``--pythonpath``)."""

    def below(self, workdir: str) -> ImportPlace:
        """The same as absolute paths, of a service that works there."""
        folder = posixpath.normpath(posixpath.join(workdir, self.folder))
        return ImportPlace(folder, posixpath.normpath(posixpath.join(folder, self.path)) if self.path else "")

    def candidates(self, entrypoint: str) -> tuple[str, ...]:
        """Where the entry point's file, or the package that it stands in, would be."""
        top = entrypoint.partition(":")[0].partition(".")[0]
        return tuple(posixpath.join(self.path or self.folder, name) for name in (f"{top}.py", top))


def import_place(texts: Sequence[str], entrypoint: str) -> ImportPlace:
    """Where the command that names an entry point, or runs its file, imports it, by the words around it."""
    whole, name = re.escape(entrypoint.removesuffix("()")), re.escape(entrypoint.partition(":")[0])
    file = rf"python[\d.]*\s+(?:-\w\s+)*([\w./-]+)/{name}\.py\b"
    joined = [text.replace("\\\n", " ") for text in texts]
    for module in (rf"(?<![\w./]){whole}\b|{file}", rf"(?<![\w./]){name}(?=[:\s\"']|$)"):
        for text in joined:
            if named := re.search(module, text):
                return _around(text, named, (named.groups() or ("",))[0] or "")
    return ImportPlace()


def _around(text: str, named: re.Match[str], folder: str) -> ImportPlace:
    """What the words before and beside an entry point say; ``folder`` is the one of a file that is run."""
    begin = max((found.end() for found in _NEXT.finditer(text, 0, named.start())), default=0)
    end = after.start() if (after := _NEXT.search(text, named.end())) is not None else len(text)
    told = {found[1]: found[2] for found in _TOLD.finditer(text, begin, end)}
    moves = [found[1] for found in _MOVE.finditer(_SUBSHELL.sub("", text[:begin]))]
    moves += [told["chdir"]] if "chdir" in told else []
    path = folder or told.get("app-dir") or told.get("pythonpath", "").partition(",")[0]
    plain = all(_PLAIN.fullmatch(one) for one in (*moves, *filter(None, [path])))
    return ImportPlace(posixpath.join("", *moves), path) if plain else ImportPlace()
