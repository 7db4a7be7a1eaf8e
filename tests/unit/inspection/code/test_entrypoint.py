"""Whether an entry point runs the command that it is given."""

import pytest

from gonogo.inspection.code.entrypoint import passes_on

__all__: list[str] = []

WAITS = '#!/bin/sh\nset -e\npython -m app.wait\nexec "$@"\n'
ALONE = '#!/bin/sh\n# never "$@": it knows what to do\nalembic upgrade head && exec uvicorn main:app\n'
PYTHON = "#!/usr/bin/env python\nimport os, sys\nos.execvp(sys.argv[1], sys.argv[1:])\n"


@pytest.mark.parametrize(
    ("words", "scripts"),
    [
        ((), {}),
        (("tini", "--"), {}),
        (("/usr/bin/tini", "-g", "--", "./entrypoint.sh"), {"docker/entrypoint.sh": WAITS}),
        (("gosu", "app"), {}),
        (("poetry", "run"), {}),
        (("env", "LANG=C"), {}),
        (("sh", "entrypoint.sh"), {"entrypoint.sh": WAITS}),
        (("sh", "-c", 'exec "$@"', "--"), {}),
        (("./start.py",), {"start.py": PYTHON}),
        (("docker-entrypoint.sh",), {}),
        (("/docker-entrypoint",), {}),
    ],
)
def test_wrappers_and_scripts_with_arguments_pass_a_command_on(words: tuple[str, ...], scripts: dict[str, str]) -> None:
    """The command would run behind these."""
    assert passes_on(words, scripts)


@pytest.mark.parametrize(
    ("words", "scripts"),
    [
        (("uvicorn", "main:app"), {}),
        (("python",), {}),
        (("gunicorn",), {}),
        (("poetry", "run", "uvicorn"), {}),
        (("tini", "--", "python", "-m", "app"), {}),
        (("/app/entrypoint.sh",), {"entrypoint.sh": ALONE}),
        (("sh", "entrypoint.sh"), {"entrypoint.sh": ALONE}),
        (("/bin/sh", "-c", "uvicorn main:app"), {}),
        (("sh", "-c"), {}),
    ],
)
def test_programs_and_scripts_without_arguments_swallow_a_command(
    words: tuple[str, ...], scripts: dict[str, str]
) -> None:
    """A migration given to these would start the application instead, and report success or hang."""
    assert not passes_on(words, scripts)
