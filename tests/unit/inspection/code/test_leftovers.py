"""Debuggers in sources, and what an entry point leads to."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.leftovers import leftovers, reached


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def view():\n    breakpoint()\n", [("a.py:2: breakpoint()", True)]),
        (
            "import pdb\n\nif x is None:\n    pdb.set_trace()\n",
            [("a.py:1: import pdb", False), ("a.py:4: pdb.set_trace()", True)],
        ),
        (
            "from ipdb import set_trace as stop\nstop()\n",
            [("a.py:1: from ipdb import set_trace as stop", False), ("a.py:2: stop()", True)],
        ),
        (
            "from celery.contrib import rdb\nrdb.set_trace()\n",
            [("a.py:2: rdb.set_trace()", True)],
        ),
        ("if settings.DEBUG:\n    breakpoint()\n", [("a.py:2: breakpoint()", False)]),
        ("def debug_shell():\n    breakpoint()\n", [("a.py:2: breakpoint()", False)]),
    ],
)
def test_debuggers_are_named(text: str, said: list[tuple[str, bool]]) -> None:
    """With file and line; those that are meant for debugging are no sure ones."""
    assert [(str(one), one.is_bare) for one in leftovers("a.py", text)] == said


@pytest.mark.parametrize(
    "text",
    [
        "# breakpoint()\nx = 'import pdb; pdb.set_trace()'\n",
        "def breakpoint(width): ...\n\n\nbreakpoint(768)\n",
        "from styles import breakpoint\nbreakpoint()\n",
        "def grid(breakpoint):\n    return breakpoint()\n",
        "chart.breakpoint()\nspan.set_trace()\n",
        "from tracing import set_trace\nset_trace()\n",
        "import sys\nsys.breakpointhook = None\n",
        "def broken(:\n    breakpoint()\n",
    ],
)
def test_no_debuggers(text: str) -> None:
    """Comments, strings, and other things of the name."""
    assert leftovers("a.py", text) == ()


def test_what_an_entry_point_leads_to() -> None:
    """By statements, also inside functions, and by the names that Django's settings hold."""
    texts = {
        "src/shop/main.py": "from shop import routes\n",
        "src/shop/__init__.py": "",
        "src/shop/routes.py": "def f():\n    from .deep import x\n",
        "src/shop/deep.py": "",
        "src/shop/unused.py": "",
        "config/wsgi.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
        "config/settings.py": 'ROOT_URLCONF = "config.urls"\nINSTALLED_APPS = ["orders", "users.apps.UsersConfig"]\n',
        "config/urls.py": 'path("", include("orders.urls"))\n',
        "orders/__init__.py": "",
        "orders/models.py": "",
        "orders/urls.py": "from . import views\n",
        "orders/views.py": "",
        "orders/unused.py": "",
        "users/__init__.py": "",
        "users/apps.py": "",
    }

    assert reached(["src/shop/main.py"], texts) == {path for path in texts if "shop" in path and "unused" not in path}
    assert reached(["config/wsgi.py", "none.py"], texts) == {
        path for path in texts if "shop" not in path and "unused" not in path
    }
