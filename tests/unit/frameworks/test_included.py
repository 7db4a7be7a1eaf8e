"""Routers that are included only under a condition are told from those that always are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gonogo.frameworks import static_routes

__all__: list[str] = []

DEV = "router = APIRouter()\n@router.post('/seed')\ndef seed(): ...\n"


def where(main: str, more: Mapping[str, str] | None = None) -> str:
    """Where the route of ``app/dev.py`` is included under a condition."""
    files = {"app/main.py": main, "app/dev.py": DEV, **(more or {})}
    return next(one.included for one in static_routes(files, framework="fastapi") if one.file == "app/dev.py")


@pytest.mark.parametrize(
    "main",
    [
        "from app import dev\napp = FastAPI()\nif settings.debug:\n    app.include_router(dev.router)\n",
        "from app.dev import router as r\ndef make():\n    if DEV:\n        app.include_router(r)\n",
        "from .dev import router\n\n# a comment\nDEV and app.include_router(router)\n",
        "def add(app):\n    if not DEV:\n        return\n    from app.dev import router\n\n    app.include_router(router)\n"[
            :-1
        ],
        "from app import dev\nif DEV:\n    app.include_router(prefix='/dev', router=dev.router)\n",
        "from app.dev import router\ntry:\n    import faker\n    app.include_router(router)\nexcept ImportError: pass\n",
    ],
)
def test_an_inclusion_under_a_condition_is_seen(main: str) -> None:
    """Under an `if`, behind one that returns, in an `and`, in a `try`."""
    assert where(main).startswith("app/main.py:")


@pytest.mark.parametrize(
    "main",
    [
        "from app import dev\napp.include_router(dev.router)\n",
        "from app import dev\ndef make():\n    app.include_router(dev.router)\nmake()\n",
        "from app import dev\nif X:\n    app.include_router(dev.router)\nelse:\n    pass\napp.include_router(dev.router)\n",
        "app = FastAPI()\n",
        "from app import other\nif X:\n    app.include_router(other.router)\n",
    ],
)
def test_what_is_always_or_nowhere_included_has_no_condition(main: str) -> None:
    """A function alone is no condition, one inclusion without a condition is enough."""
    assert where(main) == ""


def test_a_function_that_is_called_under_a_condition_is_one() -> None:
    """`if DEV: add_dev(app)`, in another file."""
    main = "from app.more import add_dev\nif DEV:\n    add_dev(app)\n"
    more = "from app.dev import router\ndef add_dev(app):\n    app.include_router(router)\n"

    assert where(main, {"app/more.py": more}) == "app/more.py:3"


def test_routers_are_followed_through_others() -> None:
    """The condition may stand above the router that includes it, and a package may pass its name on."""
    api = "from app import dev\nrouter = APIRouter()\nrouter.include_router(dev.router)\n"
    package = "from app.api.v1 import router\n"
    main = "from app.api import router as api\nif DEV:\n    app.include_router(api)\n"

    more = {"app/api/v1.py": api, "app/api/__init__.py": package}

    assert where(main, more) == "app/main.py:3"
    assert where(main.replace("if DEV", "for x in y"), more) == ""


def test_blueprints_and_urls_are_followed() -> None:
    """Flask registers blueprints, Django includes modules by their names."""
    flask = {
        "app/main.py": "from dev import bp\nif DEV:\n    app.register_blueprint(bp)\n",
        "dev.py": "bp = Blueprint('d', 'd')\n@bp.route('/x')\ndef x(): ...\n",
    }
    django = {
        "site/urls.py": "urlpatterns = []\nif settings.DEBUG:\n    urlpatterns += [path('d/', include('dev.urls'))]\n",
        "dev/urls.py": "urlpatterns = [path('x', views.x)]\n",
    }

    assert [one.included for one in static_routes(flask, framework="flask")] == ["app/main.py:3"]
    assert [one.included for one in static_routes(django, framework="django")] == ["site/urls.py:3"]


@pytest.mark.parametrize(
    ("init", "routes"),
    [
        ("bp = Blueprint('dev', 'dev')\nfrom app.dev import routes\n", "from app.dev import bp\n"),
        ("bp = Blueprint('dev', 'dev')\nfrom . import routes\n", "from . import bp\n"),
    ],
)
def test_blueprint_that_a_package_makes_for_its_modules_is_followed(init: str, routes: str) -> None:
    """``from app.dev import bp`` in the module with the routes: the package is what the application registers.

    Debug mode that is turned off took a blueprint for development along, and that was red.
    """
    main = "def create_app():\n    app = Flask('app')\n    if app.debug:\n        from app.dev import bp as dev_bp\n        app.register_blueprint(dev_bp)\n    return app\n"
    files = {
        "app/__init__.py": main,
        "app/dev/__init__.py": init,
        "app/dev/routes.py": f"{routes}@bp.route('/mails')\ndef mails(): ...\n",
    }
    always = {**files, "app/__init__.py": main.replace("if app.debug", "for _ in (1,)")}

    assert [one.included for one in static_routes(files, framework="flask")] == ["app/__init__.py:5"]
    assert [one.included for one in static_routes(always, framework="flask")] == [""]
