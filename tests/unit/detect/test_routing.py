"""Under which path a route answers."""

from __future__ import annotations

import pytest

from gonogo.detect.modules import Modules
from gonogo.detect.routing import document_path, placed
from gonogo.detect.tree import Tree
from gonogo.frameworks import static_routes

__all__: list[str] = []

FASTAPI = {
    "app/main.py": "from fastapi import FastAPI\nfrom app.api import router\nfrom app.config import settings\n"
    "app = FastAPI()\napp.include_router(router, prefix=settings.PREFIX)\n@app.get('/up')\ndef up(): ...\n",
    "app/api.py": "from fastapi import APIRouter\nfrom app import items\nrouter = APIRouter()\n"
    "router.include_router(items.router, prefix='/items')\n",
    "app/items.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/v')\n@router.get('/health')\ndef h(): ...\n",
    "app/config.py": "class Settings:\n    PREFIX: str = '/api'\nsettings = Settings()\n",
}
FLASK = {
    "shop.py": "from flask import Flask\nfrom pages import bp\ndef create_app():\n    app = Flask(__name__)\n"
    "    app.register_blueprint(bp, url_prefix='/shop')\n    return app\n",
    "pages.py": "from flask import Blueprint\nbp = Blueprint('p', __name__, url_prefix='/own')\n"
    "@bp.get('/health')\ndef h(): ...\n",
}
DJANGO = {
    "proj/settings.py": "ROOT_URLCONF = 'proj.urls'\n",
    "proj/urls.py": "from django.urls import include, path\nurlpatterns = [path('api/', include('shop.urls'))]\n",
    "shop/urls.py": "from django.urls import include, path\nfrom shop import views\n"
    "inner = [path('status/', views.status)]\nurlpatterns = [path('v1/', include(inner)), path('up/', views.up)]\n",
}


def paths(texts: dict[str, str], framework: str) -> dict[str, bool]:
    """Each route's path and whether it is certain."""
    tree = Tree.of(texts)
    modules = Modules(tree, {f"/srv/{path}": path for path in texts}, ("/srv",))
    routes = static_routes(texts, framework=framework)
    return {one.route.path: one.sure for one in placed(routes, modules, list(texts), framework)}


def test_fastapi_prefixes_add_up_across_files() -> None:
    """A router's own prefix, those under which it is included, and one that a settings class holds."""
    assert paths(FASTAPI, "fastapi") == {"/up": True, "/api/items/v/health": True}


def test_a_router_may_be_included_by_keyword() -> None:
    """`include_router(router=router, prefix=…)`, `register_blueprint(blueprint=bp, url_prefix=…)`."""
    main = FASTAPI["app/main.py"].replace("include_router(router", "include_router(router=router")
    shop = FLASK["shop.py"].replace("register_blueprint(bp", "register_blueprint(blueprint=bp")
    here = (
        "app = FastAPI()\nr = APIRouter()\n@r.get('/up')\ndef up(): ...\napp.include_router(prefix='/in', router=r)\n"
    )

    assert paths({**FASTAPI, "app/main.py": main}, "fastapi") == {"/up": True, "/api/items/v/health": True}
    assert list(paths({**FLASK, "shop.py": shop}, "flask")) == ["/shop/health"]
    assert list(paths({"app/main.py": here}, "fastapi")) == ["/in/up"]


def test_a_router_that_nobody_includes_is_not_certain() -> None:
    """Where its prefix would come from is not known."""
    assert paths({"app/items.py": FASTAPI["app/items.py"]}, "fastapi") == {"/v/health": False}


def test_flask_registration_replaces_the_blueprints_own_prefix() -> None:
    """As Flask does it."""
    assert list(paths(FLASK, "flask")) == ["/shop/health"]


def test_routes_beside_the_blueprint_are_its_own() -> None:
    """A package makes the blueprint, another of its modules declares the routes on it."""
    texts = {
        "shop.py": FLASK["shop.py"].replace("from pages", "from auth"),
        "auth/__init__.py": "from flask import Blueprint\nbp = Blueprint('a', __name__)\nfrom auth import routes\n",
        "auth/routes.py": "from auth import bp\n@bp.route('/login')\ndef login(): ...\n",
    }

    assert list(paths(texts, "flask")) == ["/shop/login"]


def test_django_inclusions_are_followed() -> None:
    """Across modules, and for a list that the same file includes."""
    assert paths(DJANGO, "django") == {"/api/v1/status/": True, "/api/up/": True}


@pytest.mark.parametrize(
    ("texts", "path"),
    [
        ({"a.py": "app = FastAPI()"}, "/openapi.json"),
        ({"a.py": "app = FastAPI(openapi_url='/v1/openapi.json')"}, "/v1/openapi.json"),
        ({"a.py": "app = FastAPI(openapi_url=None)"}, ""),
        ({"a.py": "FastAPI(openapi_url=settings.DOC)", "b.py": "class S:\n    DOC: str | None = '/doc'\n"}, "/doc"),
        ({"a.py": "FastAPI(openapi_url=settings.DOC)"}, ""),
        ({"a.py": "v = 'v1'\np = f'/api/{v}'\nFastAPI(openapi_url=f'{p}/openapi.json')"}, "/api/v1/openapi.json"),
        (
            {"a.py": 'FastAPI(openapi_url=f"{s.API}/o.json")', "b.py": "class S:\n    API: str = '/api'\n"},
            "/api/o.json",
        ),
        ({"a.py": 'FastAPI(openapi_url=f"{s.API}/o.json")'}, ""),
        ({"a.py": "v = f'{v}'\nFastAPI(openapi_url=f'{v}/o.json')"}, ""),
        ({"a.py": "class S:\n    docs_url: str = '/docs'\n    openapi_url: str = '/api.json'\n"}, "/api.json"),
    ],
)
def test_where_fastapi_shows_its_document(texts: dict[str, str], path: str) -> None:
    """Its own path, one that is written out or stands in a settings class, none where it is switched off."""
    assert document_path(Tree.of(texts), list(texts)) == path
