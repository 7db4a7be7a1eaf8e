"""An application's module that is loaded from outside its code is found, with the source that it should be."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.imported import Foreign, imported_elsewhere, variable_of, what_brings

__all__: list[str] = []

SITE = "/usr/local/lib/python3.11/site-packages"
ENTRY = "shop.main:app"
TRACKED = ["src/shop/__init__.py", "src/shop/main.py", "tests/shop/main.py", "README.md"]


def test_installed_copy_in_place_of_the_source_is_found() -> None:
    """Modules and packages from site-packages are named with the tracked file that they should be."""
    origins = {"shop": f"{SITE}/shop/__init__.py", "shop.main": f"{SITE}/shop/main.py"}

    assert imported_elsewhere(ENTRY, origins, code={"src": "/app/src"}, tracked=TRACKED) == [
        Foreign(module="shop", file=f"{SITE}/shop/__init__.py", path="src/shop/__init__.py"),
        Foreign(module="shop.main", file=f"{SITE}/shop/main.py", path="src/shop/main.py"),
    ]


def test_module_from_mapped_code_is_where_it_belongs() -> None:
    """An editable install, the working folder, and a mapped site-packages are the mapped code."""
    origins = {"shop.main": "/app/src/shop/main.py"}
    mapped = {"src/shop": f"{SITE}/shop"}

    assert imported_elsewhere(ENTRY, origins, code={".": "/app"}, tracked=TRACKED) == []
    assert imported_elsewhere(ENTRY, {"shop.main": f"{SITE}/shop/main.py"}, code=mapped, tracked=TRACKED) == []


def test_module_that_git_does_not_know_is_somebody_elses() -> None:
    """An entry point of an installed program, and generated modules, have no source to compare with."""
    origins = {"gunicorn.app": f"{SITE}/gunicorn/app.py", "shop._version": f"{SITE}/shop/_version.py"}

    assert imported_elsewhere(ENTRY, origins, code={".": "/app"}, tracked=TRACKED) == []
    assert imported_elsewhere(ENTRY, {"shop.main": f"{SITE}/shop/main.py"}, code={"web": "/app"}, tracked=TRACKED) == []


def test_folder_whose_name_begins_the_same_is_another() -> None:
    """``/app2`` does not lie below ``/app``."""
    assert imported_elsewhere(ENTRY, {"shop.main": "/app2/shop/main.py"}, code={".": "/app"}, tracked=TRACKED) == [
        Foreign(module="shop.main", file="/app2/shop/main.py", path="src/shop/main.py")
    ]


def test_modules_beside_the_entry_point_are_the_applications() -> None:
    """A module that stands beside the entry point is looked at; one of the same name elsewhere, or Python's, is not."""
    tracked = ["app/server.py", "app/price.py", "app/logging.py", "app/clients/redis.py"]
    modules = ("server", "price", "logging", "redis")
    found = imported_elsewhere(
        "server", {name: f"{SITE}/{name}.py" for name in modules}, code={"app": "/app/src"}, tracked=tracked
    )

    assert [(one.module, one.path) for one in found] == [("price", "app/price.py"), ("server", "app/server.py")]
    assert imported_elsewhere("gunicorn", {"price": f"{SITE}/price.py"}, code={".": "/app"}, tracked=tracked) == []


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "No module named 'psycopg'",
            "Add the package that brings psycopg to what the build installs, or mend the import",
        ),
        (
            "No module named 'app.jobs'",
            "Bring app/jobs.py into the image, where it is imported from (COPY, WORKDIR, .dockerignore)",
        ),
        (
            "No module named 'core.settings.local'",
            "Commit the file of core.settings.local (does .gitignore name it?), or mend the import",
        ),
        ("cannot import name 'x' from 'app'", ""),
    ],
)
def test_what_brings_a_module_that_is_missing(message: str, said: str) -> None:
    """A package is installed, a file of the commit copied, and one that git does not know committed."""
    assert what_brings(message, ["src/app/jobs.py", "core/settings/__init__.py"]) == said


@pytest.mark.parametrize(
    ("kind", "message", "name"),
    [
        ("ImproperlyConfigured", "SECRET_KEY must be at least 50 characters in length.", "SECRET_KEY"),
        ("django.core.exceptions.ImproperlyConfigured", "Set the DATABASE_URL environment variable", "DATABASE_URL"),
        ("KeyError", "'API_TOKEN'", "API_TOKEN"),
        ("ValueError", "invalid literal for int() in MAX_ITEMS", "MAX_ITEMS"),
        ("ValueError", "no such mode: FAST_MODE", ""),
        ("ImportError", "cannot import name 'DEFAULT_LIMIT' from 'app.limits'", ""),
        ("KeyError", "'price'", ""),
    ],
)
def test_an_import_that_ends_over_a_variable_names_it(kind: str, message: str, name: str) -> None:
    """One that is given, or any where settings were read; a constant of the source is none."""
    assert variable_of(kind, message, {"MAX_ITEMS", "SECRET_KEY"}) == name
