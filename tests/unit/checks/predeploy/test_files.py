"""P05 and P06 on real repositories."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

REQUIRED = ("-m", "predeploy", "-k", "required_files_and_folders_exist")
COMPILES = ("-m", "predeploy", "-k", "every_source_compiles")
TOML = """\
[app]
name = "shop"
required = ["main.py", "app/routes"]

[service.web]
command = ["{python}", "-m", "http.server", "{port}"]
settings = ["app/settings.py"]
migrations = "alembic"

[env.test]
runtime = "process"
project = "shop-test"
"""
FILES = {"gonogo.toml": TOML, "main.py": "", "app/settings.py": "", "app/routes/pages.py": "", "alembic.ini": ""}


def test_required_files_are_there(repository: Repository, gate: Gates) -> None:
    """P05 is green where git tracks every required file and something in every required folder."""
    assert gate(repository(FILES), *REQUIRED).only().outcome is Outcome.PASSED


def test_required_files_are_missing(repository: Repository, gate: Gates) -> None:
    """P05 tells a file that is nowhere from one that was never added, and says who asks for it."""
    root = repository({"gonogo.toml": TOML, "alembic.ini": "", "app/settings.py": ""})
    repository.write(root, {"app/routes/pages.py": ""})

    check = gate(root, *REQUIRED).only()

    assert check.found == (
        "main.py (app.required): found nothing; app/routes (app.required): found it on the disk, but not in git; "
        "expected them in the commit"
    )
    assert check.outcome is Outcome.FAILED


def test_nothing_required_is_a_skip(repository: Repository, gate: Gates) -> None:
    """P05 does not pass by asking nothing."""
    run = gate(repository({"gonogo.toml": repository.process}), *REQUIRED)

    assert (run.only().outcome, run.only().found) == (Outcome.SKIPPED, "gonogo.toml requires no files (app.required)")
    assert run.code == 5


def test_sources_compile(repository: Repository, gate: Gates) -> None:
    """P06 is green on sources that compile, and names the Python that judged them."""
    check = gate(repository({"gonogo.toml": repository.process, "a.py": "x = 1\n"}), *COMPILES).only()

    assert check.outcome is Outcome.PASSED
    assert check.evidence[0].value.startswith(f"Python {'.'.join(map(str, sys.version_info[:3]))} (")


def test_a_broken_source_and_a_conflict_are_found(repository: Repository, gate: Gates) -> None:
    """P06 names file and line of a syntax error and of a merge conflict in a template."""
    conflict = "<<<<<<< HEAD\n<p>a</p>\n=======\n<p>b</p>\n>>>>>>> other\n"
    root = repository({"gonogo.toml": repository.process, "app/a.py": "x = 1\nif x\n", "app/t.html": conflict})

    check = gate(root, *COMPILES).only()

    version = ".".join(map(str, sys.version_info[:3]))
    assert check.outcome is Outcome.FAILED
    assert check.found == (
        "found app/a.py:2: SyntaxError: expected ':'; app/t.html:1: unresolved merge conflict; "
        f"expected sources that Python {version} compiles, without conflicts"
    )


def test_syntax_of_a_newer_python_is_left_to_it(repository: Repository, gate: Gates) -> None:
    """P06 does not call a source broken that only a newer Python, which is not here, can judge: B24 asks it."""
    root = repository(
        {"gonogo.toml": repository.minimal, "Dockerfile": "FROM python:3.99-slim AS run\n", "a.py": "new syntax here\n"}
    )

    check = gate(root, *COMPILES).only()

    assert check.outcome is Outcome.PASSED
    assert [(one.title, one.value) for one in check.evidence if "B24" in one.title] == [
        ("Left to the artifact's own Python (B24)", "a.py:1: SyntaxError: invalid syntax")
    ]


def test_what_lies_among_tests_is_no_source(repository: Repository, gate: Gates) -> None:
    """P06 warns of a file that a test breaks on purpose, and is red for a script, which somebody may start."""
    broken = "x = = 1\n"
    tests = {"gonogo.toml": repository.process, "tests/data/bad.py": broken, "app/_vendor/old.py": broken}
    first = gate(repository(tests), *COMPILES).only()
    second = gate(repository({**tests, "bin/tidy.py": broken}, name="script"), *COMPILES).only()

    assert first.outcome is Outcome.WARNED
    assert first.found == (
        "found app/_vendor/old.py:1: SyntaxError: invalid syntax: nothing imports it, and it lies beside the application; "
        "found tests/data/bad.py:1: SyntaxError: invalid syntax: nothing imports it, and it lies beside the application"
    )
    assert second.outcome is Outcome.FAILED
    assert second.found.startswith("found bin/tidy.py:1: SyntaxError: invalid syntax; expected")


TEMPLATE = 'class Test{Name}:\n    """Tests of {name}."""\n'


def test_a_template_that_ends_in_py_is_no_source(repository: Repository, gate: Gates) -> None:
    """P06 warns of what nothing imports and what looks like a template, and says the key; with the key it is silent."""
    files = {"gonogo.toml": repository.process, "tools/test_tpl.py": TEMPLATE, "app/a.py": "import tools\n"}
    first = gate(repository(files), *COMPILES).only()
    key = repository.process.replace('name = "shop"\n', 'name = "shop"\nnot_source = ["tools/*_tpl.py"]\n')
    second = gate(repository({**files, "gonogo.toml": key}, name="keyed"), *COMPILES).only()

    assert (first.outcome, second.outcome) == (Outcome.WARNED, Outcome.PASSED)
    assert first.found.endswith(": nothing imports it, and it looks like a template; name it in app.not_source")
    assert first.found.startswith("found tools/test_tpl.py:1: SyntaxError: ")


def test_a_template_that_is_imported_is_red(repository: Repository, gate: Gates) -> None:
    """P06 does not excuse a module that a source imports, even late."""
    late = "def f():\n    from tools import test_tpl\n"
    root = repository({"gonogo.toml": repository.process, "tools/test_tpl.py": TEMPLATE, "a.py": late})

    assert gate(root, *COMPILES).only().outcome is Outcome.FAILED


def test_a_module_for_another_python_is_told(repository: Repository, gate: Gates) -> None:
    """P06 is not red for what only a newer Python imports; unguarded, the same file is red."""
    guard = "import sys\n\nif sys.version_info >= (3, 99):\n    from app import new\nelse:\n    from app import old\n"
    files = {"gonogo.toml": repository.process, "app/__init__.py": guard, "app/new.py": "x = = 1\n", "app/old.py": ""}
    told = gate(repository(files), *COMPILES).only()
    red = gate(repository({**files, "main.py": "import app.new\n"}, name="plain"), *COMPILES).only()

    assert (told.outcome, red.outcome) == (Outcome.WARNED, Outcome.FAILED)
    assert told.found.endswith(": it is imported only for another Python, or in place of what is missing")
