"""Imports run one way."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LAYERS = [
    {"cli", "__main__", "demo"},
    {"commands", "display"},
    {"run", "detect"},
    {"gates"},
    {"backups"},
    {"runtimes", "traffic", "databases", "migrations", "github", "remote"},
    {"inspection"},
    {"frameworks", "probes", "records"},
    {"state"},
    {"secrets", "git"},
    {"host"},
    {"config"},
    {"errors"},
    {"words", ""},
]
"""From the top down: a room may import from its own row and from rows below."""

LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
SOURCES = sorted(path for path in (ROOT / "gonogo").rglob("*.py") if "demo/app" not in path.as_posix())


def imported(path: Path) -> set[str]:
    """Every gonogo module that a file imports, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name for name in names if name == "gonogo" or name.startswith("gonogo.")}


def room(module: str) -> str:
    """``gonogo.runtimes.base`` → ``runtimes``."""
    return [*module.split("."), ""][1]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_library_imports_run_downwards(path: Path) -> None:
    """A room never imports from a room above it, nor from the checks or plugins."""
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    own = "" if own == "__init__" else own

    wrong = [name for name in imported(path) if LEVEL.get(room(name), -1) < LEVEL[own]]
    assert wrong == []


def test_plugins_and_checks_know_nothing_of_moves() -> None:
    """The pytest side reads; it never changes a target."""
    allowed = {
        "backups",
        "checks",
        "config",
        "errors",
        "frameworks",
        "gates",
        "git",
        "host",
        "inspection",
        "migrations",
        "plugins",
    }
    allowed |= {"probes", "records", "runtimes", "secrets", "state", "words", ""}
    for path in sorted([*(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]):
        wrong = sorted(name for name in imported(path) if room(name) not in allowed)

        assert wrong == [], path


def test_pure_rooms_do_no_input_or_output() -> None:
    """Functions over data: no processes, no sockets, no clients."""
    forbidden = {"subprocess", "socket", "httpx", "docker", "testinfra", "requests"}
    for folder in ("inspection", "frameworks", "migrations", "secrets", "runtimes/compose/model"):
        for path in sorted((ROOT / "gonogo" / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

            assert not {name.split(".")[0] for name in names} & forbidden, path


_WRITE = {"mkdir", "rename", "rmdir", "symlink_to", "touch", "unlink", "write_bytes", "write_text"}
_READ = {"exists", "glob", "is_dir", "is_file", "is_symlink", "iterdir", "listdir", "lstat", "open", "read_bytes"}
_READ |= {"read_text", "readlink", "rglob", "scandir", "stat", "walk"}
_NO_FILES = {"ast", "tarfile"}
_OF_A_FOLDER = {
    "inspection/code/contents.py": "digests of an application's files, which are too many to be handed over",
    "inspection/code/databases.py": "how a database file begins",
    "inspection/code/image_files.py": "digests of a folder as if it were an image's",
    "inspection/code/presence.py": "whether paths are there",
    "inspection/probe_answers.py": "a probe's own text",
    "inspection/variables/demands.py": "the env file and its examples",
    "migrations/layout.py": "the tool's configuration",
}
"""What of the pure rooms reads files, of a folder that it is given; everything else is given their text."""


def test_pure_rooms_read_no_files_but_in_these_modules() -> None:
    """Nothing there writes any; a new module that reads is a decision (docs/decisions/026)."""
    reading, writing = set(), set()
    for folder in ("inspection", "frameworks", "migrations", "secrets", "runtimes/compose/model"):
        for path in sorted((ROOT / "gonogo" / folder).rglob("*.py")):
            name = path.relative_to(ROOT / "gonogo").as_posix()
            calls = [
                node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            ]
            reading |= {name for node in calls if ast.unparse(node.func) == "open"}
            for node in calls:
                if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in _NO_FILES:
                    reading |= {name} & ({name} if node.func.attr in _READ else set())
                    writing |= {name} & ({name} if node.func.attr in _WRITE else set())

    assert (reading, writing) == ({*_OF_A_FOLDER}, set())


def test_only_the_runner_starts_processes() -> None:
    """``subprocess`` is the runner's, its fork server's and the talk's; the demo, and what is sent to a host, have their own."""
    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    users = [
        path.relative_to(ROOT).as_posix()
        for path in everything
        if "import subprocess" in path.read_text(encoding="utf-8") and "demo" not in path.parts
    ]

    assert users == [
        "gonogo/host/child.py",
        "gonogo/host/forkserver.py",
        "gonogo/host/runner.py",
        "gonogo/host/talk.py",
        "gonogo/probes/agent.py",
        "gonogo/probes/host_setup.py",
        "gonogo/probes/keeper.py",
    ]


def test_one_module_speaks_git() -> None:
    """What is set around a shell, a hook or a CI job decides nothing; what runs elsewhere, and the demo, stand alone."""
    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    speaking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in everything
        if path.relative_to(ROOT).parts[:2] not in {("gonogo", "git.py"), ("gonogo", "demo"), ("gonogo", "probes")}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple | ast.List) and [*map(ast.unparse, node.elts)][:1] == ["'git'"]
        if [*map(ast.unparse, node.elts)][1:] != ["'--version'"]
    ]

    assert speaking == []


def test_one_function_says_which_machine_and_one_makes_a_place() -> None:
    """An environment on another machine is a matter of two functions, not of everybody who runs a command."""
    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    naming: set[tuple[str, str]] = set()
    for path in everything:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                called = {node.func for node in ast.walk(function) if isinstance(node, ast.Call)}
                naming |= {(one.id, function.name) for one in called if isinstance(one, ast.Name)}
        imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}

        assert "LocalHost" not in imported, path
    assert {pair for pair in naming if pair[0] in {"LocalHost", "Place"}} == {
        ("LocalHost", "this_machine"),
        ("Place", "make_place"),
    }


def _texts_compared(node: ast.Compare | ast.MatchValue) -> list[object]:
    """The texts that something is compared with; a key of gonogo.toml may be looked for, and a grammar has that name."""
    if isinstance(node, ast.MatchValue):
        parts: list[ast.expr] = [node.value]
    else:
        member = isinstance(node.ops[0], ast.In | ast.NotIn)
        parts = [*([] if member else [node.left]), *node.comparators]
        parts = [] if ast.unparse(node.left) == "grammar" else parts
    return [one.value for part in parts for one in ast.walk(part) if isinstance(one, ast.Constant)]


def test_no_name_of_a_runtime_is_compared_outside_the_runtimes() -> None:
    """Whoever needs a runtime of some kind asks for what it has (``gonogo/config/runtimes.py``)."""
    from gonogo.config.runtimes import RUNTIMES  # noqa: PLC0415 (the other tests import nothing of gonogo)

    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    compared = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in everything
        if "runtimes" not in path.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare | ast.MatchValue) and {*RUNTIMES} & set(_texts_compared(node))
    ]

    assert compared == []


def test_no_name_of_a_migration_tool_is_compared_anywhere() -> None:
    """What differs between the tools stands in their protocol (``gonogo/migrations/base.py``)."""
    from gonogo.config.migration_tools import MIGRATION_TOOLS  # noqa: PLC0415 (the other tests import nothing of gonogo)

    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    compared = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in everything
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith((".migrations", "tool.name"))
        if {*MIGRATION_TOOLS} & set(_texts_compared(node))
    ]

    assert compared == []


def _asks_for_a_step(node: ast.AST) -> bool:
    """Whether what has happened is compared with a step's name: a text, or the ``name`` of a class of moves."""
    if isinstance(node, ast.Compare):
        said: list[ast.expr] = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        said = [*node.args] if node.func.attr in {"has_ended", "was_taken_back"} else []
    else:
        return False
    names = [one for one in said if re.fullmatch(r"'[^']*'|[A-Z]\w*\.name", ast.unparse(one))]
    return bool(names) and bool(re.search(r"\bprogress\b|\bhalf_done\b|\bstep\.name\b", ast.unparse(node)))


def test_nobody_asks_for_a_name_of_a_step() -> None:
    """A strategy may call its moves as it likes; what one is, it says by its facts (``gonogo/run/work.py``)."""
    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    asked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in everything
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare | ast.Call) and _asks_for_a_step(node)
    ]

    assert asked == []


def test_no_code_of_a_check_is_known_outside_the_checks() -> None:
    """What a check means to a run is said by its mark and carried by its result."""
    code = re.compile(r"[PBDW]\d{2,3}(\[.*)?")
    known = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and code.fullmatch(node.value)
    ]

    assert known == []


def _seen_together(path: Path) -> set[str]:
    """The modules of gonogo whose names a file brings together, its own among them."""
    own = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
    named = {node.module or "" for node in nodes} | {
        f"{node.module}.{one.name}" for node in nodes for one in node.names
    }
    return {own.removeprefix("gonogo."), *(name.removeprefix("gonogo.") for name in named)}


def test_no_two_classes_that_meet_share_a_name() -> None:
    """One word, one meaning: neither in a room, nor where one module knows both."""
    everything = [*SOURCES, *(ROOT / "plugins").glob("*.py"), *(ROOT / "checks").rglob("*.py")]
    homes: dict[str, list[str]] = {}
    for path in everything:
        module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removeprefix("gonogo.")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module)
    together = [_seen_together(path) for path in everything]
    shared = [
        f"{name}: {one}, {other}"
        for name, modules in homes.items()
        for one, other in itertools.combinations(modules, 2)
        if one.partition(".")[0] == other.partition(".")[0] or any({one, other} <= seen for seen in together)
    ]

    assert shared == []


def test_every_package_is_listed_for_the_wheel() -> None:
    """Setuptools is given the packages one by one; a new folder must be named."""
    import tomllib  # noqa: PLC0415

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    packages = [path.parent.relative_to(ROOT) for path in (ROOT / "gonogo").rglob("__init__.py")]
    mapped = [path.parent for folder in ("checks", "plugins") for path in (ROOT / folder).rglob("__init__.py")]
    found = {".".join(path.parts) for path in packages if "app" not in path.parts}
    found |= {"gonogo." + ".".join(path.relative_to(ROOT).parts) for path in mapped}

    assert listed == found
