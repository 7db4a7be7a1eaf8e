"""Tests of the route probe on real applications."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gonogo.inspection.code import routes

FASTAPI = """\
    from functools import partial, wraps
    from fastapi import APIRouter, FastAPI
    from fastapi.staticfiles import StaticFiles
    from starlette.endpoints import HTTPEndpoint
    from starlette.routing import Route

    def logged(function):
        @wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper

    app = FastAPI(openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    router = APIRouter(prefix="/quotes")

    @router.get("/{id}/files/{path:path}")
    @logged
    def files(id: int, path: str): ...

    @router.api_route("", methods=["POST", "GET"], include_in_schema=False)
    def index(): ...

    @app.get("/")
    async def root(): ...

    @app.websocket("/ws")
    async def socket(ws): ...

    class Page(HTTPEndpoint):
        async def get(self, request): ...

    app.include_router(router, prefix="/v1")
    app.routes.append(Route("/page", Page))
    inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @inner.get("/users")
    def users(): ...

    app.mount("/admin", inner)
    app.mount("/static", StaticFiles(directory="."))
"""

FLASK = """\
    from flask import Blueprint, Flask
    from flask.views import MethodView

    bp = Blueprint("shop", __name__)

    @bp.route("/items/<int:id>", methods=["GET", "POST"])
    def item(id): ...

    class Cart(MethodView):
        def get(self): ...
        def delete(self): ...

    def create_app(prefix="/shop"):
        app = Flask(__name__)
        app.register_blueprint(bp, url_prefix=prefix)
        app.add_url_rule("/cart", view_func=Cart.as_view("cart"))
        return app
"""

DJANGO_SETTINGS = """\
    SECRET_KEY = "x"
    ROOT_URLCONF = "shop.urls"
    INSTALLED_APPS = ["django.contrib.contenttypes"]
    USE_TZ = True
"""

DJANGO_URLS = """\
    from django.urls import include, path, re_path
    from django.views import View

    def index(request): ...

    class Cart(View):
        def get(self, request): ...
        def post(self, request): ...

    inner = [re_path(r"^old/(?P<slug>x+)$", index)]
    urlpatterns = [path("", index, name="index"), path("cart/", Cart.as_view()), path("blog/", include(inner))]
"""

DJANGO_WSGI = """\
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
"""


def write(folder: Path, **modules: str) -> None:
    """Write the modules of an application, with `__` for a folder."""
    for name, text in modules.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))


def output(folder: Path, entrypoint: str, framework: str | None = None, *, openapi: bool = False) -> str:
    """Return what the probe prints, run as it runs in a target."""
    request = routes.probe_request(entrypoint=entrypoint, framework=framework, openapi=openapi)
    answer = subprocess.run(
        [sys.executable, "-", request],
        input=routes.probe_source(),
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
    )
    return answer.stdout


def probed(folder: Path, entrypoint: str, framework: str | None = None, *, openapi: bool = False) -> routes.RouteReport:
    """Run the probe and read its answer."""
    return routes.parse(output(folder, entrypoint, framework, openapi=openapi))


def own(report: routes.RouteReport) -> list[str]:
    """Return the application's own routes as they are printed."""
    assert report.error is None, report.error
    return [str(route) for route in report.routes if route.is_own]


@pytest.mark.parametrize("framework", ["fastapi", None])
def test_routes_of_fastapi_are_listed(tmp_path: Path, framework: str | None) -> None:
    """Included routers, mounted applications, websockets, classes and wrapped handlers are listed where they answer."""
    write(tmp_path, main=FASTAPI)

    report = probed(tmp_path, "main:app", framework)

    assert report.framework == "fastapi"
    assert sorted(own(report)) == [
        "ANY /page main.Page",
        "GET / main.root",
        "GET /admin/users main.users",
        "GET /v1/quotes/{id}/files/{path:path} main.files",
        "GET,POST /v1/quotes main.index",
        "WEBSOCKET /ws main.socket",
    ]
    assert [route.path for route in report.routes if not route.is_own] == ["/openapi.json", "/static"]
    files = next(route for route in report.routes if route.handler_qualname == "files")
    assert (files.source_file, files.line) == (str(tmp_path / "main.py"), 16)


def test_routes_of_fastapi_equal_its_openapi_document(tmp_path: Path) -> None:
    """What is marked as in the schema is what the application's own document lists."""
    write(tmp_path, main=FASTAPI)

    report = probed(tmp_path, "main:app", openapi=True)

    assert report.openapi is not None
    assert sorted(report.openapi["paths"]) == ["/", "/v1/quotes/{id}/files/{path}"]
    assert not routes.equal(report.openapi["paths"], report.routes)


def test_an_application_inside_a_wrapper_is_found(tmp_path: Path) -> None:
    """ASGI middleware around the application does not hide its routes."""
    write(
        tmp_path,
        main="""\
        from fastapi import FastAPI
        from starlette.middleware.gzip import GZipMiddleware
        inner = FastAPI()
        @inner.get("/x")
        def x(): ...
        app = GZipMiddleware(inner)
        """,
    )

    assert own(probed(tmp_path, "main")) == ["GET /x main.x"]


@pytest.mark.parametrize("entrypoint", ["shop:create_app()", "shop:create_app", "shop:create_app('/shop')"])
def test_routes_of_flask_are_listed(tmp_path: Path, entrypoint: str) -> None:
    """Factories are called; blueprints and class-based views are listed with their methods."""
    write(tmp_path, shop=FLASK)

    report = probed(tmp_path, entrypoint, "flask")

    assert sorted(own(report)) == ["DELETE,GET /cart shop.Cart", "GET,POST /shop/items/<int:id> shop.item"]
    assert [route.path for route in report.routes if not route.is_own] == ["/static/<path:filename>"]


def test_a_get_that_leaves_a_job_acts(tmp_path: Path) -> None:
    """Whatever its name says; a form that leaves one when it is sent is a page."""
    code = """\
        from flask import Flask, request

        app = Flask(__name__)

        @app.get("/report")
        def report(): return str(jobs.report.delay(3))
        @app.route("/letter", methods=["GET", "POST"])
        def letter(): return str(jobs.letter.delay()) if request.method == "POST" else "<form>"
        @app.get("/plain")
        def plain(): return "delay"
        """
    write(tmp_path, shop=code)

    found = probed(tmp_path, "shop:app", "flask").routes

    assert sorted(one.path for one in found if one.is_own and one.takes_get) == ["/letter", "/plain"]


@pytest.mark.parametrize("framework", ["django", None])
def test_routes_of_django_are_listed(tmp_path: Path, framework: str | None) -> None:
    """The resolver's patterns are listed with their prefixes; class-based views tell their methods."""
    write(tmp_path, shop__settings=DJANGO_SETTINGS, shop__urls=DJANGO_URLS, shop__wsgi=DJANGO_WSGI)

    report = probed(tmp_path, "shop.wsgi:application", framework)

    assert own(report) == [
        "ANY / shop.urls.index",
        "GET,POST /cart/ shop.urls.Cart",
        "ANY /blog/old/(?P<slug>x+) shop.urls.index",
    ]


def test_a_route_of_django_ninja_is_its_handlers(tmp_path: Path) -> None:
    """The view of a path is the package's own, and holds the application's functions, one for each method."""
    ninja = """\
        class Operation:
            def __init__(self, methods, view_func):
                self.methods, self.view_func = methods, view_func

        class PathView:
            def __init__(self, *operations): self.operations = list(operations)
            def get_view(self):
                def sync_view_wrapper(request): return self.operations
                return sync_view_wrapper
        """
    urls = """\
        from django.urls import path
        from ninja.operation import Operation, PathView

        def products(request): return []
        def create(request): return None

        urlpatterns = [path("products/", PathView(Operation(["GET"], products), Operation(["POST"], create)).get_view())]
        """
    write(tmp_path, ninja__operation=ninja, shop__settings=DJANGO_SETTINGS, shop__urls=urls, shop__wsgi=DJANGO_WSGI)

    report = probed(tmp_path, "shop.wsgi:application", "django")

    assert own(report) == ["GET /products/ shop.urls.products", "POST /products/ shop.urls.create"]
    assert [one.takes_get for one in report.routes] == [True, False]


def test_a_function_is_a_page_where_its_text_says_so(tmp_path: Path) -> None:
    """What other programs post to, and what reads a body or writes whatever the method, is not meant to be asked."""
    urls = """\
        import json
        from django.urls import path
        from django.views.decorators.csrf import csrf_exempt
        from django.views.decorators.http import require_POST

        def search(request): return request.GET["q"]
        def contact(request): return request.POST if request.method == "POST" else None
        @csrf_exempt
        def stripe(request): return None
        def hook(request): return json.loads(request.body)
        @require_POST
        def vote(request): return None
        def claim(request): return Job.objects.first().delete()

        urlpatterns = [path(view.__name__, view) for view in (search, contact, stripe, hook, vote, claim)]
        """
    write(tmp_path, shop__settings=DJANGO_SETTINGS, shop__urls=urls, shop__wsgi=DJANGO_WSGI)

    found = probed(tmp_path, "shop.wsgi:application", "django").routes

    assert [one.path for one in found if one.takes_get] == ["/search", "/contact"]
    assert {one.path: one.shows for one in found if not one.takes_get} == dict.fromkeys(
        ("/stripe", "/hook", "/vote", "/claim"), False
    )


def test_a_route_is_the_applications_where_it_declares_it(tmp_path: Path) -> None:
    """Django's own classes count where the application's URLs name them; the admin and another package's do not."""
    urls = """\
        from django.contrib import admin
        from django.urls import include, path
        from django.views.generic import TemplateView
        urlpatterns = [
            path("about", TemplateView.as_view(template_name="about.html")),
            path("admin/", admin.site.urls),
            path("auth/", include("django.contrib.auth.urls")),
            path("more/", include([path("x", TemplateView.as_view())])),
        ]
        """
    apps = "INSTALLED_APPS = ['django.contrib.admin', 'django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.messages', 'django.contrib.sessions']"
    write(
        tmp_path,
        shop__settings=f"{textwrap.dedent(DJANGO_SETTINGS)}\n{apps}\n",
        shop__urls=urls,
        shop__wsgi=DJANGO_WSGI,
    )

    assert own(probed(tmp_path, "shop.wsgi:application", "django")) == [
        "GET /about django.views.generic.base.TemplateView"
    ]


def test_noise_does_not_hide_the_answer(tmp_path: Path) -> None:
    """Whatever the application prints, replaces, starts or closes at import and exit, the answer arrives."""
    write(
        tmp_path,
        main="""\
        import atexit, os, sys, threading, time
        from fastapi import FastAPI
        print("starting", end="")
        os.write(1, b'{"routes": []}')
        atexit.register(print, "bye")
        threading.Thread(target=time.sleep, args=(50,)).start()
        app = FastAPI()
        @app.get("/x")
        def x(): ...
        """,
    )

    stdout = output(tmp_path, "main:app")

    assert stdout.startswith("\n<<gonogo-routes>>")
    assert own(routes.parse(stdout)) == ["GET /x main.x"]
    assert own(routes.parse("noise" + stdout + "more noise\n")) == ["GET /x main.x"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import nowhere\n", "ModuleNotFoundError: No module named 'nowhere' at {folder}/main.py:1"),
        ("x = 1\nraise SystemExit(3)\n", "SystemExit: 3 at {folder}/main.py:2"),
        ("x = 1\nx = = 2\n", "SyntaxError: invalid syntax (main.py, line 2) at {folder}/main.py:2"),
        ("import os\nos.environ['DATABASE_URL']\n", "KeyError: 'DATABASE_URL' at {folder}/main.py:2"),
        (
            "try:\n    open('/run/no')\nexcept OSError as error:\n    raise ValueError('settings') from error\n",
            "ValueError: settings (from FileNotFoundError: [Errno 2] No such file or directory: '/run/no') at {folder}/main.py:4",
        ),
    ],
)
def test_an_import_that_fails_is_an_answer(tmp_path: Path, text: str, sentence: str) -> None:
    """Whatever an import raises comes back with its type, message and the last place in the application."""
    write(tmp_path, main=text)

    report = probed(tmp_path, "main:app", "fastapi")

    assert report.routes == ()
    assert str(report.error) == sentence.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("entrypoint", "sentence"),
    [
        ("gone:app", "ModuleNotFoundError: No module named 'gone'"),
        ("main:gone", "AttributeError: module 'main' has no attribute 'gone'"),
        ("main:number", "TypeError: found builtins.int, expected fastapi application"),
        ("main:1", "ValueError: an entry point is module:attribute or module:factory(), found Constant(value=1)"),
    ],
)
def test_a_wrong_entry_point_is_an_answer(tmp_path: Path, entrypoint: str, sentence: str) -> None:
    """An entry point that names nothing, or no application, is said so."""
    write(tmp_path, main="number = 3\n")

    error = probed(tmp_path, entrypoint, "fastapi").error

    assert error is not None
    assert f"{error.type}: {error.message}" == sentence


def test_the_import_leaves_no_bytecode(tmp_path: Path) -> None:
    """The probe changes nothing in the application's folder."""
    write(tmp_path, main=FASTAPI)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [sys.executable, "-", routes.probe_request(entrypoint="main:app")],
        input=routes.probe_source(),
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )

    assert sorted(path.name for path in tmp_path.iterdir()) == ["main.py"]


LATE = """\
    from contextlib import asynccontextmanager
    from fastapi import APIRouter, FastAPI
    from shop import pages, warm

    @asynccontextmanager
    async def lifespan(app):
        await started(app)
        yield

    async def started(app):
        {reached}

    def create_app():
        app = FastAPI(lifespan=lifespan)
        app.include_router(APIRouter())
        return app

    app = create_app()
"""
PAGES = """\
    from fastapi import APIRouter

    router = APIRouter()

    @router.get("/pages")
    def pages(): ...

    def register(app):
        app.include_router(router)
"""


@pytest.mark.parametrize("reached", ["pages.register(app)", "from shop.pages import register; register(app)"])
def test_routes_that_the_start_adds_are_told(tmp_path: Path, reached: str) -> None:
    """Where a function that the lifespan reaches includes a router; nothing of it is executed."""
    write(tmp_path, shop__warm="", shop__pages=PAGES, shop__main=LATE.format(reached=reached))

    report = probed(tmp_path, "shop.main:app", "fastapi")

    assert report.error is None
    assert report.late == f"{tmp_path}/shop/pages.py:8"
    assert not own(report)


def test_a_start_handler_that_adds_routes_is_told(tmp_path: Path) -> None:
    """As a lifespan is, also where it stands in the entry point's own file."""
    text = """\
        from fastapi import FastAPI
        app = FastAPI()

        async def started():
            app.add_api_route("/pages", started)

        app.router.on_startup.append(started)
    """
    write(tmp_path, main=text)

    assert probed(tmp_path, "main:app", "fastapi").late == f"{tmp_path}/main.py:4"


def test_a_start_that_adds_no_routes_is_none(tmp_path: Path) -> None:
    """A lifespan that opens something, beside a module that includes routers when it is imported."""
    reached = "warm.caches(app)"
    warm = "def caches(app): ...\n"
    write(tmp_path, shop__warm=warm, shop__pages=PAGES, shop__main=LATE.format(reached=reached))

    assert probed(tmp_path, "shop.main:app", "fastapi").late == ""
    write(tmp_path, plain="from fastapi import FastAPI\napp = FastAPI()\n")
    assert probed(tmp_path, "plain:app", "fastapi").late == ""
