"""A variable called DEBUG is a debug mode only where a framework's is known to be switched by it."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.debugsource import meaning

__all__: list[str] = []

DJANGO = "Django's debug mode, which shows settings and code to visitors"
SETTINGS = 'import os\nINSTALLED_APPS = ["django.contrib.admin"]\nDEBUG = os.environ.get("DEBUG") == "1"\n'
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FIELD = "class Settings(BaseSettings):\n    debug: bool = False\n"


@pytest.mark.parametrize(
    ("variable", "texts", "found"),
    [
        ("DEBUG", {"shop/settings.py": SETTINGS}, DJANGO),
        ("DJANGO_DEBUG", {"shop/settings.py": SETTINGS.replace('get("DEBUG")', 'get("DJANGO_DEBUG")')}, DJANGO),
        ("DEBUG", {"s.py": 'import django\nDEBUG = config("DEBUG", default=False, cast=bool)\n'}, DJANGO),
        ("DEBUG", {"a.py": "from fastapi import FastAPI\napp = FastAPI(debug=settings.debug)\n", "b.py": FIELD}, "FastAPI's debug mode"),
        ("DEBUG", {"a.py": 'app = Starlette(debug=os.getenv("DEBUG") == "1")\n'}, "Starlette's debug mode"),
        ("APP_DEBUG", {"a.py": 'app = FastAPI(debug=bool(os.getenv("APP_DEBUG")))\n'}, "FastAPI's debug mode"),
        ("DEBUG", {"a.py": FLASK + 'app.config["DEBUG"] = bool(os.environ["DEBUG"])\n'}, "Flask's debug mode"),
        ("DEBUG", {"a.py": FLASK + 'app.debug = os.environ.get("DEBUG")\n'}, "Flask's debug mode"),
        (
            "DEBUG",
            {"a.py": FLASK + "app.config.from_object(Config)\n", "c.py": 'class Config:\n    DEBUG = os.environ.get("DEBUG")\n'},
            "Flask's debug mode",
        ),
    ],
)  # fmt: skip
def test_a_frameworks_debug_mode_is_known(variable: str, texts: dict[str, str], found: str) -> None:
    """Django's setting, the argument of FastAPI and Starlette (through a settings class too), Flask's configuration."""
    assert meaning(variable, texts) == found


@pytest.mark.parametrize(
    ("variable", "texts"),
    [
        ("DEBUG", {"a.py": 'import logging, os\nlogging.basicConfig(level=10 if os.getenv("DEBUG") else 20)\n'}),
        ("DEBUG", {"a.py": "from fastapi import FastAPI\napp = FastAPI()\n", "b.py": FIELD}),
        ("DEBUG", {"a.py": "app = FastAPI(debug=False)\n" + FIELD}),
        ("LOG_DEBUG", {"a.py": 'app = FastAPI(debug=os.getenv("DEBUG"))\n' + FIELD}),
        ("DEBUG", {"a.py": FLASK + 'DEBUG = os.environ.get("DEBUG")\nlog.setLevel(10 if DEBUG else 20)\n'}),
        ("DEBUG", {"a.py": FLASK + 'self.debug = os.environ.get("DEBUG")\n'}),
        ("DEBUG", {"base.py": SETTINGS, "production.py": "from .base import *\nDEBUG = False\n"}),
        ("DEBUG", {"tests/settings.py": SETTINGS, "app.py": "x = 1\n"}),
        ("DEBUG", {"shop/settings.py": SETTINGS.replace('"DEBUG")', '"DJANGO_DEBUG")')}),
        ("DEBUG", {"a.py": 'DEBUG = os.environ["DEBUG"\n'}),
        ("DEBUG", {}),
    ],
)
def test_what_is_not_known_is_none(variable: str, texts: dict[str, str]) -> None:
    """The level of a log, a field that nobody hands on, settings that another module overrides, tests, broken text."""
    assert meaning(variable, texts) == ""
