"""Faults and harmless releases of a Django application."""

from __future__ import annotations

from tests.faults.corpus.cases.orders import answers, ended, fault, harmless, holds, stuck
from tests.support.edits import Env, Move, Put, Replace

__all__ = ["CASES"]

VIEWS, URLS, SETTINGS, MODELS = "books/views.py", "books/urls.py", "library/settings.py", "books/models.py"
HOME, STYLE = "books/templates/books/home.html", "books/static/books/style.css"
MIGRATION = """\
\"\"\"A change.\"\"\"

from django.db import migrations, models


def nothing(apps, schema_editor):
    \"\"\"Nothing.\"\"\"


class Migration(migrations.Migration):
    \"\"\"It follows the first one.\"\"\"

    dependencies = [("books", "{parent}")]
    operations = [{operation}]
"""
SHELF = 'migrations.AddField("book", "shelf", models.CharField(max_length=20, null=True))'
WORDS = 'models.CharField("what it is called", max_length=200, help_text="as on its back")'
FIELD = "    author = models.F"


def migration(name: str, operation: str, parent: str = "0001_initial") -> Put:
    """A migration."""
    return Put(f"books/migrations/{name}.py", MIGRATION.format(parent=parent, operation=operation))


FAULTS = (
    fault(
        "view-cannot-be-parsed",
        "an unfinished edit",
        Replace(VIEWS, "def robots(", "def robots("[:-1] + ":"),
        seen=answers("/", 500),
        stage="predeploy",
        codes="P06",
    ),
    fault(
        "key-is-short",
        "a key that can be guessed",
        Env("SECRET_KEY", "library1"),
        seen=holds(".env", "SECRET_KEY=library1"),
        stage="predeploy",
        codes="P21",
        runs=False,
    ),
    fault(
        "key-is-missing",
        "a line lost in the server's file",
        Env("SECRET_KEY", None),
        seen=ended("web"),
        stage="build",
        codes="P19 B04 B06",
    ),
    fault(
        "two-leaves",
        "two branches each brought a migration",
        migration("0002_a", SHELF),
        migration("0002_b", SHELF.replace("shelf", "place")),
        seen=stuck,
        stage="build",
        codes="B15 B19",
    ),
    fault(
        "migration-follows-nothing",
        "the one before was not committed",
        migration("0003_c", SHELF, parent="0002_b"),
        seen=stuck,
        stage="build",
        codes="P31 B15 B19",
    ),
    fault(
        "column-removed-and-still-read",
        "a contract migration that went out with the code that still reads",
        migration("0002_gone", 'migrations.RemoveField("book", "title")'),
        seen=answers("/api/books/", 500),
        stage="build",
        codes="P34 B20",
    ),
    fault(
        "debug-in-production",
        "a setting from a desk",
        Env("DEBUG", "yes"),
        seen=holds(".env", "DEBUG=yes"),
        stage="build",
        codes="P45 B21",
        runs=False,
    ),
    fault(
        "field-without-a-migration",
        "the model has what the table has not",
        Replace(MODELS, FIELD, f"    shelf = models.CharField(max_length=20, null=True)\n{FIELD}"),
        seen=answers("/", 500),
        stage="build",
        codes="B20",
    ),
    fault(
        "application-that-is-not-there",
        "a package in the list that nobody installed",
        Replace(SETTINGS, '    "books",\n', '    "books",\n    "rest_framework",\n'),
        seen=ended("web"),
        stage="build",
        codes="B04 B19 B06",
    ),
    fault(
        "middleware-with-a-slip",
        "a class with another name",
        Replace(SETTINGS, "middleware.WhiteNoiseMiddleware", "middleware.WhitenoiseMiddleware"),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "view-that-is-not-there",
        "a name in the list of addresses alone",
        Replace(URLS, "views.authors", "views.writers"),
        seen=answers("/", 500),
        stage="build",
        codes="B04 B06 B19",
    ),
    fault(
        "package-left-the-list",
        "the middleware needs it",
        Replace("requirements.txt", "whitenoise", "# whitenoise"),
        seen=ended("web"),
        stage="build",
        codes="B04 B09",
    ),
    fault(
        "style-sheet-names-what-is-not-there",
        "the manifest cannot be made",
        Put(STYLE, "body { background: url('nothing.png'); }\n"),
        seen=stuck,
        stage="build",
    ),
    fault(
        "raises-when-it-is-ready",
        "an application that cannot be set up",
        Replace(
            "books/apps.py",
            "class BooksConfig(AppConfig):",
            "class BooksConfig(AppConfig):\n    def ready(self) -> None:\n        raise RuntimeError('no licence')\n",
        ),
        seen=ended("web"),
        stage="build",
        codes="B04 B06 B19",
    ),
    fault(
        "migration-that-fails",
        "a statement that the database refuses",
        migration("0002_sql", 'migrations.RunSQL("alter table nowhere add column x text", migrations.RunSQL.noop)'),
        seen=stuck,
        stage="migrate",
        codes="P34",
    ),
    fault(
        "file-of-the-database-cannot-be-made",
        "a folder that is not there",
        Env("SQLITE_FILE", "/srv/nowhere/library.sqlite3"),
        seen=stuck,
        stage="migrate",
        codes="B20 P32 P46",
    ),
    fault(
        "refuses-its-name",
        "a list of names without the one it is asked by",
        Env("ALLOWED_HOSTS", "library.example"),
        seen=answers("/healthz", 400),
        stage="postdeploy",
        codes="D06",
    ),
    fault(
        "sends-everybody-to-https",
        "and nobody listens there",
        Replace(SETTINGS, "USE_TZ = True", "USE_TZ = True\nSECURE_SSL_REDIRECT = True"),
        seen=answers("/healthz", 301),
        stage="postdeploy",
        codes="D06",
    ),
    fault(
        "page-with-a-wrong-aggregate",
        "a page that gonogo.toml does not name",
        Replace(VIEWS, 'Count("books")', 'Count("book")'),
        seen=answers("/authors/", 500),
        stage="postdeploy",
        codes="D30",
    ),
    fault(
        "template-with-a-slip",
        "a tag that nobody knows",
        Replace("books/templates/books/authors.html", "{% extends", "{% extend"),
        seen=answers("/authors/", 500),
        stage="postdeploy",
        codes="D30",
    ),
    fault(
        "template-moved",
        "the view still names the old place",
        Move(HOME, "books/templates/books/shelf.html"),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="P05 D09",
    ),
    fault(
        "static-file-with-a-slip",
        "not in the manifest",
        Replace("books/templates/books/base.html", "books/filter.js", "books/filters.js"),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "login-no-longer-asked",
        "a decorator lost in a merge",
        Replace(VIEWS, "@login_required\n", ""),
        seen=answers("/loans/", 500),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "readiness-raises",
        "a part that it asks is gone",
        Replace(
            "library/ops.py",
            "        executor = MigrationExecutor(connection)\n",
            "        executor = MigrationExecutor(connections['replica'])\n",
        ),
        seen=answers("/readyz", 500),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "slow-page",
        "a page over its time",
        Replace(VIEWS, '    """The shelf."""\n', '    """The shelf."""\n    import time\n\n    time.sleep(2)\n'),
        seen=lambda world: (answer := world.get("/")) is not None and answer.elapsed.total_seconds() > 1.5,
        stage="postdeploy",
        codes="D09",
    ),
)

HARMLESS = (
    harmless(
        "page-more",
        "a view and its address",
        Replace(
            VIEWS,
            "@require_safe\ndef robots",
            '@require_safe\ndef about(_request: HttpRequest) -> HttpResponse:\n    """Who we are."""\n    return HttpResponse("about")\n\n\n@require_safe\ndef robots',
        ),
        Replace(URLS, '    path("authors/"', '    path("about/", views.about),\n    path("authors/"'),
    ),
    harmless(
        "nullable-field",
        "with its migration",
        migration("0002_shelf", SHELF),
        Replace(MODELS, FIELD, f"    shelf = models.CharField(max_length=20, null=True)\n{FIELD}"),
        one_way=True,
    ),
    harmless(
        "words-of-a-field",
        "Django would write a migration, no table changes",
        Replace(
            MODELS,
            "title = models.CharField(max_length=200)",
            'title = models.CharField("what it is called", max_length=200, help_text="as on its back")',
        ),
    ),
    harmless(
        "words-of-a-field-with-a-migration",
        "as makemigrations writes it",
        migration("0002_words", f"migrations.AlterField('book', 'title', {WORDS})"),
        Replace(MODELS, "title = models.CharField(max_length=200)", f"title = {WORDS}"),
        one_way=True,
    ),
    harmless("order-of-a-model", "the same", Replace(MODELS, 'ordering = ("title",)', 'ordering = ("title", "pk")')),
    harmless(
        "migration-of-data",
        "that does nothing here and can be taken back",
        migration("0002_data", "migrations.RunPython(nothing, migrations.RunPython.noop)"),
        one_way=True,
    ),
    harmless(
        "in-british",
        "what Django itself says",
        Replace(SETTINGS, "USE_TZ = True", 'USE_TZ = True\nLANGUAGE_CODE = "en-gb"'),
    ),
    harmless("restyled-page", "another name in the manifest", Put(STYLE, "body { color: navy; }\n")),
    harmless(
        "command-more",
        "for whoever keeps it",
        Put(
            "books/management/commands/count.py",
            'from django.core.management.base import BaseCommand\n\n\nclass Command(BaseCommand):\n    def handle(self, **options):\n        self.stdout.write("0 errors")\n',
        ),
    ),
    harmless(
        "addresses-for-development",
        "on a desk alone",
        Replace(
            "library/urls.py",
            "urlpatterns = [",
            'from django.conf import settings\n\ndesk = [path("desk/", ops.healthz)] if settings.DEBUG else []\nurlpatterns = [\n    *desk,',
        ),
    ),
    harmless(
        "middleware-more",
        "answers become smaller",
        Replace(
            SETTINGS,
            '    "django.contrib.sessions.middleware',
            '    "django.middleware.gzip.GZipMiddleware",\n    "django.contrib.sessions.middleware',
        ),
    ),
    harmless(
        "prints-and-warns",
        "at every start",
        Replace(
            SETTINGS,
            "USE_TZ = True",
            'USE_TZ = True\nimport warnings\n\nprint("settings read")\nwarnings.warn("an old setting", DeprecationWarning, stacklevel=1)',
        ),
    ),
    harmless(
        "view-renamed",
        "with its address",
        Replace(VIEWS, "def authors(", "def writers("),
        Replace(URLS, "views.authors", "views.writers"),
    ),
)

CASES = (*HARMLESS, *FAULTS)
