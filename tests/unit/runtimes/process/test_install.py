"""gonogo.runtimes.process.install: what an application needs installed, by its files."""

from __future__ import annotations

import pytest

from gonogo.runtimes.process.install import Needs, needs_of

__all__: list[str] = []

FLAT = {"app": True, "migrations": True, "tests": True}
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["idna", "six>=1"]\n'
SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
POETRY = """\
[tool.poetry]
package-mode = false
[tool.poetry.dependencies]
python = "^3.10"
idna = "*"
six = "^1.2"
early = "^0.2.3"
near = { version = "~2.1", extras = ["fast"] }
exact = "1.0"
ours = { git = "https://example.com/ours.git", tag = "v2" }
"""
UV_LOCK = """\
[[package]]
name = "idna"
version = "3.7"
source = { registry = "https://index.example.com/simple" }
[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
[[package]]
name = "forked"
version = "1"
source = { registry = "https://index.example.com/simple" }
[[package]]
name = "forked"
version = "2"
source = { registry = "https://index.example.com/simple" }
"""
POETRY_LOCK = '[[package]]\nname = "six"\nversion = "1.16.0"\n[[package]]\nname = "x"\nversion = "1"\n[package.source]\ntype = "git"\nurl = "https://x"\n'
OWN = Needs(requirements=("idna", "six>=1"))


@pytest.mark.parametrize(
    ("files", "folders", "expected"),
    [
        ({"requirements.txt": "", "pyproject.toml": PROJECT}, FLAT, Needs(file="requirements.txt")),
        ({"pyproject.toml": PROJECT}, FLAT, OWN),
        ({"pyproject.toml": PROJECT}, {"app": True}, OWN),
        ({"pyproject.toml": PROJECT}, {"src": False}, Needs(project=True)),
        ({"pyproject.toml": PROJECT + SETUPTOOLS}, FLAT, OWN),
        ({"pyproject.toml": PROJECT + SETUPTOOLS}, {"shop": True, "tests": True}, Needs(project=True)),
        ({"pyproject.toml": PROJECT + SETUPTOOLS + "[tool.setuptools]\npackages = []\n"}, FLAT, Needs(project=True)),
        ({"pyproject.toml": PROJECT + HATCH}, FLAT, Needs(project=True)),
        ({"pyproject.toml": PROJECT + '[project.scripts]\nshop = "app:main"\n'}, FLAT, Needs(project=True)),
        ({"pyproject.toml": PROJECT + HATCH + "[tool.uv]\npackage = false\n"}, FLAT, OWN),
        (
            {"pyproject.toml": PROJECT, "uv.lock": UV_LOCK},
            FLAT,
            Needs(requirements=OWN.requirements, pinned=("idna==3.7",)),
        ),
        (
            {"pyproject.toml": PROJECT + HATCH, "poetry.lock": POETRY_LOCK},
            {},
            Needs(project=True, pinned=("six==1.16.0",)),
        ),
        ({"pyproject.toml": "[tool.ruff]\n"}, FLAT, Needs()),
        (
            {"pyproject.toml": "[tool.ruff]\n", "requirements/prod.txt": "idna"},
            FLAT,
            Needs(file="requirements/prod.txt"),
        ),
        ({"setup.py": ""}, {}, Needs(project=True)),
        ({"pyproject.toml": "no = toml = "}, {}, Needs()),
    ],
)
def test_what_is_installed_follows_the_files(files: dict[str, str], folders: dict[str, bool], expected: Needs) -> None:
    """An application's dependencies, and the project itself only where it is meant to be one and can be."""
    assert needs_of(files.get, folders) == expected


def test_poetry_s_versions_are_read_as_pip_reads_them() -> None:
    """Caret, tilde, star, an exact version, extras, and another repository."""
    assert needs_of({"pyproject.toml": POETRY}.get, {}).requirements == (
        "idna",
        "six>=1.2,<2",
        "early>=0.2.3,<0.3",
        "near[fast]>=2.1,<2.2",
        "exact==1.0",
        "ours @ git+https://example.com/ours.git@v2",
    )


def test_pipenv_s_lock_is_read() -> None:
    """Versions and markers of what production needs."""
    lock = '{"default": {"six": {"version": "==1.16.0", "markers": "python_version >= \'3\'"}}, "develop": {"x": {}}}'

    assert needs_of({"Pipfile.lock": lock}.get, {}).requirements == ("six==1.16.0 ; python_version >= '3'",)
