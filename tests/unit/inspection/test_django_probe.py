"""What Django would write a migration for: what fails without it, and what changes no table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gonogo import probes

__all__: list[str] = []

PROBE = Path(probes.__file__).with_name("django.py")
MANAGE = """\
import os, sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
SETTINGS = """\
SECRET_KEY = "x"
INSTALLED_APPS = ["lamps"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
FIRST = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Room", [("id", models.AutoField(primary_key=True, serialize=False))]),
        migrations.CreateModel(
            "Lamp",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20)),
                ("hue", models.CharField(max_length=20, null=True)),
                ("watts", models.IntegerField()),
                ("room", models.ForeignKey("lamps.room", on_delete=models.CASCADE)),
            ],
        ),
    ]
"""
SECOND = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lamps", "0001_first")]
    operations = [
        migrations.AlterField("lamp", "name", models.CharField("its name", max_length=20, choices=[("a", "A")])),
        migrations.AlterField("lamp", "watts", models.BigIntegerField()),
        migrations.AddField("lamp", "place", models.TextField(null=True)),
        migrations.AlterField("lamp", "place", models.TextField("where", null=True)),
    ]
"""
EMPTY = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lamps", "{before}")]
"""
ROOM = "class Room(models.Model):\n    {room}\n"
LAMP = {
    "name": "name = models.CharField(max_length=20)",
    "hue": "hue = models.CharField(max_length=20, null=True)",
    "watts": "watts = models.IntegerField()",
    "room": "room = models.ForeignKey(Room, on_delete=models.CASCADE)",
}


def said(folder: Path, *, rooms: str = "id = models.AutoField(primary_key=True)", more: str = "", **lamp: str) -> Any:
    """What the probe says of an application with these models; a field that is empty is gone."""
    return asked(folder, {"environment": True}, rooms=rooms, more=more, **lamp)["environment"]


def asked(
    folder: Path,
    question: Mapping[str, Any],
    *,
    rooms: str = "id = models.AutoField(primary_key=True)",
    more: str = "",
    **lamp: str,
) -> Any:
    """The probe's document."""
    files = {"manage.py": MANAGE, "settings.py": SETTINGS, "lamps/__init__.py": "", "lamps/migrations/__init__.py": ""}
    files["lamps/migrations/0001_first.py"] = FIRST
    fields = "".join(f"    {line}\n" for line in {**LAMP, **lamp}.values() if line)
    files["lamps/models.py"] = (
        f"from django.db import models\n\n\n{ROOM.format(room=rooms)}\n\nclass Lamp(models.Model):\n{fields}{more}"
    )
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return probed(folder, question)


def probed(folder: Path, question: Mapping[str, Any]) -> Any:
    """The probe's document of an application as it stands."""
    request = json.dumps({"config": str(folder / "manage.py"), **question})
    command = [sys.executable, "-", request]
    done = subprocess.run(
        command, input=PROBE.read_text(), cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    document = json.loads(done.stdout.rpartition("<<gonogo-django>>")[2])
    assert document["error"] is None, document
    return document


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ({"name": 'name = models.CharField("its name", max_length=20, help_text="short", blank=True)'}, "Alter field name"),
        ({"name": 'name = models.CharField(max_length=20, default="lamp", choices=[("lamp", "Lamp")])'}, "Alter field name"),
        ({"name": "name = models.CharField(max_length=20, db_index=True)"}, "Alter field name"),
        ({"room": 'room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="lamps")'}, "Alter field room"),
        ({"room": "", "more": '    room = models.ForeignKey(Room, models.CASCADE, verbose_name="where")\n'}, "Alter field room"),
        ({"hue": ""}, "Remove field hue"),
        ({"more": '\n    class Meta:\n        ordering = ("name",)\n'}, "Change Meta options on lamp"),
        ({"more": '\n    class Meta:\n        indexes = [models.Index(fields=["name"], name="by_name")]\n'}, "index by_name"),
        ({"more": "\n\nclass Bright(Lamp):\n    class Meta:\n        proxy = True\n"}, "Create proxy model Bright"),
        ({"more": "\n\nclass Seen(models.Model):\n    class Meta:\n        managed = False\n"}, "Create model Seen"),
    ],
)  # fmt: skip
def test_what_changes_no_table_is_harmless(tmp_path: Path, models: dict[str, str], told: str) -> None:
    """Django writes a migration for it all the same; the release works without."""
    found = said(tmp_path, **models)

    assert found["changes"] == {}
    assert [told in one for one in found["harmless"]["lamps"]] == [True], found


def test_another_kind_of_automatic_number_is_harmless(tmp_path: Path) -> None:
    """As DEFAULT_AUTO_FIELD makes it of every model."""
    found = said(tmp_path, rooms="id = models.BigAutoField(primary_key=True)")

    assert (found["changes"], list(found["harmless"])) == ({}, ["lamps"])


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ({"more": "    place = models.TextField(null=True)\n"}, "Add field place to lamp"),
        ({"watts": ""}, "Remove field watts from lamp"),
        ({"watts": "watts = models.IntegerField(null=True)"}, "Alter field watts on lamp"),
        ({"watts": "watts = models.TextField()"}, "Alter field watts on lamp"),
        ({"name": "name = models.CharField(max_length=200)"}, "Alter field name on lamp"),
        ({"watts": 'watts = models.IntegerField(db_column="w")'}, "Alter field watts on lamp"),
        ({"more": "    rooms = models.ManyToManyField(Room, related_name='+')\n"}, "Add field rooms to lamp"),
        ({"more": '\n    class Meta:\n        db_table = "lights"\n'}, "Rename table for lamp to lights"),
        ({"more": "\n\nclass Shade(models.Model):\n    pass\n"}, "Create model Shade"),
    ],
)  # fmt: skip
def test_what_fails_without_its_migration_is_told(tmp_path: Path, models: dict[str, str], told: str) -> None:
    """A query names a column that is not there, or an insertion is refused."""
    assert said(tmp_path, **models) == {"error": None, "ran": True, "changes": {"lamps": [told]}, "harmless": {}}


def test_an_operation_that_leaves_its_column_is_idle(tmp_path: Path) -> None:
    """Of the second migration the words of a field; not its kind, nor a new field."""
    (tmp_path / "lamps" / "migrations").mkdir(parents=True)
    (tmp_path / "lamps" / "migrations" / "0002_words.py").write_text(SECOND)
    document = asked(tmp_path, {"since": ["lamps.0001_first"]})

    assert [(one["id"], one["idle"]) for one in document["pending"]] == [("lamps.0002_words", [0, 3])]


def test_nothing_is_told_of_models_that_fit(tmp_path: Path) -> None:
    """As the migrations left them."""
    assert said(tmp_path) == {"error": None, "ran": True, "changes": {}, "harmless": {}}


def test_what_a_squashed_migration_replaces_is_known(tmp_path: Path) -> None:
    """The old files are gone, and Django goes on noting their names; those of nobody's are unknown."""
    asked(tmp_path, {})
    settings, migrations = tmp_path / "settings.py", tmp_path / "lamps" / "migrations"
    settings.write_text(SETTINGS.replace(":memory:", str(tmp_path / "db.sqlite3")))
    (migrations / "0002_words.py").write_text(SECOND)
    (migrations / "0003_gone.py").write_text(EMPTY.format(before="0002_words"))
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, cwd=tmp_path, check=True, timeout=60)
    replaces = '    replaces = [("lamps", "0001_first"), ("lamps", "0002_words")]\n'
    (migrations / "0001_squashed.py").write_text(FIRST.replace("    initial", f"{replaces}    initial"))
    for name in ("0001_first.py", "0002_words.py", "0003_gone.py"):
        (migrations / name).unlink()

    document = probed(tmp_path, {"current": True})

    assert (document["current"], document["behind"], document["unknown"]) == (
        ["lamps.0001_squashed"],
        False,
        ["lamps.0003_gone"],
    )
