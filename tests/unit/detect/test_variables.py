"""Settings classes, and secrets that something refuses to be without."""

from __future__ import annotations

from gonogo.detect.rendering import Rendered
from gonogo.detect.tree import Tree
from gonogo.detect.variables import required_secrets, settings_files

__all__: list[str] = []

BASE = "from pydantic_settings import BaseSettings\nclass Base(BaseSettings):\n    debug: bool = False\n"
APP = "from base import BaseAppSettings\nclass AppSettings(BaseAppSettings):\n    jwt_secret: str\n"


def test_settings_files_are_those_that_demand_something() -> None:
    """Also a class whose base stands elsewhere; one with defaults alone has nothing that could be missing."""
    base = BASE.replace("class Base(", "class BaseAppSettings(")
    tree = Tree.of({"base.py": base, "app.py": APP, "tests/app.py": APP})

    assert settings_files(tree, tree.files) == {"app.py": 2}


def test_settings_that_are_given_arguments_demand_nothing() -> None:
    """What the class has no default for is given where it is made."""
    text = "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    token: str\n"
    tree = Tree.of({"s.py": text, "made.py": "from s import S\ns = S(\n    token=find())\n"})

    assert settings_files(tree, tree.files) == {}


def test_secrets_are_those_that_somebody_asks_for() -> None:
    """By a settings class, by a compose file, or set in the env file itself; an optional one of an example is none."""
    tree = Tree.of(
        {
            "app.py": APP,
            "compose.yaml": "services:\n  db:\n    environment: {P: '${DB_PASSWORD:?}', Q: '${SMTP_PASSWORD:-}'}\n",
            ".env": "API_TOKEN=0123456789\nSMTP_PASSWORD=\nPORT=8000\n",
        }
    )
    rendered = Rendered(model={}, files=("compose.yaml",))

    assert required_secrets(tree, rendered, ["app.py"], ".env") == {
        "JWT_SECRET": "app.py:3",
        "DB_PASSWORD": "compose.yaml:3",
        "API_TOKEN": ".env",
    }
