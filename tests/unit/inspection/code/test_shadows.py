"""Tests of naming modules by their files."""

import pytest

from gonogo.inspection.code import shadows


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/app/main.py", "main"),
        ("/app/shop/__init__.py", "shop"),
        ("/app/shop/routes.cpython-312-x86_64-linux-gnu.so", "shop.routes"),
        ("/app/shop/fast.pyd", "shop.fast"),
        ("/app/__init__.py", None),
        ("/app/my-shop/main.py", None),
        ("/app/main.pyc", None),
        ("/app/main.min.js.py", None),
        ("/apple/main.py", None),
        ("/srv/main.py", None),
    ],
)
def test_module_name_is_what_python_would_import(path: str, name: str | None) -> None:
    """A file has a dotted name when Python can import it from the root."""
    assert shadows.module_name(path, "/app") == name


def test_find_names_nested_namespace_packages() -> None:
    """A folder without `__init__.py` is a package too, and is named by its folder."""
    found = shadows.find(["/app/a/b.py"], ["/app/a/b/c/__init__.py"], import_roots=["/app/"])

    assert found == [shadows.Shadow(path="/app/a/b.py", module="a.b", instead_of="/app/a/b")]
