"""The variables that the text of compose files refers to, read as Compose interpolates them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gonogo.inspection.variables.variables import Variable

__all__ = ["NO_VALUE", "Reference", "closing_brace", "references", "required_by_compose", "without_comments"]

NO_VALUE = re.compile(r"required variable (\w+) is missing a value")
"""How Compose says that a ``${NAME:?}`` has none."""
_START = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<operator>:?[-?+])?)", re.ASCII
)
_BRACE = re.compile(r"\$\$|\$\{|\}")
_BLOCK = re.compile(r"[:\-]\s+(?:!\S+\s+)?[|>][-+0-9]{0,2}\s*$")
_DASHES = re.compile(r"\s*(?:-\s+)*(?![-\s|>])")
_BEFORE_QUOTE = frozenset("[{,:-?")
_LONGEST_ARGUMENT = 10_000


@dataclass(frozen=True, slots=True)
class Reference:
    """One ``$X`` or ``${X…}`` of a text, with the references around it that decide whether it is read."""

    name: str
    operator: str
    argument: str
    offset: int
    unless: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()


def required_by_compose(texts: Mapping[str, str]) -> tuple[Variable, ...]:
    """Names every variable that the compose files read without a default, each with its file and line."""
    return tuple(
        _variable(reference, f"{file}:{text.count(chr(10), 0, reference.offset) + 1}")
        for file, text in texts.items()
        for reference in references(without_comments(text))
        if reference.operator in {"", "?", ":?"}
    )


def references(text: str) -> Iterator[Reference]:
    """Finds the references of a text, those inside defaults too; ``$$`` is an escaped dollar sign."""
    work = [Reference("", "", text, 0)]
    while work:
        part = work.pop()
        found = list(_references(part))
        yield from found
        work += [_inside(reference) for reference in reversed(found) if reference.operator[-1:] in {"-", "+"}]


def without_comments(text: str) -> str:
    """Blank out the comments of a YAML text; every other character keeps its place."""
    lines: list[str] = []
    quote, block = "", -1
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        if block >= 0 and (indent > block or not line.strip()):
            lines.append(line)
            continue
        clean, quote = _clean(line, quote)
        block = _parent_indent(clean) if not quote and _BLOCK.search(clean) else -1
        lines.append(clean)
    return "\n".join(lines)


def _references(part: Reference) -> Iterator[Reference]:
    text, position = part.argument, 0
    while match := _START.search(text, position):
        position = match.end()
        name = match["bare"] or match["braced"]
        if name is None:
            continue
        end = position if match["bare"] else closing_brace(text, position)
        if end is None:
            continue
        argument = text[position:end]
        position = end if match["bare"] else end + 1
        if argument and not match["operator"]:
            continue
        offset = part.offset + match.start()
        yield Reference(name, match["operator"] or "", argument, offset, part.unless, part.only_with)


def _inside(reference: Reference) -> Reference:
    """Makes the argument of a reference the next text to read, offsets and conditions kept."""
    is_default = reference.operator.endswith("-")
    offset = reference.offset + len(f"${{{reference.name}{reference.operator}")
    unless = (*reference.unless, reference.name) if is_default else reference.unless
    only_with = reference.only_with if is_default else (*reference.only_with, reference.name)
    return Reference("", "", reference.argument, offset, unless, only_with)


def closing_brace(text: str, position: int) -> int | None:
    """Where the brace closes that was opened before a position; None where it does not."""
    depth = 1
    for match in _BRACE.finditer(text, position, position + _LONGEST_ARGUMENT):
        depth += {"${": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return match.start()
    return None


def _variable(reference: Reference, where: str) -> Variable:
    why = f"${{{reference.name}{reference.operator}}}"
    empty = {"": "example", "?": "allowed", ":?": "refused"}[reference.operator]
    return Variable(reference.name, where, why, unless=reference.unless, only_with=reference.only_with, empty=empty)


def _parent_indent(line: str) -> int:
    """Which indentation the lines of a block scalar must exceed: that of its key, or of its dash."""
    key = _DASHES.match(line)
    return len(key[0]) if key else len(line) - len(line.lstrip())


def _clean(line: str, quote: str) -> tuple[str, str]:
    """Blank the comment of one line; ``quote`` is the quotation mark that is open before and after it."""
    skip = False
    for index, char in enumerate(line):
        if skip:
            skip = False
        elif quote:
            doubled = quote == "'" and line.startswith("''", index)
            skip = doubled or (quote == '"' and char == "\\")
            quote = "" if char == quote and not doubled else quote
        elif char in "'\"" and _opens(line[:index].rstrip()):
            quote = char
        elif char == "#" and (not index or line[index - 1].isspace()):
            return line[:index] + " " * (len(line) - index), ""
    return line, quote


def _opens(before: str) -> bool:
    """A quotation mark opens a YAML string only where a value or a key begins."""
    return not before or before[-1] in _BEFORE_QUOTE
