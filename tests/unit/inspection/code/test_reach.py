"""Which files a start leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.reach import beginnings, is_of_others, led_to, may_lead_to, named_in, reached

__all__: list[str] = []

FILES = ("shop/wsgi.py", "shop/__init__.py", "jobs/__main__.py", "jobs/main.py", "run.py", "web.py")


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("gunicorn --bind :8000 shop.wsgi", {"shop/wsgi.py"}),
        ("uvicorn web:app --host 0.0.0.0", {"web.py"}),
        ("python -m jobs", {"jobs/__main__.py"}),
        ("sh -c 'exec python -m jobs.main'", {"jobs/main.py"}),
        ("/venv/bin/python /srv/run.py", {"run.py"}),
        ("celery --app shop worker", {"shop/__init__.py"}),
        ("nginx -g 'daemon off;'", set()),
        ("./start.sh web", set()),
    ],
)
def test_a_command_names_its_files(command: str, files: set[str]) -> None:
    """What servers, ``-m`` and scripts are given is found; a word alone names nothing."""
    assert named_in(command, FILES) == files


@pytest.mark.parametrize(
    ("text", "is_led"),
    [
        ("from app import late\n", True),
        ("import app.late\n", True),
        ("def f():\n    from app.late import x\n", True),
        ("def f(kind):\n    if kind == 'pdf':\n        import app.late\n", True),
        ("try:\n    import orjson\nexcept ImportError:\n    orjson = None\nimport app.late\n", True),
        ("try:\n    from app import late\nexcept ImportError:\n    late = None\n", True),
        ("TASKS = ['app.late']\n", True),
        ("HANDLER = 'app.late:handle'\n", True),
        ("if sys.version_info >= (3, 12):\n    from app import late\nelse:\n    from app import early\n", False),
        ("if TYPE_CHECKING:\n    from app import late\n", False),
        ("name = 'app.late' if sys.version_info >= (3, 12) else 'app.early'\n", False),
        ("def f():\n    if sys.version_info < (3, 12):\n        return\n    import app.late\n", False),
        ("def f():\n    if empty:\n        return\n    import app.late\n", True),
        ("async def f():\n    import app.late\n", True),
        ("class A:\n    def f(self):\n        import app.late\n", True),
        ("try:\n    from app import late\nexcept Exception:\n    late = None\n", True),
        ("with suppress(ImportError):\n    from app import late\n", True),
        ("try:\n    from app import late\nexcept (ImportError, SyntaxError):\n    late = None\n", False),
        ("with suppress(SyntaxError):\n    from app import late\n", False),
        ("try:\n    import fast\nexcept ImportError:\n    from app import late\n", False),
        ("x = 'too late'\n", False),
        ("x = = 1\n", False),
    ],
)
def test_an_import_leads_to_a_file_unless_it_is_guarded(text: str, is_led: bool) -> None:  # noqa: FBT001 (a row)
    """Imports in functions and names in texts count; for another Python, or where bad syntax is expected, they do not."""
    texts = {"main.py": text, "app/__init__.py": "", "app/late.py": "type X = int\n", "app/early.py": ""}

    assert ("app/late.py" in reached(["main.py"], texts)) is is_led


def test_modules_are_followed_from_one_to_the_next() -> None:
    """Relative imports lead on, in a circle too; what nothing leads to is not there."""
    texts = {
        "src/shop/__init__.py": "",
        "src/shop/main.py": "from . import pages\n",
        "src/shop/pages.py": "def f():\n    from .rows import row\n    from shop import main\n",
        "src/shop/rows.py": "",
        "src/shop/old.py": "print 'x'\n",
    }

    assert reached(["src/shop/main.py", "gone.py"], texts) == set(texts) - {"src/shop/old.py"}


def test_django_imports_what_its_settings_name() -> None:
    """Models, commands, tags and migrations of an installed application are reached, by its name or its class."""
    texts = {
        "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n",
        "site_/settings.py": "INSTALLED_APPS = ['books', 'loans.apps.LoansConfig']\nROOT_URLCONF = 'site_.urls'\n",
        "site_/urls.py": "",
        "books/__init__.py": "",
        "books/management/commands/remind.py": "",
        "books/templatetags/prices.py": "",
        "loans/apps.py": "",
        "loans/migrations/0001_initial.py": "",
        "stray/models.py": "",
    }

    assert reached(["manage.py"], texts) == set(texts) - {"stray/models.py"}


def test_where_to_begin_without_a_command() -> None:
    """Whatever compiles and is no script and not of others."""
    texts = {"app/main.py": "", "tests/x.py": "", "scripts/old.py": "", "app/broken.py": "x = = 1\n"}

    assert beginnings(texts) == {"app/main.py"}


@pytest.mark.parametrize(
    ("path", "is_so"),
    [
        ("tests/fixtures/bad.py", True),
        ("app/_vendor/six.py", True),
        ("app/test_pages.py", True),
        ("scripts/release.py", False),
        ("{{cookiecutter.slug}}/templates/main.py", True),
        ("app/contest.py", False),
        ("app/testimonials.py", False),
        ("app/documents/pages.py", False),
    ],
)
def test_what_is_of_others_an_application(path: str, is_so: bool) -> None:  # noqa: FBT001 (a row)
    """Folders and names of tests and other people's code; a script may be started by somebody."""
    assert is_of_others(path) is is_so


_NAMES = st.sampled_from(["a", "b", "views", "models", "shop"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from(["/".join(parts) + ".py", "/".join([*parts, "__init__.py"])])
)
_LINES = st.one_of(
    st.builds("import {}.{}".format, _NAMES, _NAMES),
    st.builds("from {}{} import {}".format, st.sampled_from(["", ".", "..", "..."]), _NAMES, _NAMES),
    st.builds("from {} import {}".format, st.sampled_from([".", ".."]), _NAMES),
    st.builds("INSTALLED_APPS = ['{}', '{}.apps.Config']".format, _NAMES, _NAMES),
    st.builds("include('{}.{}')".format, _NAMES, _NAMES),
    st.just("x = 1"),
)
_TEXTS = st.dictionaries(_PATHS, st.lists(_LINES, max_size=3).map("\n".join), min_size=1, max_size=8)


@given(texts=_TEXTS, data=st.data())
def test_what_cannot_lead_to_a_file_is_left_out_and_nothing_else(texts: dict[str, str], data: st.DataObject) -> None:
    """Asked about a few files, the same are found as where every file is parsed."""
    asked = set(data.draw(st.lists(st.sampled_from(sorted(texts)), min_size=1, max_size=2)))
    everything = {file for path in texts for file in led_to(path, texts)}
    chosen = may_lead_to(asked, texts)

    assert {file for path in chosen for file in led_to(path, chosen, among=asked)} == everything & asked


def test_most_files_of_an_application_are_not_parsed_for_one() -> None:
    """Seen: P06 parsed 1959 files twice to tell whether two were imported, and met its bound on a busy machine."""
    texts = {f"shop/part_{number}.py": "import json\n" for number in range(50)}
    texts |= {"shop/prices.py": "", "shop/urls.py": "from shop import prices\n", "shop/prices/old.py": "import json\n"}

    assert set(may_lead_to(["shop/prices.py"], texts)) == {"shop/urls.py", "shop/prices/old.py"}
