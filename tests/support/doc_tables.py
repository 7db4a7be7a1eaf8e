"""The table of built-in checks in docs/checks.md, made from the marks and docstrings in ``checks/``.

``python -m tests.support.doc_tables`` writes it; ``tests/unit/test_docs.py`` compares.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from gonogo.commands.explain import page
from gonogo.config.builtin import built_in
from gonogo.config.needs import written
from gonogo.records.listing import when_red
from tests.faults.corpus.cases import BY_APP
from tests.faults.corpus.elsewhere import ELSEWHERE
from tests.faults.corpus.kept import kept
from tests.faults.corpus.table import GONOGO

__all__ = ["BEGIN", "END", "PAGE", "ROOT", "SHEETS", "checks_table", "faults", "sheets", "written_table"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "checks.md"
CHANGELOG = ROOT / "CHANGELOG.md"
RESULTS = ROOT / "tests" / "faults" / "corpus" / "results.jsonl"
SHEETS = ROOT / "docs" / "checks"
BEGIN = "<!-- checks: written by `python -m tests.support.doc_tables`, verified by tests/unit/test_docs.py -->"
END = "<!-- end of checks -->"
THREAD = re.compile(r"\b([\w.-]+/[\w.-]+)#(\d+)\b")


def checks_table() -> str:
    """The table as Markdown, one line a check."""
    rows = ["| code | stage | proves that | needs | red |", "|---|---|---|---|---|"]
    for check in built_in():
        code = f"[{check.code}](checks/{check.code}.md)"
        needs = [written(one) for one in check.needs]
        needs += [key for key in map(written, check.reads) if not any(key in need for need in needs)]
        named = "; ".join(needs) or "-"
        red = when_red(check.stage, check.severity, check.on_red)
        rows.append(f"| {code} | {check.stage} | {check.proves} | {named} | {red} |")
    return "\n".join(rows)


def written_table() -> str:
    """What stands between the marks of the page."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def sheets() -> dict[Path, str]:
    """A page for each built-in check."""
    proofs = faults()
    return {
        SHEETS / f"{check.code}.md": linked(page(check, since=since(check.code)))
        + proven(check.code, proofs[check.code])
        for check in built_in()
    }


def linked(text: str) -> str:
    """With a link for each thread that a docstring names: ``owner/name#12``."""
    return THREAD.sub(r"[\g<0>](https://github.com/\1/issues/\2)", text)


def since(code: str) -> str:
    """The oldest version whose part of the changelog names a check; one that is named in none yet is not released."""
    parts = CHANGELOG.read_text(encoding="utf-8").split("\n## ")[1:]
    named = [part.partition("]")[0].removeprefix("[") for part in parts if re.search(rf"\b{code}\b", part)]
    return named[-1] if named else "Unreleased"


def faults() -> Mapping[str | None, list[str]]:
    """Code → the faults of the corpus that it was meant to name and named when they were deployed, each with its victim."""
    named = {(row.app, row.case): row.named.split() for row in kept(RESULTS) if row.tool == GONOGO}
    found: dict[str | None, list[str]] = defaultdict(list)
    for app, cases in BY_APP.items():
        for case in cases:
            for code in named.get((app, case.name), ()) if case.is_fault else ():
                if code in case.codes:
                    found[code].append(f"- `{case.name}` of {app}: {case.why}")
    return found


def proven(code: str, proofs: Sequence[str]) -> str:
    """The part of a page that names them, or else the test in which it is red."""
    if proofs:
        return "\n**Faults of [the corpus](../corpus.md) that it catches:**\n\n" + "\n".join(proofs) + "\n"
    return f"\n**Seen red in** `tests/{ELSEWHERE[code]}`.\n" if code in ELSEWHERE else ""


def main() -> int:
    """Write the table into the page, and a page for each check."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n\n{checks_table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    for path, sheet in sheets().items():
        path.write_text(sheet, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
