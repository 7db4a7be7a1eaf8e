"""What README and docs say is what the code does: examples run, tables name what is there, commands are accepted."""

from __future__ import annotations

import ast
import re
import shlex
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, BeforeValidator
from typer.main import get_command

from gonogo.cli import app
from gonogo.config import (
    CheckRule,
    Endpoint,
    Heartbeat,
    Logs,
    MetricRule,
    Page,
    SecretRule,
    SqlAssertion,
    TeamCommand,
    TeamStep,
    Visitor,
    Waiver,
    Watch,
    Webhook,
    parse_project,
)
from gonogo.config.backups import BackupRule
from gonogo.config.builtin import built_in
from gonogo.config.models import App, Environment, Health, Service
from gonogo.config.needs import is_key
from gonogo.config.traffic import Traffic
from gonogo.config.types import parse_duration
from gonogo.plugins import browser, cases, fixtures
from gonogo.records.listing import when_red
from gonogo.words import Exit, Outcome, Stage
from tests.faults.corpus.elsewhere import ELSEWHERE
from tests.support.chromium import need_chromium
from tests.support.doc_tables import ROOT, SHEETS, checks_table, faults, sheets, written_table
from tests.support.readme_app import MAIN, configuration, serving

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_README_SIZE = 15_000
"""Bytes that a newcomer reads; the reference stands in docs/, and is found from it."""
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)
_COMMAND = re.compile(r"^ {4}(?:\S+/bin/)?(gonogo [a-z].*)$|`(gonogo [a-z][^`]*)`", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def page(name: str) -> str:
    """A page of the reference."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[tuple[str, str]]:
    """Page and text of every fenced block in a language."""
    found = ((path, _FENCED.findall(path.read_text(encoding="utf-8"))) for path in PAGES)
    return [(path.name, text) for path, fenced in found for name, text in fenced if name == language]


def table(caption: str) -> list[tuple[str, str]]:
    """First and second cell of each row of the table below a caption of the page on configuration."""
    text = page("configuration").partition(f"\n{caption}")[2].partition("\n|")[2]
    return [(key, default) for key, default, _ in _ROW.findall("|" + text.partition("\n\n")[0])]


def default_of(model: type[BaseModel], name: str) -> str:
    """A field's default as the page on configuration writes it."""
    field = model.model_fields[name]
    value = field.default
    if field.is_required():
        return "required"
    if isinstance(value, BaseModel):
        return "see below"
    if is_duration(field.metadata):
        return f'`"{duration(value)}"`'
    if value in (None, (), {}, ""):
        return "-"
    return f"`{literal(value)}`"


def is_duration(metadata: list[Any]) -> bool:
    """Whether a field is written as text with a unit."""
    return any(isinstance(one, BeforeValidator) and one.func is parse_duration for one in metadata)


def duration(seconds: float) -> str:
    """The shortest way to write it."""
    return f"{seconds / 60:g}m" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:g}s"


def literal(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value.value if isinstance(value, Enum) else value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    ("caption", "model"),
    [
        ("`[app]`", App),
        ("`[service.NAME]`,", Service),
        ("`health = { … }`", Health),
        ("`traffic = { … }`", Traffic),
        ("`watch = { … }`", Watch),
        ("`[[env.NAME.endpoint]]`\n", Endpoint),
        ("`[[env.NAME.page]]`,", Page),
        ("`[[env.NAME.webhook]]`,", Webhook),
        ("`[env.NAME.visitor]`,", Visitor),
        ("`[[env.NAME.heartbeat]]`,", Heartbeat),
        ("`[[env.NAME.metric]]`,", MetricRule),
        ("`[[env.NAME.sql]]`,", SqlAssertion),
        ("`[[env.NAME.command]]`,", TeamCommand),
        ("`[[env.NAME.step]]`", TeamStep),
        ("`[env.NAME.backup]`,", BackupRule),
        ("`[env.NAME.checks.CODE]`,", CheckRule),
        ("`[[env.NAME.waive]]`,", Waiver),
    ],
)
def test_key_tables_are_the_models(caption: str, model: type[BaseModel]) -> None:
    """Each table names exactly the fields of its model, in their order, with their defaults."""
    expected = [(field.alias or name, default_of(model, name)) for name, field in model.model_fields.items()]

    assert table(caption) == expected


def test_environment_table_is_the_model() -> None:
    """The environment's name stands in the table's header; ``extends`` is resolved before the model sees it."""
    names = [name for name in Environment.model_fields if name != "name"]
    expected = [("extends", "-"), *((name, default_of(Environment, name)) for name in names)]

    assert [row for row in table("`[env.NAME]`\n") if row != ("logs", "-")] == [
        row for row in expected if row[0] != "logs"
    ]
    assert ("logs", "-") in table("`[env.NAME]`\n")


def test_small_models_are_named_whole() -> None:
    """Two small tables are told in a sentence."""
    assert list(SecretRule.model_fields) == ["min_length", "hex", "prefix"]
    assert list(Logs.model_fields) == ["allow", "files"]
    assert (
        "`secrets` values have `min_length` (default `0`), `hex` (default `false`) and `prefix` (default none: "
        '`"whsec_"`); `logs` has `allow` and `files` (default none each).' in " ".join(page("configuration").split())
    )


def test_command_keys_are_all_named() -> None:
    """The table of replaceable commands has the model's keys."""
    annotation = Environment.model_fields["commands"].annotation
    keys = typing.get_args(typing.get_args(annotation)[0])

    assert sorted(key for key, _ in table("`[env.NAME.commands]`\n")) == sorted(keys)


@pytest.mark.parametrize("example", [text for _, text in blocks("toml") if text.startswith("# gonogo.toml")])
def test_whole_configurations_are_valid(example: str) -> None:
    """A block that begins with ``# gonogo.toml`` is one that a user may copy."""
    project = parse_project(example, root=Path("/srv/shop"))

    assert all(environment.endpoint for environment in project.environments.values())


def test_there_are_examples_for_both_runtimes() -> None:
    """The documentation shows a whole configuration for each runtime."""
    examples = [parse_project(text, root=ROOT) for _, text in blocks("toml") if text.startswith("# gonogo.toml")]

    assert {env.runtime for one in examples for env in one.environments.values()} == {"compose", "process"}


def checks_in(repository: Repository, port: int) -> Path:
    """A repository whose checks are the blocks of the documentation."""
    files = {f"checks/test_block_{number}.py": text for number, (_, text) in enumerate(blocks("python"))}
    config = (
        configuration(port, state="state").replace("[env.staging]", "[env.test]").replace("[env.staging.", "[env.test.")
    )
    return repository({"gonogo.toml": config, "main.py": MAIN, "CHANGELOG.md": "", ".gitignore": "state/\n", **files})


def test_check_examples_pass(repository: Repository, gate: Gates) -> None:
    """Every check that the documentation shows runs as a gate's check, and is green where its subject is."""
    need_chromium()
    with serving() as port:
        root = checks_in(repository, port)
        run = gate(root, "-m", "predeploy or postdeploy", "-k", "block_")

    shown = sum(text.count("def test_") for _, text in blocks("python"))
    assert {check.outcome for check in run.checks} == {Outcome.PASSED}, run.out
    assert len({check.id.partition("[")[0] for check in run.checks}) == shown


def test_first_check_is_red_as_shown(repository: Repository, gate: Gates) -> None:
    """The README's first check says of a shop without prices what the README shows."""
    with serving(priced=False) as port:
        run = gate(checks_in(repository, port), "-m", "postdeploy", "-k", "test_an_estimate_has_a_price")

    check = run.only()
    assert f"NO-GO  {check.code} checks/test_prices.py::test_an_estimate_has_a_price" in README
    assert f"  proves    {check.proves}\n  found     {check.found}\n  evidence  Estimate: " in README
    assert f"  remedy    {check.remedy.replace('--env test', '--env staging')}\n" in README


def test_checks_table_is_the_code() -> None:
    """The table of built-in checks equals the marks in checks/; ``python -m tests.support.doc_tables`` writes it."""
    assert written_table() == checks_table()


def test_every_check_has_its_page() -> None:
    """docs/checks/ has what the marks and docstrings say of each check, and no page of a check that is gone."""
    written = {path: path.read_text(encoding="utf-8") for path in SHEETS.glob("*.md")}

    assert written == sheets()
    assert len(written) == len(built_in())


def test_every_need_is_a_key_or_words() -> None:
    """What looks like a key of gonogo.toml in a check's ``needs`` and ``reads`` is one."""
    named = [word for check in built_in() for need in (*check.needs, *check.reads) for word in need.split(" or ")]

    assert [word for word in named if re.search(r"[._]|=", word) and not is_key(word)] == []


def test_fixture_table_is_the_plugin() -> None:
    """Every fixture that a team's check may use is listed, and nothing else."""
    offered = {
        name
        for module in (fixtures, cases, browser)
        for name in module.__all__
        if not isinstance(getattr(module, name), str | tuple | type | types.FunctionType)
    }
    listed = re.findall(
        r"^\| `(\w+)` \|", page("own-checks").partition("| fixture | is |")[2].partition("\n\n")[0], re.MULTILINE
    )

    assert sorted(listed) == sorted(offered)


def commands() -> list[str]:
    """Every command line of gonogo's in README and docs."""
    found = [match for path in PAGES for match in _COMMAND.findall(path.read_text(encoding="utf-8"))]
    return sorted({(line or inline).partition("  #")[0].partition(" > ")[0].strip() for line, inline in found})


@pytest.mark.parametrize("line", commands())
def test_commands_are_accepted(line: str) -> None:
    """The command line takes every command as it is written; a name alone is only mentioned."""
    group: Any = get_command(app)
    words = shlex.split(line)[1:]
    context = group.make_context("gonogo", words, resilient_parsing=True)
    name, command, rest = group.resolve_command(context, words)

    if rest:
        command.make_context(name, rest, parent=context)


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_command_table_is_the_command_line() -> None:
    """Every command is listed with all its options."""
    group: Any = get_command(app)
    expected = {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for name, command in _commands(group)
    }
    rows = re.findall(r"^\| `gonogo ([\w ]+)` \| .* \| (.*) \|$", page("commands"), re.MULTILINE)

    assert {name: set(re.findall(r"--[a-z-]+", options)) for name, options in rows} == expected


def test_stages_in_commands_exist() -> None:
    """``pytest -m`` is followed by a stage."""
    named = re.findall(r"python -m pytest -m (\w+)", README + page("commands"))

    assert named
    assert set(named) <= set(Stage)


def test_exit_code_table_is_the_enum() -> None:
    """Every exit code is explained once."""
    text = page("exit-codes").partition("| exit code | means |")[2].partition("\n\n")[0]

    assert re.findall(r"^\| (\d) \|", text, re.MULTILINE) == [str(int(code)) for code in Exit]


def test_quoted_messages_are_said() -> None:
    """Every message of the troubleshooting table is a piece of the code."""
    quoted = [key for key, _ in re.findall(r"^\| `([^`]+)` \| (.*) \|$", page("troubleshooting"), re.MULTILINE)]
    code = "\n".join(
        path.read_text("utf-8") for room in ("gonogo", "plugins", "checks") for path in (ROOT / room).rglob("*.py")
    )

    assert quoted
    assert [message for message in quoted if message not in code] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file or folder of this repository."""
    broken = [link for link in _LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]

    assert broken == []


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    """A newcomer reads one short page, and finds each page of the reference from it."""
    pages = [path.name for path in sorted((ROOT / "docs").glob("*.md"))]

    assert len(README.encode()) <= _README_SIZE
    assert [name for name in pages if f"](docs/{name})" not in README] == []


def test_decisions_are_numbered() -> None:
    """Decisions are numbered without gaps, and each begins with its title."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    assert [page.name[:4] for page in pages] == [f"{number:03}-" for number in range(1, len(pages) + 1)]
    assert all(page.read_text("utf-8").startswith("# ") for page in pages)


def test_every_blocker_has_its_fault() -> None:
    """In the corpus, where it spoke when the fault was deployed, or in a test where no deployment of files brings it about."""
    blockers = {one.code for one in built_in() if when_red(one.stage, one.severity, one.on_red) != "warns"}
    asked = set(faults())
    tests = {code: ROOT / "tests" / place.partition("::")[0] for code, place in ELSEWHERE.items()}
    lost = [
        code for code, path in tests.items() if f"def {ELSEWHERE[code].partition('::')[2]}(" not in path.read_text()
    ]

    assert (blockers - asked - set(ELSEWHERE), asked & set(ELSEWHERE), lost) == (set(), set(), [])


def test_a_check_that_never_fails_blocks_nothing() -> None:
    """One without an assertion, a failure or an error of its own, in itself or in what it calls of its rooms, is advisory."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "checks").rglob("*.py"))}
    functions = {one.name: one for tree in trees.values() for one in tree.body if isinstance(one, ast.FunctionDef)}

    def fails(function: ast.FunctionDef, seen: frozenset[str] = frozenset()) -> bool:
        for node in ast.walk(function):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Assert | ast.Raise) or name == "fail":
                return True
            called = functions.get(name) if name not in {*seen, function.name} else None
            if called is not None and fails(called, seen | {function.name}):
                return True
        return False

    marks = ((mark, one) for one in functions.values() for mark in one.decorator_list if isinstance(mark, ast.Call))
    checks = {mark.args[0].value: one for mark, one in marks if mark.args and isinstance(mark.args[0], ast.Constant)}
    blocks = [one.code for one in built_in() if when_red(one.stage, one.severity, one.on_red) != "warns"]

    assert [code for code in blocks if not fails(checks[code])] == []


def test_what_contributors_are_led_to_is_there() -> None:
    """The glossary and the counts of edits name files; the layout names every room, and nothing else lies loose."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    paths = set(re.findall(r"`((?:gonogo|checks|plugins|tests|docs|benchmarks|scripts)/[\w./-]*)`", text))
    inside = ROOT / "gonogo"
    rooms = {one.name for one in inside.iterdir() if one.is_dir() and one.name != "__pycache__"}
    loose = {one.name for one in inside.glob("*.py")}

    assert sorted(path for path in paths if not (ROOT / path).exists()) == []
    assert sorted(room for room in rooms if f" {room}/" not in text) == []
    assert loose == {"__init__.py", "__main__.py", "errors.py", "git.py", "words.py"}
