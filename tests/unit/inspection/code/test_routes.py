"""Tests of comparing declared, registered and answered routes."""

import json
from typing import Any

import pytest

from gonogo.frameworks import StaticRoute, static_routes
from gonogo.inspection.code import routes
from gonogo.inspection.code.routes import ImageRoute

SOURCES = {
    "main.py": "app = FastAPI()\n@app.get('/')\ndef root(): ...\napp.include_router(quotes.router, prefix='/v1')\n",
    "app/quotes.py": (
        "router = APIRouter(prefix='/quotes')\n"
        "@router.get('')\ndef index(): ...\n"
        "@router.post('/{id}')\ndef save(id): ...\n"
    ),
}
STATIC = static_routes(SOURCES, framework="fastapi")


def route(methods: str, path: str, handler: str, *, schema: bool = True) -> ImageRoute:
    """Return a registered route; its handler as `module.name`."""
    module, _, name = handler.rpartition(".")
    return ImageRoute(
        kind="http",
        methods=tuple(methods.split(",")) if methods else (),
        path=path,
        name=name,
        handler_module=module,
        handler_qualname=name,
        source_file=None,
        line=None,
        schema_path=path if schema else None,
    )


ROOT = route("GET", "/", "main.root")
INDEX = route("GET", "/v1/quotes", "app.quotes.index")
SAVE = route("POST", "/v1/quotes/{id}", "app.quotes.save")
DOCS = route("GET", "/docs", "fastapi.applications.docs", schema=False)
IMAGE = [DOCS, ROOT, INDEX, SAVE]


def test_an_image_that_registers_everything_has_no_problem() -> None:
    """Every declared route is registered, and the framework's own do not count for the floor."""
    inventory = routes.compare(STATIC, IMAGE, IMAGE, floor=3)

    assert (inventory.problems, inventory.count) == ((), 3)
    assert (inventory.appeared, inventory.vanished, inventory.lost, inventory.unregistered) == ((), (), (), ())


def test_fewer_routes_than_the_floor_are_red() -> None:
    """The floor counts the application's own routes, each once, and the message names what it counted."""
    assert routes.compare(STATIC, [*IMAGE, ROOT], floor=4).problems == (
        "3 routes of the application's own are registered (GET /, GET /v1/quotes, POST /v1/quotes/{id}), "
        "expected at least 4",
    )
    assert routes.compare(STATIC, [DOCS], floor=1).problems == (
        "0 routes of the application's own are registered, expected at least 1",
    )


def test_a_router_that_was_never_included_is_told_once() -> None:
    """Nothing that serves had it: it is said with its place, and no more once the serving release declares it too."""
    inventory = routes.compare(STATIC, [ROOT])

    assert inventory.problems == ()
    assert inventory.remarks == (
        "app/quotes.py:2: GET /quotes (index) is declared and not registered; nothing that serves had it. "
        "Is its router included?",
        "app/quotes.py:4: POST /quotes/{id} (save) is declared and not registered; nothing that serves had it. "
        "Is its router included?",
    )
    assert routes.compare(STATIC, [ROOT], [ROOT], known=STATIC).remarks == ()


def test_a_router_that_is_included_under_a_condition_is_not_lost() -> None:
    """On a first deploy nothing is said; where the serving release registers it, that is told and nothing is red."""
    main = "app = FastAPI()\n@app.get('/')\ndef root(): ...\nif DEV:\n    app.include_router(quotes.router, prefix='/v1')\n"
    static = static_routes(SOURCES | {"main.py": "from app import quotes\n" + main}, framework="fastapi")
    first, later = routes.compare(static, [ROOT]), routes.compare(static, [ROOT, INDEX], IMAGE[1:])

    assert (first.problems, first.remarks) == ((), ())
    assert (later.problems, later.vanished) == ((), ())
    assert later.remarks == (
        "POST /v1/quotes/{id} app.quotes.save: the serving release registers it, this one does not; "
        "it is included under a condition (main.py:6)",
    )


def test_a_route_that_the_serving_image_had_is_lost() -> None:
    """A route whose handler still stands is lost when only the serving image registers it, and is named once."""
    inventory = routes.compare(STATIC, [ROOT, INDEX], IMAGE[1:])

    assert inventory.problems == (
        "POST /v1/quotes/{id} app.quotes.save: its handler stands in the source but is not registered in the image",
    )
    assert inventory.vanished == ()


def test_a_deleted_route_is_listed_only() -> None:
    """A route whose definition is gone from the source has vanished on purpose."""
    sources = SOURCES | {"app/quotes.py": SOURCES["app/quotes.py"].partition("@router.post")[0]}

    inventory = routes.compare(static_routes(sources, framework="fastapi"), [ROOT, INDEX], IMAGE[1:])

    assert (inventory.problems, inventory.vanished) == ((), (SAVE,))


def test_a_moved_route_is_listed_only() -> None:
    """A handler that answers under another path has appeared there and vanished here."""
    moved = route("POST", "/v2/quotes/{id}", "app.quotes.save")

    inventory = routes.compare(STATIC, [ROOT, INDEX, moved], IMAGE[1:])

    assert (inventory.problems, inventory.appeared, inventory.vanished) == ((), (moved,), (SAVE,))


def test_without_a_serving_image_nothing_appeared() -> None:
    """A first deploy compares with nothing."""
    inventory = routes.compare(STATIC, IMAGE)

    assert (inventory.problems, inventory.appeared, inventory.vanished) == ((), (), ())


def test_handlers_are_found_from_another_import_root() -> None:
    """`src/app/quotes.py` is the module `app.quotes`."""
    sources = {f"src/{path}": text for path, text in SOURCES.items()}

    assert routes.compare(static_routes(sources, framework="fastapi"), IMAGE).remarks == ()


def test_a_handler_behind_a_decorator_is_found_by_its_path() -> None:
    """Where a decorator hides the handler's name, methods and the end of the path stand for it."""
    hidden = route("POST", "/v1/quotes/{id}", "app.tools.wrapper")

    assert routes.compare(STATIC, [ROOT, INDEX, hidden]).remarks == ()
    assert len(routes.compare(STATIC, [ROOT, INDEX, route("GET", "/v1/quotes/{id}", "app.tools.wrapper")]).remarks) == 1


@pytest.mark.parametrize(
    "text",
    [
        "router = APIRouter()\nif DEBUG:\n    @router.get('/debug')\n    def debug(): ...\n",
        "other = FastAPI()\n@other.get('/other')\ndef other_root(): ...\n",
        "@somebodys.get('/x')\ndef x(): ...\n",
    ],
)
def test_routes_that_may_be_left_out_on_purpose_are_no_problem(text: str) -> None:
    """Conditional routes, those of other applications and of unknown owners need not be registered."""
    static = static_routes(SOURCES | {"app/more.py": text}, framework="fastapi")
    assert len(static) == 4

    assert (routes.compare(static, IMAGE).problems, routes.compare(static, IMAGE).remarks) == ((), ())


def test_a_handler_that_lost_its_decorator_is_red() -> None:
    """Unless its function went as well, or stands for something else; without the source's texts it is listed alone."""
    main = SOURCES["main.py"].replace("@app.get('/')\n", "")
    left = [route for route in IMAGE if route is not ROOT]

    def found(text: str, **given: Any) -> tuple[tuple[str, ...], tuple[ImageRoute, ...]]:
        declared = static_routes({**SOURCES, "main.py": text}, framework="fastapi")
        inventory = routes.compare(declared, left, IMAGE, known=STATIC, **given)
        return inventory.problems, inventory.vanished

    red = (
        "GET / main.root: its function stands at main.py:2 without a decorator, named nowhere else; "
        "the serving release registers it"
    )
    assert found(main, texts={**SOURCES, "main.py": main}) == ((red,), ())
    assert found(main) == ((), (ROOT,))
    gone = main.replace("def root(): ...\n", "")
    assert found(gone, texts={**SOURCES, "main.py": gone}) == ((), (ROOT,))
    used = main + "start = root()\n"
    assert found(used, texts={**SOURCES, "main.py": used}) == ((), (ROOT,))


def test_changes_name_what_appeared_and_vanished() -> None:
    """Declared routes are compared by methods, path and handler; a move to another line is no change."""
    before = static_routes(SOURCES, framework="fastapi")
    after = static_routes(
        {"main.py": "\n\n" + SOURCES["main.py"], "app/new.py": "@app.get('/new')\ndef new(): ...\n"},
        framework="fastapi",
    )

    found = routes.changes(before, after)

    def paths(items: tuple[StaticRoute, ...]) -> list[str]:
        return [item.path for item in items]

    assert (paths(found.appeared), paths(found.vanished)) == (["/new"], ["/quotes", "/quotes/{id}"])


def test_a_running_process_equals_its_image() -> None:
    """The OpenAPI paths are the image's routes in the schema, by path and by method."""
    document: dict[str, Any] = {
        "/": {"get": {}},
        "/v1/quotes": {"get": {}, "parameters": []},
        "/v1/quotes/{id}": {"post": {}},
    }

    assert not routes.equal(document, IMAGE)
    assert not routes.equal(list(document), IMAGE)


def test_a_running_process_that_differs_is_told_apart() -> None:
    """What the process lacks and what it has beyond the image are named."""
    document: dict[str, Any] = {"/": {"get": {}, "post": {}}, "/old": {"get": {}}, "/v1/quotes/{id}": {"post": {}}}

    difference = routes.equal(document, IMAGE)

    assert difference == routes.RouteDifference(missing=("GET /v1/quotes",), unexpected=("GET /old", "POST /"))
    assert routes.equal(list(document), IMAGE) == routes.RouteDifference(missing=("/v1/quotes",), unexpected=("/old",))


def test_what_only_the_image_before_registered_is_left_over() -> None:
    """A route that the start itself adds is in no image; one of yesterday's image is told."""
    paths = {"/": "get", "/v1/quotes": "get", "/v1/quotes/{id}": "post", "/metrics": "get"}
    document: dict[str, Any] = {path: {verb: {}} for path, verb in paths.items()}
    without = [route for route in IMAGE if route.schema_path != "/v1/quotes"]

    difference = routes.equal(document, without)

    assert difference.unexpected == ("GET /metrics", "GET /v1/quotes")
    assert routes.left_over(difference, IMAGE) == ("GET /v1/quotes",)
    assert routes.left_over(routes.equal(document, IMAGE), IMAGE) == ()


ANSWER: dict[str, Any] = {"python": "3.12.1", "framework": None, "routes": [], "openapi": None, "error": None}


@pytest.mark.parametrize(
    ("stdout", "found"),
    [
        ("", '""'),
        ("Traceback: killed", '"Traceback: killed"'),
        ("<<gonogo-routes>>{", '"{"'),
        ("<<gonogo-routes>>" + json.dumps(ANSWER | {"routes": None}), "routes of type NoneType"),
        ("<<gonogo-routes>>" + json.dumps(ANSWER | {"routes": [1]}), "a route of type int"),
        ("<<gonogo-routes>>" + json.dumps(ANSWER | {"routes": [{"kind": 1}]}), 'kind = "1"'),
        ("<<gonogo-routes>>" + json.dumps(ANSWER | {"error": "x"}), "an error of type str"),
    ],
)
def test_parse_refuses_what_is_no_answer(stdout: str, found: str) -> None:
    """An answer without marker or of another shape is an error, never an empty inventory."""
    with pytest.raises(routes.ProbeAnswerError) as caught:
        routes.parse(stdout)

    assert caught.value.found == found
