"""What ``make`` runs for a target, as a shell's text whose lines stand where the Makefile has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

__all__ = ["MAKEFILES", "recipes", "targets_in"]

MAKEFILES = ("Makefile", "makefile", "GNUmakefile")
_CALL = re.compile(r"(?:^|[\s;&|(='\"])(?:make|\$[({]MAKE[)}])((?:[ \t]+[^\s;&|<>'\"]+)+)", re.MULTILINE)
_TAKES_VALUE = frozenset({"-C", "-f", "-I", "-o", "-W", "-l"})
_TARGET = re.compile(r"[\w./-]+$")
_VARIABLE = re.compile(r"^([A-Za-z_]\w*)\s*(?::{0,3}|\?)=\s*(.*)$")
_RULE = re.compile(r"^([^\s:#=][^:#=]*):(?!=)")


def targets_in(text: str) -> Iterator[str]:
    """The targets that a shell's text makes."""
    for call in _CALL.finditer(text):
        words = call[1].split()
        for before, word in zip(("", *words), words, strict=False):
            if before not in _TAKES_VALUE and not word.startswith("-") and _TARGET.match(word):
                yield word


def recipes(text: str, targets: Collection[str]) -> str:
    """A Makefile's variables and the recipes of some targets; its other lines are empty."""
    lines: list[str] = []
    chosen = False
    for line in text.split("\n"):
        variable, rule = _VARIABLE.match(line), _RULE.match(line)
        if line.startswith("\t"):
            lines.append(_shell(line) if chosen else "")
        elif variable:
            lines.append(f'{variable[1]}="{_shell(variable[2])}"')
        else:
            chosen = not {*rule[1].split()}.isdisjoint(targets) if rule else chosen and not line.strip()
            lines.append("")
    return "\n".join(lines)


def _shell(line: str) -> str:
    """A line as a shell is given it."""
    return re.sub(r"\$\((\w+)\)", r"${\1}", line.lstrip("\t @-+")).replace("$$", "$")
