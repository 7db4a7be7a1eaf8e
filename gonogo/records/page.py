"""The deployment record as one self-contained page, and what every page of ours is made with.

Text from outside is freed of escape sequences and hidden characters, cut, and escaped by the template engine; a
policy in the page forbids it to load anything or to run any script but ours.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gonogo.records import charts
from gonogo.records.advice import cause_said, other_notes, told
from gonogo.records.headline import headline, verdict
from gonogo.records.impact import impact_said
from gonogo.records.parts import back_said, downtime_said, gate_page, result_word, serves_said, touched_said
from gonogo.records.red import red_findings, run_as_before, run_warnings
from gonogo.records.results import Evidence, Measure
from gonogo.records.run_results import RunResult
from gonogo.records.text import clip, first_line, is_diff, is_table, plain, pretty, short, when, with_unit

__all__ = ["load_parts", "read_script", "render_page", "render_part", "render_record"]

_MOST_TEXT = 100_000
_MOST_LINES = 2000
"""Lines of the journal that the page shows; the file beside it has all."""
_TALL = 24
"""Lines of a text that still needs no scrolling of its own."""
_LONG = 900
"""Characters of it, on a phone."""
_SAID = ("output", "errors")
_APART = 12.0
"""Per cent of the width that a mark's label needs."""


def render_record(run: RunResult, journal: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page of a run, the ending first; ``journal`` are the lines of its journal."""
    run = run if run.ending else run.model_copy(update={"ending": headline(run)})
    strip = charts.strip(run)
    own, back = red_findings(run)
    return render_page(
        "record.html.j2",
        run=run,
        word=f"is-{verdict(run).lower().replace(' ', '-')}",
        told=[("why", cause_said(run)), *(row for row in told(run) if row[0] != "why")],
        own=own,
        back=back,
        notes=other_notes(run),
        warnings=run_warnings(run),
        as_before=run_as_before(run),
        facts=[(name, value) for name, value in _facts(run) if value],
        steps=list(zip(run.steps, charts.time_line(run), strict=True)),
        strip=strip,
        axis=charts.ticks(strip.seconds) if strip else (),
        labels=list(_labels(strip.marks)) if strip else [],
        downtime=downtime_said(run),
        back_said=back_said(run),
        gaps=[bar.said for bar in strip.bars if not bar.ok] if strip and run.serving else [],
        compared=charts.compare(run),
        commands=list(_commands(journal)),
        journal=[_line(line) for line in journal[-_MOST_LINES:]],
        journal_cut=len(journal) > _MOST_LINES,
    )


def render_page(template: str, *, script: str = "", **values: Any) -> str:
    """One of ``pages/``, filled; the only script that it may run is ``script``."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _engine()
        .get_template(template)
        .render(
            style=Markup(_read("palette.css") + _read("page.css")),  # noqa: S704 (ours)
            script=Markup(script),  # noqa: S704 (ours)
            script_hash=Markup(f"'sha256-{digest}'" if script else "'none'"),  # noqa: S704 (ours)
            **values,
        )
    )


def render_part(template: str, *, script: str = "", **values: Any) -> str:
    """A piece of a page that somebody else writes; ``script`` is ours."""
    return _engine().get_template(template).render(script=Markup(script), **values)  # noqa: S704 (ours)


def load_parts() -> None:
    """Has the templates of a gate's page compiled, which takes as long as a small gate."""
    for name in ("gate.html.j2", "parts.html.j2"):
        _engine().get_template(name)


def read_script(name: str) -> str:
    """One of our scripts."""
    return _read(name)


@cache
def _read(name: str) -> str:
    return files("gonogo.records").joinpath("pages", name).read_text(encoding="utf-8")


@cache
def _engine() -> Environment:
    engine = Environment(
        loader=PackageLoader("gonogo.records", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
    )
    engine.filters |= {
        "line": first_line,
        "clip": clip,
        "most": _most,
        "pretty": pretty,
        "page": gate_page,
        "result": result_word,
        "figure": with_unit,
        "limit": lambda measure: with_unit(_limit(measure)),
        "zip": lambda one, other: list(zip(one, other, strict=True)),
        "when": when,
        "short": short,
        "diff": _diff,
        "count_of": lambda number, name: f"{number} {name}{'' if number == 1 else 's'}",
    }
    engine.tests["table_like"] = lambda piece: isinstance(piece, Evidence) and is_table(piece)
    engine.tests["diff_like"] = lambda piece: isinstance(piece, Evidence) and is_diff(piece)
    engine.tests["long_text"] = lambda text: text.count("\n") > _TALL or len(text) > _LONG
    return engine


def _shown(value: Any) -> Any:
    """Whatever a template prints: plain text, nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, Markup) or not isinstance(value, str) else plain(value)


def _most(said: Any) -> str:
    """As much of a text as a page should hold; what is missing is said."""
    text = plain(str(said))
    cut = len(text) - _MOST_TEXT
    return text if cut <= 0 else f"{text[:_MOST_TEXT]}\n[… {cut} characters cut …]"


def _diff(text: str) -> Markup:
    """What a difference adds and takes away, marked line by line."""
    tags = {"+": "ins", "-": "del"}
    lines = [
        Markup("<{0}>{1}</{0}>").format(tag, line) if (tag := tags.get(line[:1])) else escape(line)
        for line in text.split("\n")
    ]
    return Markup("\n").join(lines)


def _limit(measure: Measure | None) -> Measure | None:
    if measure is None or measure.limit is None:
        return None
    return measure.model_copy(update={"value": measure.limit})


def _facts(run: RunResult) -> Iterator[tuple[str, str]]:
    yield "who", run.who
    yield "when", f"{when(run.started)}, for {run.seconds:.1f} s"
    yield "commit", f"{(run.commit or '')[:12]} {run.summary}".strip()
    yield "release", run.release or ""
    yield "why", run.said
    yield "served before", run.serving or "nothing"
    yield "serves now", serves_said(run)
    yield "impact", impact_said(run)
    yield "exit code", f"{int(run.exit_code)} ({run.exit_code.said})"
    yield "changed what serves", touched_said(run)
    yield "going back would mean for the data", run.ladder


def _labels(marks: Iterable[charts.Bar]) -> Iterator[charts.Bar]:
    """The marks whose names have room beside each other."""
    last = -_APART
    for mark in marks:
        if mark.left - last >= _APART:
            last = mark.left
            yield mark


def _commands(journal: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Every command that ended, with what it said."""
    for line in journal:
        if line.get("event") != "command-ended":
            continue
        said = "\n".join(text for name in _SAID if (text := str(line.get(name) or "").rstrip()))
        how = "timed out" if line.get("timed_out") else f"exit code {line.get('code')}"
        yield {"argv": str(line.get("argv")), "ended": f"{how}, {line.get('seconds')} s", "said": said}


def _line(line: Mapping[str, Any]) -> dict[str, str]:
    """A journal line's row; what a command said stands above."""
    named = {"at", "step", "event", "host", *_SAID}
    facts = ", ".join(f"{name}={value}" for name, value in line.items() if name not in named and value is not None)
    return {**{name: str(line.get(name, "")) for name in ("at", "step", "event")}, "facts": clip(plain(facts), 600)}
