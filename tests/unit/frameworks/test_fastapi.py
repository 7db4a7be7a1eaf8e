"""Tests of finding the routes that FastAPI sources declare."""

import textwrap

import pytest

from gonogo import frameworks


def routes(text: str, path: str = "app/routes/quotes.py") -> list[str]:
    """Return the routes that a source declares, as they are printed."""
    return [str(route) for route in frameworks.static_routes({path: textwrap.dedent(text)}, framework="fastapi")]


def test_decorators_on_an_application_are_routes() -> None:
    """Each verb, `api_route` and websockets declare a route, with the line of the decorator."""
    assert routes(
        """\
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/")
        async def root(): ...

        @app.post(path="/items", status_code=201)
        @app.put("/items/{id}")
        def save(): ...

        @app.api_route("/both", methods=["POST", "GET"])
        def both(): ...

        @app.websocket("/ws")
        async def ws(socket): ...
        """,
        "main.py",
    ) == [
        "GET / main.root (main.py:4)",
        "POST /items main.save (main.py:7)",
        "PUT /items/{id} main.save (main.py:8)",
        "GET,POST /both main.both (main.py:11)",
        "WEBSOCKET /ws main.ws (main.py:14)",
    ]


def test_prefixes_of_the_same_file_are_part_of_the_path() -> None:
    """The router's own prefix, text constants, and an inclusion in the same file are resolved."""
    assert routes(
        """\
        from fastapi import APIRouter, FastAPI
        BASE = "/api"
        router = APIRouter(prefix=BASE + "/quotes")
        app = FastAPI()

        @router.get("")
        def index(): ...

        @router.get(f"/{BASE}/x/{undefined}")
        def odd(): ...

        app.include_router(router, prefix="/v1")
        """
    ) == [
        "GET /v1/api/quotes app.routes.quotes.index (app/routes/quotes.py:6)",
        "GET /v1/api/quotes//api/x/{?} app.routes.quotes.odd (app/routes/quotes.py:9)",
    ]


def test_calls_are_routes_whose_handler_is_looked_up() -> None:
    """`add_api_route` and `Route(…)` name handlers, also imported ones."""
    assert routes(
        """\
        from fastapi import APIRouter
        from starlette.routing import Route
        from . import views
        from ..shop.pages import home as start
        import app.other
        router = APIRouter()
        router.add_api_route("/a", views.a, methods=["DELETE"])
        router.add_api_route("/b", endpoint=start)
        table = [Route("/c", app.other.c)]
        """
    ) == [
        "DELETE /a app.routes.views.a (app/routes/quotes.py:7)",
        "GET /b app.shop.pages.home (app/routes/quotes.py:8)",
        "GET /c app.other.c (app/routes/quotes.py:9)",
    ]


def test_routes_on_what_comes_from_elsewhere_count() -> None:
    """A router that another module made declares routes as well, when the path looks like one."""
    found = frameworks.static_routes(
        {"a.py": "from b import router\n@router.get('/x')\ndef x(): ...\n"}, framework="fastapi"
    )

    assert [(route.path, route.owner) for route in found] == [("/x", "unknown")]


@pytest.mark.parametrize(
    "text",
    [
        "@mock.patch('app.routes.x')\ndef test(): ...\n",
        "@cache.get('key')\ndef x(): ...\n",
        "client.get('/x')\n",
        "@router.get\ndef x(): ...\n",
        "@get('/x')\ndef x(): ...\n",
        "@router.include('/x')\ndef x(): ...\n",
        "def (:\n",
    ],
)
def test_what_merely_looks_like_a_route_is_none(text: str) -> None:
    """Patches, clients, caches and broken files declare nothing."""
    assert routes(text) == []


def test_owner_and_condition_are_told() -> None:
    """Whether a route stands on an application or a router, and whether it is always declared, is known."""
    found = frameworks.static_routes(
        {
            "a.py": textwrap.dedent(
                """\
                app = FastAPI()
                router = APIRouter()
                @app.get("/a")
                def a(): ...
                if DEBUG:
                    @router.get("/b")
                    def b(): ...
                def make():
                    @router.get("/c")
                    def c(): ...
                class Api:
                    router = APIRouter()
                    @router.get("/d")
                    def d(self): ...
                """
            )
        },
        framework="fastapi",
    )

    assert [(route.handler, route.owner, route.conditional) for route in found] == [
        ("a", "app", False),
        ("b", "router", True),
        ("make.<locals>.c", "router", True),
        ("Api.d", "router", False),
    ]


def test_each_compiling_python_file_is_read_in_order() -> None:
    """Other files are left out, bytes are decoded, and files come in the order of their names."""
    found = frameworks.static_routes(
        {
            "b.py": b"# coding: latin-1\n@app.get('/\xe9')\ndef b(): ...\n",
            "a.py": "@app.get('/a')\ndef a(): ...\n",
            "c.txt": "@app.get('/c')\ndef c(): ...\n",
            "d.py": "def (:\n",
        },
        framework="fastapi",
    )

    assert [route.path for route in found] == ["/a", "/é"]


@pytest.mark.parametrize("path", ["tests/helpers.py", "app/test/apps.py", "conftest.py", "app/test_routes.py"])
def test_tests_declare_nothing(path: str) -> None:
    """Applications that tests make up are not the application."""
    text = "@app.get('/a')\ndef a(): ...\n"

    assert routes(text, path) == []
    assert len(routes(text, "app/latest_routes.py")) == 1
