"""What stands in a repository that a gate could ask as well: smoke tests, once somebody says so, and files of logs."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from gonogo.detect.facts import Fact, guess
from gonogo.detect.tree import Tree

__all__ = ["log_files", "offers"]

_SMOKE = re.compile(
    r"(?:smoke|sanity)(?:[-_]?(?:tests?|checks?))?|(?:verify|check|test)[-_]?deploy(?:ment)?|post[-_]?deploy(?:[-_]\w+)?",
    re.IGNORECASE,
)
_RUNS = {".sh": "bash", ".bash": "bash", ".py": "python3"}
_LOG_FILE = re.compile(
    r"FileHandler\(\s*(?:filename\s*=\s*)?[\"']([\w./-]+\.log)[\"']"
    r"|[\"']filename[\"']\s*:\s*[\"']([\w./-]+\.log)[\"']"
    r"|--(?:error-logfile|log-file|logfile)[ =][\"']?([\w./-]+\.log)\b"
    r"|^(?:(?:stdout|stderr)_)?logfile\s*=\s*([\w./-]+\.log)\s*(?:;|$)",
    re.MULTILINE,
)
_SUPERVISED = re.compile(r"^\[supervisord\]$(?!(?:\n(?!\[).*)*\n(?:logfile|nodaemon)\s*=)", re.MULTILINE)
"""The section of a supervisord that stays in the background and names no log of its own."""
_ITS_LOG = "supervisord.log"
_LOOKED_AT = (".py", ".sh", ".yml", ".yaml", ".conf", ".ini", ".cfg", "Procfile", "Dockerfile")
_MOST = 2
_READ = 2000
"""Files that are looked at."""


def offers(tree: Tree, env: str) -> Iterator[str]:
    """One note for each smoke test, with what to write."""
    for path in [one for one in sorted(tree.tracked) if _is_smoke_test(one, tree)][:_MOST]:
        words = shlex.join([_RUNS[posixpath.splitext(path)[1]], path])
        yield (
            f"{path} may be a smoke test of yours; as a check, with the address if it takes one: [[env.{env}.command]] "
            f'name = "smoke", run = "{words} {{url}}"'
        )


def log_files(tree: Tree) -> Fact[tuple[str, ...]] | None:
    """The log files that the code and what starts it name; None without any."""
    found = dict(_log_files(tree))
    return guess(tuple(found), f"{next(iter(found.values()))} writes a log; new errors in it count") if found else None


def _is_smoke_test(path: str, tree: Tree) -> bool:
    """Whether a script is called so; Python that is no program would end well whatever it holds."""
    stem, suffix = posixpath.splitext(posixpath.basename(path))
    is_program = suffix != ".py" or ("__main__" in tree.text(path) and "pytest" not in tree.text(path))
    return suffix in _RUNS and _SMOKE.fullmatch(stem) is not None and is_program


def _log_files(tree: Tree) -> Iterator[tuple[str, str]]:
    """File and who writes it, the last of those that write the same."""
    sources = [path for path in tree.files if path.endswith(_LOOKED_AT) and not tree.is_test(path)]
    for path in sources[:_READ]:
        yield from ((name, path) for name in _names(tree.text(path)))


def _names(text: str) -> Iterator[str]:
    yield from (next(filter(None, found.groups())) for found in _LOG_FILE.finditer(text))
    if _SUPERVISED.search(text):
        yield _ITS_LOG
