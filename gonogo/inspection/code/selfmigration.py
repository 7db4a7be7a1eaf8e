"""Containers that migrate the database when they start, found in their entry command and the scripts it names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["SelfMigration", "only_migrates", "self_migrating"]

_OPTIONS = r"(?:\s+-{1,2}\w[\w-]*(?:[ =][^\s;&|]+)?){0,8}"
_TOOLS = {
    "alembic": rf"\balembic(?:\.config)?{_OPTIONS}\s+upgrade\b|\bcommand\.upgrade\s*\(",
    "django": r"(?:\bmanage\.py|\bdjango-admin)\s+migrate\b(?!\s+(?:--check|--plan)\b)",
    "flask": rf"\bflask{_OPTIONS}\s+db\s+upgrade\b",
    "aerich": rf"\baerich{_OPTIONS}\s+upgrade\b",
    "prisma": r"\bprisma\s+(?:migrate\s+deploy|db\s+push)\b",
}
_ANY_TOOL = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _TOOLS.items()))
_COMMENT = re.compile(r"(?:^|\s)#.*")
_SPEECH = re.compile(r"^\s*(?:echo|printf|log\w*|print)\b[^;&|]*|\b(?:echo|printf)\s[^;&|]*")
_COMMAND = "the start command"
_GOES_ON = re.compile(r"&&|;|\|\||\n|\bexec\b")


@dataclass(frozen=True, slots=True)
class SelfMigration:
    """A migration that a start command runs: by which tool, where it stands, and whether it is all that happens."""

    tool: str
    where: str
    found: str
    is_all: bool


def self_migrating(words: Sequence[str], scripts: Mapping[str, str] | None = None) -> SelfMigration | None:
    """Finds the first migration command among the words of an entry command, or in a script that they name.

    Args:
        words: Entry point and command, as in the compose model or the image's configuration.
        scripts: Texts of scripts by path; one is read when its name is among the words, or in a script that is read.
    """
    if found := _in_text(_COMMAND, " ".join(words)):
        return found
    for path, text in _reached(" ".join(words), scripts or {}):
        if found := _in_text(path, text):
            return found
    return None


def only_migrates(words: Sequence[str], scripts: Mapping[str, str] | None = None) -> bool:
    """Whether an entry command does nothing after its migration; a script of which it is must come last too."""
    found = self_migrating(words, scripts)
    if found is None or not found.is_all:
        return False
    return found.where == _COMMAND or not _GOES_ON.search(" ".join(words))


def _in_text(where: str, text: str) -> SelfMigration | None:
    for number, line in enumerate(text.split("\n"), 1):
        spoken = _SPEECH.sub("", line) if "\n" in text else line
        match = _ANY_TOOL.search(_COMMENT.sub("", spoken))
        if match:
            place = f"{where}:{number}" if "\n" in text else where
            return SelfMigration(str(match.lastgroup), place, match[0].strip(), is_all=_is_all(text, match[0]))
    return None


def _is_all(text: str, found: str) -> bool:
    """Nothing comes after the migration, so that the container ends with it."""
    rest = text.partition(found)[2].strip()
    return not _GOES_ON.search(rest)


def _reached(text: str, scripts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Walks the scripts that are named by the text or by a script that is."""
    work, seen = [text], set[str]()
    while work:
        current = work.pop()
        for path, body in scripts.items():
            if path not in seen and re.search(rf"(?<![\w.-]){re.escape(PurePosixPath(path).name)}(?![\w.-])", current):
                seen.add(path)
                work.append(body)
                yield path, body
