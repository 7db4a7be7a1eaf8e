"""The instructions of a Dockerfile, as BuildKit reads them. Pure: nothing is built and nothing is asked.

``read`` gives the instructions one by one; what they bring into an image is ``brought.py``'s part.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gonogo.inspection.code.dockerwords import split

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DockerfileError", "Instruction", "health_test", "is_loose", "listed", "read", "unpinned"]

_DIRECTIVE = re.compile(r"#\s*(?P<name>[A-Za-z][A-Za-z0-9]*)\s*=\s*(?P<value>.+?)\s*")
_FLAG = re.compile(r"--(?P<name>[a-z][\w-]*)(?:=(?P<value>\S*))?(?:\s+|$)")
_HEREDOC = re.compile(r"\d*<<(?P<chomp>-?)(?P<word>[^<]+)")
_FLAGGED = frozenset({"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"})
_WITH_HEREDOC = frozenset({"ADD", "COPY", "RUN"})
_KNOWN = frozenset({
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
})  # fmt: skip


class DockerfileError(ValueError):
    """A text is no Dockerfile; the message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its name in capitals, its flags, and its words as they stand (nothing is expanded)."""

    name: str
    words: tuple[str, ...]
    line: int
    flags: tuple[tuple[str, str], ...] = ()
    text: str = ""
    """Everything behind name and flags, heredocs included."""
    generated: tuple[str, ...] = ()
    """Words that are heredocs: files which the Dockerfile itself holds."""
    escape: str = "\\"
    """What makes the next character a plain one."""

    def flag(self, name: str) -> str | None:
        """The value of a flag; None where it is not given."""
        return dict(self.flags).get(name)


def read(text: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile.

    Raises:
        DockerfileError: it has a line that is no instruction, a heredoc without an end, or no FROM.
    """
    found = tuple(_instructions(text))
    if not any(one.name == "FROM" for one in found):
        raise DockerfileError("found no FROM, expected a Dockerfile")
    return found


def listed(text: str) -> tuple[str, ...] | None:
    """The words of the form ``["a", "b"]``, which no shell sees; None where a text has another form.

    What stands behind the list is passed over, as BuildKit does.
    """
    if not text.lstrip().startswith("["):
        return None
    try:
        words, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return None
    return tuple(words) if all(isinstance(word, str) for word in words) else None


def health_test(one: Instruction) -> tuple[str, ...]:
    """What a HEALTHCHECK runs, as the Engine has it: ``NONE``, or ``CMD`` or ``CMD-SHELL`` with the words behind."""
    text = one.text.strip()
    if text.upper() == "NONE":
        return ("NONE",)
    text = re.sub(r"^CMD\s+", "", text, flags=re.IGNORECASE)
    words = listed(text)
    return ("CMD-SHELL", text) if words is None else ("CMD", *words)


def unpinned(text: str) -> list[tuple[int, str]]:
    """Line and name of each image that a stage is made from, and that has no version or is ``latest``.

    Names with variables are left, and a text that is no Dockerfile.
    """
    try:
        stages = [one for one in read(text) if one.name == "FROM" and one.words]
    except DockerfileError:
        return []
    made = {one.words[2].lower() for one in stages if len(one.words) == 3}  # noqa: PLR2004 (FROM image AS name)
    named = [(one.line, one.words[0]) for one in stages if one.words[0].lower() not in {"scratch", *made}]
    return [(line, image) for line, image in named if is_loose(image)]


def is_loose(image: str) -> bool:
    """Whether the name of an image has no version, or ``latest``; one with a variable is left."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "$" not in image and "@" not in image and tag in {"", "latest"}


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape = _escape(lines)
    at = 0
    while at < len(lines):
        start = at
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        logical, at = _logical(lines, at, escape)
        if not logical:
            continue
        name, _, rest = logical.partition(" ")
        name = name.upper()
        if name not in _KNOWN:
            raise DockerfileError(f"line {start + 1}: found {name[:40]}, expected an instruction")
        found = _instruction(name, rest.strip(), start + 1, escape)
        words = split(found.text, escape=escape) if name in _WITH_HEREDOC and listed(found.text) is None else ()
        names = [match for word in words if (match := _HEREDOC.fullmatch(word))]
        bodies, at = _heredocs(lines, at, names)
        yield replace(found, text="\n".join([found.text, *bodies]), generated=tuple(match[0] for match in names))


def _escape(lines: list[str]) -> str:
    """The character that continues a line: a directive at the top may change it."""
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        if directive["name"].lower() == "escape":
            return directive["value"]
    return "\\"


def _logical(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """One line with those that continue it, without comments; and where the next one begins."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at].strip() if not parts else lines[at].rstrip()
        at += 1
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            continue
        continued = line.endswith(escape) and not line.endswith(escape * 2)
        parts.append(line.removesuffix(escape) if continued else line)
        if not continued:
            break
    return re.sub(r"^(\S+)\s+", r"\1 ", "".join(parts).strip()), at


def _heredocs(lines: list[str], at: int, names: list[re.Match[str]]) -> tuple[list[str], int]:
    """The texts of the heredocs that a line announces, and where the next instruction begins."""
    bodies = []
    for match in names:
        start, end = at, re.sub("['\"]", "", match["word"])
        while at < len(lines):
            line = lines[at].lstrip("\t") if match["chomp"] else lines[at]
            at += 1
            if line == end:
                break
        else:
            raise DockerfileError(f"line {start}: found no end of the heredoc {end}")
        bodies.append("\n".join(lines[start : at - 1]))
    return bodies, at


def _instruction(name: str, rest: str, line: int, escape: str) -> Instruction:
    flags: list[tuple[str, str]] = []
    while name in _FLAGGED and (match := _FLAG.match(rest)):
        flags.append((match["name"], match["value"] or ""))
        rest = rest[match.end() :]
    words = listed(rest)
    words = tuple(rest.split()) if words is None else words
    return Instruction(name=name, words=words, line=line, flags=tuple(flags), text=rest, escape=escape)
