"""Alembic: its commands, and its revision files read without running them."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gonogo.migrations.alembic_config import Located, Reader, located
from gonogo.migrations.base import Graph, Part, Revision, Upgrade
from gonogo.migrations.expand import caveats, not_shown
from gonogo.migrations.reverse import alters, drops, one_way

__all__ = ["Alembic"]

_IGNORED = re.compile(r"^(\.#|__init__)")
_TARGET = re.compile(r"(?:\w+@)?heads?|[0-9a-f]{4,32}|\+\d+")
_TAKES_A_WORD = {"-n": "-n", "--name": "-n", "-x": "-x", "-c": "-c", "--config": "-c"}


class Alembic:
    """https://alembic.sqlalchemy.org; revisions are Python files with ``revision`` and ``down_revision``."""

    name = "alembic"
    config = "alembic.ini"
    probe = "revision.py"
    marker = "<<gonogo-revision>>"
    files = "*.py"
    merge = "alembic merge heads; commit the merge revision"
    reads_models = False
    refuses_unknown = True
    keeps = ("alembic_version",)

    def upgrade_command(self, config: str) -> tuple[str, ...]:
        """``alembic upgrade head``."""
        return (*_alembic(config), "upgrade", "head")

    def downgrade_commands(
        self, config: str, upgrade: Upgrade, *, now: Sequence[str], to: Sequence[str]
    ) -> tuple[tuple[str, ...], ...]:
        """``alembic downgrade REVISION``; none where it stands at several heads, or is to."""
        if len(now) > 1 or len(to) > 1:
            return ()
        program = upgrade.program or (*_alembic(config), *upgrade.words)
        return ((*program, "downgrade", to[0] if to else "base"),)

    def upgrade(self, own: Sequence[str]) -> Upgrade:
        """Options and target of ``alembic … upgrade …``, wherever in a command it stands."""
        if not own:
            return Upgrade(bare=True)
        words = re.split(r"[\s;&|'\"]+", " ".join(own))
        start = next((at for at, word in enumerate(words) if posixpath.basename(word) == "alembic"), None)
        if start is None:
            return _of_flask(words)
        return replace(_upgrade(words[start + 1 :]), bare=words[start - 1 : start] != ["-m"])

    def located(self, config: str, read: Reader, *, section: str) -> Located:
        """See ``gonogo.migrations.alembic_config``."""
        return located(config, read, section=section)

    def graph(self, files: Mapping[str, str]) -> Graph:
        """Reads revisions; what Alembic itself would refuse is a problem, what reading cannot know is a doubt."""
        revisions: dict[str, Revision] = {}
        labels: set[str] = set()
        doubts: list[str] = []
        for path, source in sorted(files.items()):
            if _IGNORED.match(posixpath.basename(path)):
                continue
            try:
                revision, named = _revision(path, source)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                doubts.append(f"{path}: found a file that cannot be read as a revision ({error})")
                continue
            labels |= named
            if revision is not None and revision.id in revisions:
                first = revisions[revision.id].path
                doubts.append(f"{path}: found revision {revision.id} a second time (first in {first})")
            elif revision is not None:
                revisions[revision.id] = revision
        missing, vague = _loose_ends(revisions, labels)
        problems = [] if doubts else missing
        return Graph(
            revisions=revisions,
            problems=(*problems, *_circles(revisions)),
            doubts=(*doubts, *vague, *(missing if doubts else ())),
        )

    def not_shown(self, source: str, idle: Sequence[int] = ()) -> str:  # noqa: ARG002 (its files are read alone)
        """See ``gonogo.migrations.expand``."""
        return not_shown(source)

    def caveats(self, source: str) -> tuple[str, ...]:
        """See ``gonogo.migrations.expand``."""
        return caveats(source)

    def drops(self, revision: Revision) -> tuple[Part, ...]:
        """See ``gonogo.migrations.reverse``."""
        return drops(revision.source)

    def alters(self, revision: Revision) -> tuple[Part, ...]:
        """See ``gonogo.migrations.reverse``."""
        return alters(revision.source)

    def one_way(self, source: str) -> str:
        """See ``gonogo.migrations.reverse``."""
        return one_way(source)


def _alembic(config: str) -> tuple[str, ...]:
    return ("alembic",) if config == "alembic.ini" else ("alembic", "-c", config)


def _of_flask(words: Sequence[str]) -> Upgrade:
    """``flask … db upgrade``, Flask-Migrate's own command; of any other nothing is known."""
    for at in range(len(words) - 1):
        if (words[at], words[at + 1]) == ("db", "upgrade"):
            rest = " ".join(words[at + 2 :][:1])
            flask = max((one for one in range(at) if posixpath.basename(words[one]) == "flask"), default=at)
            program = tuple(words[flask : at + 1])
            return Upgrade(target=rest if _TARGET.fullmatch(rest) else "head", program=program)
    return Upgrade(target="")


def _upgrade(words: Sequence[str]) -> Upgrade:
    kept: list[str] = []
    config, rest = "", list(words)
    while rest and (word := rest.pop(0)) != "upgrade":
        option, equals, value = word.partition("=")
        if option not in _TAKES_A_WORD or not (equals or rest):
            continue
        value = value if equals else rest.pop(0)
        if _TAKES_A_WORD[option] == "-c":
            config = value
        else:
            kept += [_TAKES_A_WORD[option], value]
    target = next((word for word in rest if word and not word.startswith("-")), "")
    return Upgrade(words=tuple(kept), target=target, config=config)


def _revision(path: str, source: str) -> tuple[Revision | None, set[str]]:
    """The assignments at the top of a revision file, and its branch labels."""
    values: dict[str, object] = {}
    for name, value in _assignments(ast.parse(source)):
        if name in {"revision", "down_revision", "depends_on", "branch_labels"}:
            values[name] = ast.literal_eval(value)
    if "revision" not in values:
        return None, set()
    if not isinstance(values["revision"], str):
        raise ValueError(f"found {values['revision']!r}, expected a revision")  # noqa: TRY004 (a broken file)
    revision = Revision(
        id=values["revision"],
        parents=_ids(values.get("down_revision")),
        needs=_ids(values.get("depends_on")),
        path=path,
        source=source,
    )
    return revision, set(_ids(values.get("branch_labels")))


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                yield from ((one.id, value) for one, value in pairs if isinstance(one, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _ids(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple | list | set | frozenset):
        return tuple(str(part) for part in value)
    raise ValueError(f"found {value!r}, expected a revision, several, or None")


def _loose_ends(revisions: Mapping[str, Revision], labels: set[str]) -> tuple[list[str], list[str]]:
    """Parents that no file has, and needs that may be an abbreviation."""
    missing = [
        f"{revision.path}: found down_revision {parent}, which no file has"
        for revision in revisions.values()
        for parent in revision.parents
        if parent not in revisions
    ]
    vague = [
        f"{revision.path}: found depends_on {need}, which no file has"
        for revision in revisions.values()
        for need in revision.needs
        if need not in revisions and need not in labels
    ]
    return missing, vague


def _circles(revisions: Mapping[str, Revision]) -> list[str]:
    graph = Graph(revisions=revisions)
    return [
        f"{revision.path}: found a circle through revision {revision.id}"
        for revision in revisions.values()
        if any(parent in revisions and revision.id in graph.ancestors([parent]) for parent in revision.parents)
    ]
