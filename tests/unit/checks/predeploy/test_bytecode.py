"""P08 on real source trees with real bytecode."""

from __future__ import annotations

import os
import py_compile
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASK = ("-m", "predeploy", "-k", "stale_bytecode_stands")


def compiled(source: Path) -> Path:
    """Compile a source as Python does when it imports it."""
    return Path(py_compile.compile(str(source), doraise=True) or "")


def test_bytecode_of_its_own_source_passes(repository: Repository, gate: Gates) -> None:
    """P08 is green on bytecode that is its source's, and on pytest's own."""
    root = repository({"gonogo.toml": repository.process, ".gitignore": "__pycache__/\n", "app/a.py": "x = 1\n"})
    cached = compiled(root / "app/a.py")
    shutil.copy(cached, cached.with_name(f"a.{cached.suffixes[0][1:]}-pytest-9.0.pyc"))

    check = gate(root, *ASK).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")


def test_caches_that_python_makes_anew_pass(repository: Repository, gate: Gates) -> None:
    """P08 is green where a repository tracks caches: of an older source, and of one that is gone."""
    sources = {"app/a.py": "x = 1\n", "app/b.py": "y = 1\n"}
    root = repository({"gonogo.toml": repository.process, **sources})
    for name in sources:
        compiled(root / name)
    (root / "app/a.py").write_text("x = 20\n", encoding="utf-8")
    (root / "app/b.py").unlink()

    check = gate(root, *ASK).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")


def test_bytecode_that_stands_alone_is_found(repository: Repository, gate: Gates) -> None:
    """P08 names bytecode that is imported though its source is gone, although git ignores it."""
    root = repository({"gonogo.toml": repository.process, ".gitignore": "*.pyc\n", "app/a.py": "x = 1\n"})
    cached = compiled(root / "app/a.py").replace(root / "app/a.pyc")
    (root / "app/a.py").unlink()

    check = gate(root, *ASK).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"found {cached.relative_to(root)}: importable without a source: app/a.py is gone; "
        "expected no bytecode that runs in its source's place"
    )


def test_the_impostor_is_caught(repository: Repository, gate: Gates) -> None:
    """P08 compares the compiled code: same size and same time stamp do not help an impostor."""
    root = repository({"gonogo.toml": repository.process, "app/a.py": "price = 10\n"})
    source = root / "app/a.py"
    cached = compiled(source)
    stamp = source.stat().st_mtime_ns
    source.write_text("price = 20\n", encoding="utf-8")
    os.utime(source, ns=(stamp, stamp))

    check = gate(root, *ASK).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"found {cached.relative_to(root)}: not the code of app/a.py: header, time and size fit, but the code is "
        "not the source's: co_consts of <module> (line 1); expected no bytecode that runs in its source's place"
    )


def test_ignored_environments_are_left_out(repository: Repository, gate: Gates) -> None:
    """P08 does not judge other people's packages in folders that git ignores, but every other ignored folder."""
    root = repository({"gonogo.toml": repository.process, ".gitignore": "/.venv\n/mine\n/other\n"})
    repository.write(root, dict.fromkeys((".venv/a.py", "mine/a.py", "other/a.py"), "x = 1\n"))
    repository.write(root, {"mine/pyvenv.cfg": ""})
    for folder in (".venv", "mine", "other"):
        compiled(root / folder / "a.py").replace(root / folder / "a.pyc")
        (root / folder / "a.py").unlink()

    check = gate(root, *ASK).only()

    assert "other/a.pyc" in check.found
    assert ".venv" not in check.found
    assert "mine" not in check.found
