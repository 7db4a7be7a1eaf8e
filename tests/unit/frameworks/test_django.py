"""Tests of finding the routes that Django sources declare."""

import textwrap

from gonogo import frameworks


def routes(text: str, path: str = "shop/urls.py") -> list[str]:
    """Return the routes that a source declares, as they are printed."""
    return [str(route) for route in frameworks.static_routes({path: textwrap.dedent(text)}, framework="django")]


def test_paths_are_routes_and_inclusions_are_not() -> None:
    """`path` and `re_path` name views, also class-based and decorated ones; `include` leads elsewhere."""
    assert routes(
        """\
        from django.contrib import admin
        from django.urls import include, path, re_path
        from . import views
        from .cart import Cart

        urlpatterns = [
            path("", views.index, name="index"),
            path("cart/<int:id>/", Cart.as_view()),
            re_path(r"^old/(?P<slug>x+)$", cache_page(60)(views.old)),
            path("admin/", admin.site.urls),
            path("blog/", include("blog.urls")),
        ]
        """
    ) == [
        "ANY / shop.views.index (shop/urls.py:7)",
        "ANY /cart/<int:id>/ shop.cart.Cart (shop/urls.py:8)",
        "ANY /old/(?P<slug>x+)$ shop.views.old (shop/urls.py:9)",
    ]


def test_files_without_urlpatterns_declare_nothing() -> None:
    """A function that happens to be called `path` is none of Django's."""
    assert routes("path('a', views.b)\n") == []
