"""Data that an application keeps beside its own code: under the runtime ``process`` that is a release's folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gonogo.detect.facts import Question
from gonogo.detect.tree import Tree

__all__ = ["stored_inside"]

_HERE = r"(?:\w+\.)*\w*(?:BASE_?DIR|ROOT|__file__|root_path|instance_path)\w*|\bhere"
_BESIDE = re.compile(
    r"""sqlite(?:\+\w+)?:///(?!/|:memory:|["'{\s])[^"'\s]*|sqlite(?:\+\w+)?:///["']\s*\+"""
    rf"""|sqlite(?:\+\w+)?:///\{{[^}}]*(?:{_HERE})[^"']*|(?:{_HERE})\s*/\s*["'][\w./-]+\.(?:sqlite3?|db)["']"""
    rf"""|os\.path\.join\([^\n]*(?:{_HERE})[^\n]*["'][\w./-]+\.(?:sqlite3?|db)["']\)?""",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"""(?:environ\s*\[|(?:environ\.get|getenv|\bconfig|\benv(?:\.\w+)?)\s*\()\s*["'](\w+)["']""")
_DATABASE = re.compile(r"DATABASE|DB|SQL|DSN")
_OTHERS = re.compile(
    r"(?:^|/)(?:docs?|examples?|scripts?|management/commands|migrations)/|(?:^|/)(?:setup|populate\w*)\.py$"
)


def stored_inside(tree: Tree, variables: Collection[str]) -> Iterator[Question]:
    """The first database file that stands in the application's folder, unless the env file sets another place for it.

    Args:
        tree: The application's folder.
        variables: The names that the env file sets.
    """
    for path in tree.files:
        if not path.endswith(".py") or tree.is_test(path) or _OTHERS.search(path):
            continue
        lines = tree.text(path).splitlines()
        for number, line in enumerate(lines):
            if (match := _BESIDE.search(line.partition("#")[0])) and ">>>" not in line:
                if _is_there(tree, match[0]):
                    continue
                near = (line, "\n".join(lines[max(number - 3, 0) : number + 2]))  # its own first: that names the place
                named = dict.fromkeys(name for one in near for name in _VARIABLE.findall(one))
                asked = [name for name in named if _DATABASE.search(name)]
                if not set(asked) & set(variables):
                    yield _question(f"{path}:{number + 1}", match[0].strip(), asked)
                return


def _is_there(tree: Tree, said: str) -> bool:
    """Whether the repository has a file of that name: it comes with each release."""
    names = re.findall(r"[\w.-]+\.(?:sqlite3?|db)\b", said)
    return any(path.rpartition("/")[2] in names for path in tree.files)


def _question(where: str, said: str, asked: list[str]) -> Question:
    how = f"set {asked[0]} in the env file" if asked else "let it take the place from the env file"
    text = (
        f"where is its database to stand? {where} keeps it beside the code ({said}); each release has a folder of its "
        f"own, so each would begin with an empty one: {how}, with a whole path"
    )
    return Question(about="data", text=text)
