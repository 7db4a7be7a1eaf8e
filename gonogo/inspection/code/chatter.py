"""What somebody printed while looking for a mistake, in sources and in what browsers are sent. Pure.

A line that stands under a condition which speaks of debugging is meant; so is a program's own output.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Said", "is_sent", "logged", "printed"]

_PAGES = (".html", ".htm", ".jinja", ".jinja2", ".j2")
"""How templates end."""
_SCRIPTS = (".js", ".mjs")
"""How scripts end that browsers load."""

_PRINTED = re.compile(r"[\W_]{0,8}DEBUG(?:GING)?\b(?!\s*(?:=|mode\b|is\b|toolbar\b))")
_ON_PURPOSE = re.compile(r"debug|verbose|\bdev\b|develop|local|environ|getenv|__name__|__main__|trace", re.IGNORECASE)
_LOGGED = re.compile(r"(?<![\w.$])console\s*\.\s*log\s*\(")
_MEANT = re.compile(
    r"\bif\b.*(?:debug|verbose|\bdev\b|develop|localhost)|(?:debug|verbose|\bdev)\w*\s*\)?\s*(?:&&|\?)"
    r"|\bcatch\b|\bfunction\s+\w*(?:log|debug)|\b(?:log|debug)\w*\s*[=:]",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"/\*.*?\*/|<!--.*?-->|\{#.*?#\}|\{%-?\s*comment\b.*?endcomment\s*-?%\}", re.DOTALL)
_LINE_COMMENT = re.compile(r"^\s*//.*$|(?<=\s)//[^\n\"'`]*$", re.MULTILINE)
_SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL | re.IGNORECASE)
_NO_SCRIPT = re.compile(r"\btype\s*=\s*[\"']?(?!module\b|text/javascript\b|application/javascript\b)", re.IGNORECASE)
_SENT = re.compile(r"(?:^|/)(?:static|public|assets|www|wwwroot)/")
_FOREIGN = re.compile(
    r"(?:^|/)(?:vendors?|vendored|third[-_]?party|external|node_modules|bower_components|libs?|plugins?|dist|build|built|out|bundles?"
    r"|generated|compiled|staticfiles|site-packages|\.\w[^/]*)/"
    r"|(?:[.-](?:min|bundle|prod|umd|esm|iife|cjs)|[.-]v?\d+\.\d+[^/]*|[.-][0-9a-f]{8,})\.m?js$"
    r"|(?:^|/)(?:jquery|bootstrap|htmx|alpine|vue|react|angular|chart|d3|moment|dayjs|luxon|lodash|underscore|socket\.io|swagger|redoc|leaflet"
    r"|select2|datatables|tinymce|ckeditor|codemirror|ace|highlight|prism|marked|mermaid|three|popper|axios|workbox|plotly|echarts"
    r"|fullcalendar|sweetalert|modernizr|require|backbone|ember|knockout|stimulus|turbo|mathjax|katex|hls|video|pdf)[\w.-]*\.m?js$",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"/\*!|@license|@preserve|\bcopyright\b|\(c\)\s*\d{4}|\blicen[cs]ed? (?:under|by)\b|@version", re.IGNORECASE
)
_BUILT = re.compile(
    r"__webpack_|sourceMappingURL=|typeof (?:exports|define|module)\s*={2,3}|\bdefine\.amd\b|\bparcelRequire\b"
)
_BEGINNING = 2000
_LONGEST = 1000
"""Characters of the longest line that a person writes."""


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One line that was left in a file."""

    path: str
    line: int
    what: str


def printed(path: str, text: str) -> tuple[Said, ...]:
    """The ``print("DEBUG …")`` of a Python source, each that stands under no condition that means it."""
    if "print" not in text or "DEBUG" not in text:
        return ()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(sorted(Said(path, line, 'print("DEBUG…")') for line in _prints(tree)))


def _prints(node: ast.AST) -> Iterator[int]:
    is_print = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    if is_print and isinstance(node, ast.Call) and node.args and _PRINTED.match(_begins(node.args[0])):
        yield node.lineno
    if isinstance(node, ast.If | ast.IfExp | ast.While) and _ON_PURPOSE.search(ast.unparse(node.test)):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _ON_PURPOSE.search(node.name):
        return
    for child in ast.iter_child_nodes(node):
        yield from _prints(child)


def _begins(value: ast.expr) -> str:
    """The words that a printed text begins with."""
    if isinstance(value, ast.JoinedStr) and value.values:
        value = value.values[0]
    if isinstance(value, ast.BinOp):
        return _begins(value.left)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def logged(path: str, text: str) -> tuple[Said, ...]:
    """The ``console.log(…)`` of a template, or of a script that browsers are sent, where the team wrote it itself."""
    if "console" not in text or not _is_own(path, text):
        return ()
    is_page = path.endswith(_PAGES)
    code = _scripts(text) if is_page else text
    shown = _LINE_COMMENT.sub(_blank, _COMMENTS.sub(_blank, code))
    lines = shown.split("\n")
    found = [at for at, line in enumerate(lines) if _LOGGED.search(line)]
    meant = (_MEANT.search("\n".join(lines[max(at - 1, 0) : at + 1])) for at in found)
    return tuple(
        Said(path, at + 1, "console.log(…)") for at, is_meant in zip(found, meant, strict=True) if not is_meant
    )


def is_sent(path: str) -> bool:
    """Whether a path may be that of a template, or of a script which browsers are sent, of the team's own."""
    return not _FOREIGN.search(path) and (
        path.endswith(_PAGES) or (path.endswith(_SCRIPTS) and bool(_SENT.search(path)))
    )


def _is_own(path: str, text: str) -> bool:
    """Whether the team wrote a file by hand; libraries that stand in the repository say whose they are."""
    if not is_sent(path) or path.endswith(_PAGES):
        return is_sent(path)
    built = _BANNER.search(text[:_BEGINNING]) or _BUILT.search(text)
    return not built and max(map(len, text.split("\n"))) <= _LONGEST


def _scripts(text: str) -> str:
    """A template with nothing left but what stands in its scripts, line for line."""
    text = _COMMENTS.sub(_blank, text)
    kept, at = [], 0
    for one in _SCRIPT.finditer(text):
        is_code = not _NO_SCRIPT.search(one["attributes"]) and max(map(len, one["code"].split("\n"))) <= _LONGEST
        start, end = one.span("code") if is_code else (one.start(), one.start())
        kept += [_blanked(text[at:start]), text[start:end]]
        at = end
    return "".join([*kept, _blanked(text[at:])])


def _blank(found: re.Match[str]) -> str:
    return _blanked(found[0])


def _blanked(text: str) -> str:
    """As many lines, and nothing on them."""
    return "\n" * text.count("\n")
