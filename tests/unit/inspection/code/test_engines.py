"""Modules of an application that make an engine of SQLAlchemy's and do nothing else when they are imported."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.engines import engine_modules

MAKES = 'from sqlalchemy import create_engine\n\nengine = create_engine("sqlite://")\n'


def test_a_module_that_makes_one_is_found() -> None:
    """Beside settings, definitions, a variable of a branch, and what only a script runs."""
    texts = {
        "shop/database.py": f'"""Words."""\nimport os\nload_dotenv()\nif os.getenv("A"):\n    B = 1\n{MAKES}\ndef f(): pass\n',
        "shop/async_.py": "engine: AsyncEngine = create_async_engine(url())\n",
        "shop/script.py": f'{MAKES}\nif __name__ == "__main__":\n    Base.metadata.create_all(engine)\n',
        "shop/other.py": "x = 1\n",
    }

    assert engine_modules(texts) == ("shop/async_.py", "shop/database.py", "shop/script.py")


@pytest.mark.parametrize(
    "text",
    [
        f"{MAKES}Base.metadata.create_all(engine)\n",
        f"{MAKES}for name in names:\n    x = name\n",
        "def engine():\n    return create_engine('sqlite://')\n",
        "engine = create_engine(\n",
    ],
    ids=["runs something", "loops", "makes none yet", "no Python"],
)
def test_a_module_that_does_more_is_left_alone(text: str) -> None:
    """What runs when it is imported may write, or never end; what makes none yet has nothing to ask."""
    assert engine_modules({"shop/database.py": text}) == ()


@pytest.mark.parametrize("path", ["tests/db.py", "shop/test_db.py", "migrations/env.py", "conftest.py"])
def test_what_is_no_part_of_what_serves_is_left_alone(path: str) -> None:
    """Tests and migrations make engines of their own."""
    assert engine_modules({path: MAKES}) == ()
