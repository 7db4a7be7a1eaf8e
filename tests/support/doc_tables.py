"""The table of built-in checks in docs/checks.md, made from the marks and docstrings in ``checks/``.

``python -m tests.support.doc_tables`` writes it; ``tests/unit/test_docs.py`` compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gonogo.config.builtin import built_in
from gonogo.words import OnRed, Severity, Stage

__all__ = ["BEGIN", "END", "NEEDS", "PAGE", "ROOT", "checks_table", "written_table"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "checks.md"
BEGIN = "<!-- checks: written by `python -m tests.support.doc_tables`, verified by tests/unit/test_docs.py -->"
END = "<!-- end of checks -->"

NEEDS = {
    "P01": "-",
    "P05": "`app.required`, `service.required`, `settings`, `migrations`",
    "P06": "-",
    "P08": "-",
    "P12": "compose",
    "P16": "published ports, or `port`",
    "P19": "`required_env`, `secrets`, `settings`, or `${…}` in compose files",
    "P20": "an env file",
    "P25": "-",
    "P26": "`min_free_disk`, `min_free_memory`",
    "P27": "compose",
    "P31": "`migrations`",
    "P36": "a serving release",
    "P37": "a serving release",
    "P38": "-",
    "P39": "`attest`",
    "B01": "compose",
    "B02": "`code`, where the default is wrong",
    "B03": "`code`, where the default is wrong",
    "B04": "`entrypoint`",
    "B06": "`framework`, `entrypoint`; `min_routes`",
    "B08": "`app.required` or `service.required`",
    "B11": "compose",
    "B12": "compose, a health check",
    "B15": "`migrations`",
    "B18": "compose; nginx or Caddy in front",
    "D01": "-",
    "D02": "a health check, or `port`",
    "D03": "`health.stable_for`",
    "D04": "-",
    "D05": "`code`, where the default is wrong",
    "D06": "a URL; `health.live`",
    "D07": "a URL; `health.ready`",
    "D08": "a URL; JSON in `health.live` or `health.ready`",
    "D09": "`endpoint`",
    "D11": '`framework = "fastapi"`, `entrypoint`, a URL',
    "D12": "`migrations`",
    "D13": "`DATABASE_URL` (or a usual name) in the instance",
    "D15": "logs; `logs.allow`",
    "D19": "`page`, the extra `browser`",
    "D27": "a serving release, a URL; `max_downtime`",
    "D29": "a URL, and no `GET /` under `endpoint`",
}
"""Code → the configuration without which the check skips, or which it reads."""


def checks_table() -> str:
    """The table as Markdown, one line a check."""
    rows = ["| code | stage | proves that | needs | red |", "|---|---|---|---|---|"]
    for check in built_in():
        red = check.severity if check.severity is Severity.ADVISORY else check.on_red
        shown = "blocks" if check.stage is not Stage.POSTDEPLOY and red is OnRed.ROLLBACK else str(red)
        rows.append(f"| {check.code} | {check.stage} | {check.proves} | {NEEDS[check.code]} | {shown} |")
    return "\n".join(rows)


def written_table() -> str:
    """What stands between the marks of the page."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def main() -> int:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n\n{checks_table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
