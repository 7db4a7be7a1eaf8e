"""One dialect of docstrings: they describe, and quote code by double ticks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_DESCRIBED = re.compile(r"[A-Z][a-z]+")
_NOUNS = {"A", "File", "Id", "It", "Line", "Method", "Mode", "Module", "Name", "Our", "Path", "Secret", "Service"}
_NOUNS |= {"See", "Step", "Table"}
_ELSEWHERE = ("gonogo/cli/", "gonogo/demo/app/")
"""Texts of the command line's help, and an application of somebody's."""


def _documented() -> Iterator[tuple[str, str]]:
    """Place and docstring of each function and class."""
    for folder in ("gonogo", "checks", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(_ELSEWHERE):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    text = ast.get_docstring(node)
                    if text:
                        yield f"{name}:{node.lineno} {node.name}", text


def _third(verb: str) -> str:
    if verb in {"Do", "Go", "Undo"}:
        return f"{verb}es"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if re.search(r"(s|sh|ch|x|z)$", verb) else f"{verb}s"


def test_no_docstring_commands_what_another_describes() -> None:
    """``Writes the record``, not ``Write the record``; what returns a value names the value and no ``Return``."""
    found = {place: (_DESCRIBED.match(text) or [""])[0] for place, text in _documented()}
    used = set(found.values())
    commanding = [
        f"{place}: {word}"
        for place, word in found.items()
        if word not in _NOUNS and (_third(word) in used or word in {"Return", "Returns", "Yield", "Yields"})
    ]

    assert commanding == []


def test_every_code_that_is_named_is_a_check_of_ours() -> None:
    """No citation of a catalogue that nobody has: a code leads to its page."""
    pages = {path.stem for path in (ROOT / "docs/checks").glob("*.md")}
    files = [path for folder in ("gonogo", "checks", "plugins", "docs") for path in (ROOT / folder).rglob("*.*")]
    files += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    cited = {
        f"{path.relative_to(ROOT)}: {code}"
        for path in files
        if path.suffix in {".py", ".md", ".j2", ".js", ".css"}
        for code in re.findall(r"\b[PBDWON]\d\d\b", path.read_text(encoding="utf-8"))
        if code not in pages
    }

    assert cited == set()


def test_code_in_docstrings_stands_in_double_ticks() -> None:
    """What a check says of itself is Markdown, and has single ones."""
    single = [
        place
        for place, text in _documented()
        if re.search(r"(?<!`)`[^`\n]+`(?!`)", text) and not (place.startswith("checks/") and " test_" in place)
    ]

    assert single == []
