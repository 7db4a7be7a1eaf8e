"""Imports inside functions, looked at by the real probe in one real process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from gonogo.inspection import probe_answers
from gonogo.inspection.code import routes
from gonogo.inspection.code.nested import Lack, judged, with_walk

__all__: list[str] = []

RED = {
    "def f():\n    import nowhere.inner": "nowhere",
    "def f():\n    from nowhere import thing": "nowhere",
    "def f():\n    import app.gone.deeper": "app.gone",
    "def f():\n    from app.gone import thing": "app.gone",
    "def f():\n    from .gone import thing": "app.gone",
    "def f():\n    from app import gone": "app.gone",
    "def f(x):\n    if not x:\n        raise ValueError\n    from app import gone": "app.gone",
    "def f():\n    from app.helpers import gone": "app.helpers.gone",
    "def f():\n    try:\n        import nowhere\n    except KeyError:\n        pass": "nowhere",
    "class A:\n    async def f(self):\n        import nowhere": "nowhere",
}
"""Surely fails once it is executed: what is named."""
GREEN = (
    "def f():\n    try:\n        import nowhere\n    except ImportError:\n        nowhere = None",
    "def f():\n    try:\n        import json\n    except ModuleNotFoundError:\n        import nowhere",
    "from contextlib import suppress\ndef f():\n    with suppress(ImportError):\n        import nowhere",
    "def load():\n    import nowhere\ndef f():\n    try:\n        load()\n    except Exception:\n        pass",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere",
    "import sys\ndef f():\n    sys.path.append('/plugins')\n    import nowhere",
    "def f():\n    import json.decoder, os.path, xml.etree.ElementTree\n    from . import helpers",
    "from app import helpers\ndef f():\n    from app.helpers import pool, made, late",
    "def f():\n    from app import lazy\n    from app.lazy import anything",
    "import sys, types\nsys.modules['made_here'] = types.ModuleType('made_here')\ndef f():\n    import made_here",
    "def f():\n    import app.space.inner\n    from app.space import inner",
    "import sys\nsys.path.insert(0, 'apps')\ndef f():\n    import apps_folder_module",
)
"""Caught, found, for types only, or made while it runs."""
DOUBTED = {
    "def f(x):\n    if x:\n        import nowhere": "it stands under a condition",
    "def f(x):\n    if x == 's':\n        return 1\n    import nowhere": "it stands behind an early end of its function",
    "class c:\n    command = lambda: lambda f: f\n@c.command()\ndef f():\n    import nowhere": "it stands in a command",
    "def f():\n    import msvcrt": "of another operating system",
    "def f():\n    import optionalthing": "the application names it as optional",
    "def f():\n    import worker.tasks": "services/worker/tasks.py stands in the repository",
    "def f():\n    import bpython": "a tool for development",
    "def f():\n    from app.dev import seeds": "app/dev/__init__.py stands in the repository",
}
"""Conditions, commands, tools of a desk, other systems, extras, modules of another service, what is left out."""
AROUND = {
    "app/__init__.py": "",
    "app/helpers.py": "made = 1\ndef start():\n    global pool\n    pool = 1\n",
    "app/starts.py": "from app import helpers\ndef start():\n    helpers.late = 1\n",
    "app/lazy.py": "def __getattr__(name):\n    return 1\n",
    "app/space/inner.py": "x = 1\n",
    "apps/apps_folder_module.py": "",
    "app/late.py": "import nowhere_that_is_late\n",
    "app/old.py": "print 'for Python 2'\nimport nowhere\n",
    "app/never.py": "import nowhere_either\n",
    "pyproject.toml": '[project]\ndependencies = ["flask"]\n[dependency-groups]\nmore = ["optionalthing>=1"]\n',
}
AT_THE_DESK = ("services/worker/tasks.py", "app/dev/__init__.py", "app/dev/seeds.py")
"""What git has and the artifact has not."""
CASES = [*RED, *GREEN, *DOUBTED]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Lack]]:
    """File → what its imports lack, in an application whose entry point imports each case."""
    folder = tmp_path_factory.mktemp("application")
    cases = {f"app/case{number}.py": text for number, text in enumerate(CASES)}
    main = "".join(f"import app.case{number}\n" for number in range(len(CASES)))
    main += "import app.starts\ndef rare():\n    from app import late, old\n"
    files = {**AROUND, **cases, "app/main.py": main}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    script = with_walk(probe_answers.script("importing.py"), [str(folder / name) for name in files])
    argv = [sys.executable, "-", "app.main"]
    done = subprocess.run(argv, input=script, capture_output=True, text=True, cwd=folder, check=True)
    report = routes.parse(done.stdout)
    assert report.error is None
    tracked, texts = [*files, *AT_THE_DESK], {"pyproject.toml": AROUND["pyproject.toml"]}
    places = {str(folder / name): name for name in tracked}
    lacks = list(judged(report.lacking or (), places=places, tracked=tracked, texts=texts))
    return {name: [one for one in lacks if one.path == name] for name in files}


@pytest.mark.parametrize("text", RED)
def test_import_that_surely_fails_is_certain(told: Mapping[str, list[Lack]], text: str) -> None:
    """A package that is not installed, a module of the application that nobody has, a thing that its module has not."""
    found = told[f"app/case{CASES.index(text)}.py"]

    line = next(at for at, line in enumerate(text.split("\n"), 1) if "import " in line)
    assert [(one.line, one.name, one.doubt) for one in found] == [(line, RED[text], "")]


@pytest.mark.parametrize("text", GREEN)
def test_what_is_guarded_or_found_is_no_fault(told: Mapping[str, list[Lack]], text: str) -> None:
    """Fallbacks, types, changed import paths, modules and things that are made while it runs."""
    assert told[f"app/case{CASES.index(text)}.py"] == []


@pytest.mark.parametrize("text", DOUBTED)
def test_what_may_be_meant_is_doubted(told: Mapping[str, list[Lack]], text: str) -> None:
    """What may never be executed, or need not be there where it serves."""
    found = told[f"app/case{CASES.index(text)}.py"]

    assert len(found) == 1
    assert found[0].doubt.startswith(DOUBTED[text])
    assert found[0].is_left_out == ("app.dev" in text)


def test_modules_that_only_functions_reach_are_looked_at_whole(told: Mapping[str, list[Lack]]) -> None:
    """What stands at the top of a module that a function imports fails just as late; whom nobody reaches is left."""
    assert [(one.where, one.name, one.doubt) for one in told["app/late.py"]] == [
        ("app/late.py:1", "nowhere_that_is_late", "")
    ]
    assert (told["app/never.py"], told["app/old.py"], told["app/main.py"]) == ([], [], [])


def test_optional_is_what_is_named_only_apart() -> None:
    """A package of the main requirements is not optional, whoever names it too."""
    lack = {"file": "a.py", "line": 1, "name": "boto3", "member": "", "guard": "", "own": False}
    apart = {"requirements-dev.txt": "boto3==1\n"}
    main = {"requirements.txt": "boto3==1\n", **apart}
    poetry = {"pyproject.toml": '[tool.poetry.dependencies]\nboto3 = { version = "1", optional = true }\n'}
    said = [next(judged([lack], places={}, tracked=["a.py"], texts=one)).doubt for one in (apart, poetry, main, {})]

    assert said == ["the application names it as optional", "the application names it as optional", "", ""]
