"""Tests of finding the routes that Flask sources declare."""

import textwrap

from gonogo import frameworks


def routes(text: str, path: str = "shop/views.py") -> list[str]:
    """Return the routes that a source declares, as they are printed."""
    return [str(route) for route in frameworks.static_routes({path: textwrap.dedent(text)}, framework="flask")]


def test_decorators_are_routes_with_their_methods() -> None:
    """`route` answers GET unless `methods` says otherwise; verbs have their own decorators."""
    assert routes(
        """\
        from flask import Flask
        app = Flask(__name__)

        @app.route("/")
        def index(): ...

        @app.route("/save", methods=("post", "PUT"))
        def save(): ...

        @app.delete("/x")
        def drop(): ...
        """
    ) == [
        "GET / shop.views.index (shop/views.py:4)",
        "POST,PUT /save shop.views.save (shop/views.py:7)",
        "DELETE /x shop.views.drop (shop/views.py:10)",
    ]


def test_blueprints_have_prefixes() -> None:
    """The blueprint's own prefix and that of its registration in the same file are part of the path."""
    assert routes(
        """\
        bp = Blueprint("b", __name__, url_prefix="/b")

        @bp.get("/x")
        def x(): ...

        def create_app():
            app = Flask(__name__)
            app.register_blueprint(bp, url_prefix="/v1")
            return app
        """
    ) == ["GET /v1/b/x shop.views.x (shop/views.py:3)"]


def test_rules_name_functions_and_classes() -> None:
    """`add_url_rule` names its view by position or keyword; of a class-based view the class counts."""
    assert routes(
        """\
        from .pages import Page, about
        app = Flask(__name__)
        app.add_url_rule("/about", "about", about)
        app.add_url_rule("/page", view_func=Page.as_view("page"), methods=["GET", "POST"])
        """
    ) == [
        "GET /about shop.pages.about (shop/views.py:3)",
        "GET,POST /page shop.pages.Page (shop/views.py:4)",
    ]
