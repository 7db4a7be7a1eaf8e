"""Debug modes are told from variables that only look like one."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.inspection.variables.debugging import modes

__all__: list[str] = []


def found(
    variables: dict[str, str] | None = None,
    command: str = "",
    *,
    framework: str = "none",
    flask: bool = False,
    means: str = "",
    script: str | None = None,
) -> dict[str, bool]:
    """What switches a debug mode on, and whether that is sure."""
    seen = modes(
        variables or {},
        command.split(),
        framework=framework,
        imports=lambda name: flask and name == "flask",
        means=lambda _name: means,
        text=lambda _path: script,
    )
    return {mode.by: mode.is_sure for mode in seen}


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ({"variables": {"FLASK_DEBUG": "true"}, "framework": "flask"}, {"FLASK_DEBUG": True}),
        ({"variables": {"FLASK_DEBUG": "1"}, "flask": True}, {"FLASK_DEBUG": True}),
        ({"variables": {"FLASK_ENV": "development"}, "framework": "flask"}, {"FLASK_ENV": True}),
        ({"variables": {"DJANGO_DEBUG": "True"}}, {"DJANGO_DEBUG": False}),
        ({"variables": {"DJANGO_DEBUG": "True"}, "means": "Django's debug mode"}, {"DJANGO_DEBUG": True}),
        ({"variables": {"DEBUG": "1"}, "means": "Django's debug mode"}, {"DEBUG": True}),
        ({"variables": {"DEBUG": "on"}}, {"DEBUG": False}),
        ({"variables": {"NODE_ENV": "development"}, "command": "node server.js"}, {"NODE_ENV": False}),
        ({"command": "uvicorn app:app --host 0.0.0.0 --reload"}, {"uvicorn --reload": True}),
        ({"command": "sh -c 'alembic upgrade head && gunicorn app:app --reload'"}, {"gunicorn --reload": True}),
        ({"command": "flask --app shop run --debug"}, {"flask --debug": True}),
        ({"command": "flask --app shop --debug run"}, {"flask --debug": True}),
        ({"command": "fastapi dev main.py"}, {"fastapi dev": False}),
        ({"command": "python manage.py runserver 0.0.0.0:8000"}, {"manage.py runserver": False}),
        (
            {"command": "python -u app.py", "script": "app.run(host='0.0.0.0', debug=True)\n"},
            {"app.py: run(debug=True)": True},
        ),
        (
            {
                "command": "python -u -m app.main",
                "script": 'if __name__ == "__main__":\n    uvicorn.run("app.main:app", reload=True)\n',
            },
            {"app/main.py: run(reload=True)": True},
        ),
        (
            {
                "command": "python main.py",
                "script": "if os.environ['MODE'] == 'dev':\n    uvicorn.run(app, reload=True)\n",
            },
            {"main.py: run(reload=True)": False},
        ),
    ],
)
def test_a_debug_mode_is_found(facts: dict[str, Any], by: dict[str, bool]) -> None:
    """By a variable that somebody reads, a switch of the command, or the script that it runs."""
    assert found(**facts) == by


@pytest.mark.parametrize(
    "facts",
    [
        {"variables": {"DEBUG": "app:*", "NODE_ENV": "production"}, "command": "node server.js"},
        {"variables": {"DEBUG": "0", "FLASK_DEBUG": "false", "DJANGO_DEBUG": "", "APP_DEBUG": "off"}, "flask": True},
        {"variables": {"FLASK_DEBUG": "1"}, "framework": "django", "flask": True},
        {"variables": {"FLASK_DEBUG": "1"}},
        {"variables": {"NODE_ENV": "development"}, "command": "gunicorn app:app"},
        {"variables": {"DEBUG_TOKEN": "1", "LOG_LEVEL": "debug"}},
        {"command": "uvicorn app:app --log-level debug"},
        {"command": "gunicorn app:app && echo --reload"},
        {"command": "python app.py", "script": "app.run(debug=DEBUG)\nif x(:\n"},
        {"command": "python app.py", "script": "app.run(debug=settings.debug)\n"},
        {"command": "python app.py"},
        {"command": "python app.py", "script": "uvicorn.run(app, reload=False)\nuvicorn.run(app, debug=True)\n"},
        {"command": "python app.py", "script": "loop.run(reload=True)\nuvicorn.run(app, reload=settings.reload)\n"},
        {"command": "python -m gunicorn app:app"},
    ],
)
def test_what_only_looks_like_one_is_none(facts: dict[str, Any]) -> None:
    """Filters of Node's module debug, switches that are off, another framework's, a level of the log."""
    assert found(**facts) == {}
